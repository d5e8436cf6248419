"""A liquidation stands apart from the prints, in words and not by color alone."""

from __future__ import annotations

import pytest

from tests.ui.pane_views import TS
from tradetui.domain.market_data import Side
from tradetui.domain.view_market import TapeRow, TapeView
from tradetui.ui.panes.tape import TapePane, print_row, qty_text

TAPE = TapeView((), 1.0, 0.5, price_scale=1, qty_scale=4, delta=2.0, open_interest=68_744.761)


def test_a_liquidation_is_crossed_named_and_in_the_ink_of_a_warning() -> None:
    closed = TapeRow(TS, 61_000.5, 0.25, Side.SELL, big=False, liquidation=True)
    row = print_row(closed, TAPE, 46, "UTC")
    text = "".join(part for part, _ in row)
    assert text.split() == ["14:03:00", "×", "61,000.5", "0.2500", "liq"]
    assert {ink.rstrip("!").split("@")[0] for part, ink in row if part.strip()} <= {"warn!", "warn"}
    wide = "".join(part for part, _ in print_row(closed, TAPE, 60, "UTC"))
    assert wide.split()[-1] == "liquidated"
    print_ = print_row(TapeRow(TS, 61_000.5, 0.25, Side.SELL, big=False), TAPE, 46, "UTC")
    assert "liq" not in "".join(part for part, _ in print_)


@pytest.mark.parametrize(
    ("qty", "scale", "words"),
    [(0.25, 6, "0.2500"), (0.00001, 6, "<0.0001"), (3.0, 0, "3"), (12_345.6, 3, "12.35k")],
)
def test_a_print_of_almost_nothing_is_not_shown_as_nothing(qty: float, scale: int, words: str) -> None:
    assert qty_text(qty, scale) == words


def test_a_narrow_tape_keeps_the_cross() -> None:
    closed = TapeRow(TS, 61_000.5, 0.25, Side.SELL, big=False, liquidation=True)
    assert "×" in "".join(part for part, _ in print_row(closed, TAPE, 32, "UTC"))


def test_the_title_tells_the_open_interest() -> None:
    words = "".join(text for text, _ in TapePane().title_words(TAPE))
    assert words.endswith("OI 68.7k")
