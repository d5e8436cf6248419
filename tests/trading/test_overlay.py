"""What we took of the displayed book, as the book goes on."""

from __future__ import annotations

import pytest

from tests.trading.match_rig import Rig
from tradetui.domain.market_data import Side
from tradetui.trading.match_types import MatchRules

BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("carry", "size", "available"),
    [
        (True, 120.0, 40),
        (True, 60.0, 20),
        (True, 100.0, 20),
        (False, 120.0, 120),
        (False, 60.0, 60),
        (False, 100.0, 20),
    ],
)
def test_w39_what_we_took_stays_taken_until_the_level_shrinks(
    carry: bool, size: float, available: int
) -> None:
    rig = Rig(asks=[(100.0, 100.0)], rules=MatchRules(carry=carry))
    for qty in (30, 50):
        rig.matcher.execute(rig.order(BUY, qty))
    rig.delta(asks=[(100.0, size)])
    assert rig.matcher.available(SELL, rig.ticks(100)) == rig.lots(available)


def test_a_resync_does_not_refill_what_we_took() -> None:
    rig = Rig(asks=[(100.0, 100.0)])
    rig.matcher.execute(rig.order(BUY, 80))
    rig.snapshot([], [(100.0, 100.0)])
    assert rig.matcher.available(SELL, rig.ticks(100)) == rig.lots(20)


def test_a_level_that_went_away_comes_back_whole() -> None:
    rig = Rig(asks=[(100.0, 100.0)])
    rig.matcher.execute(rig.order(BUY, 80))
    rig.delta(asks=[(100.0, 0.0)])
    rig.delta(asks=[(100.0, 50.0)])
    assert rig.matcher.available(SELL, rig.ticks(100)) == rig.lots(50)


def test_a_book_change_reads_nothing_while_nothing_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(asks=[(100.0, 100.0)])
    monkeypatch.setattr(type(rig.book), "qty_at", None)
    assert rig.delta(asks=[(100.0, 5.0)]) == []
