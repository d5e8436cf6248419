"""After an outage longer than a page of single prints, older ones come joined, and none counts twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.exchanges.collector import volume
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, number_of, rigged
from tests.exchanges.tape import Print
from tests.exchanges.venues.binance import sum_of
from tradetui.domain.market_data import FeedState, MissedTrades, Trade
from tradetui.feeds import backfill, joined_prints
from tradetui.feeds.joined_prints import Joined
from tradetui.feeds.trades import TradeFlow


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_OTHERWISE", 50)
    monkeypatch.setattr(joined_prints, "_PAGE", 20)


def joining(exchange: Exchange) -> None:
    exchange.joins = 3


async def outage_of(rig: Rig, count: int, *, known: int) -> list[Print]:
    """So many prints, made while nobody listens; the first is joined with so many of those before."""
    await rig.live()
    while len(rig.exchange.prints) % rig.exchange.joins != known:
        await rig.exchange.tell(rig.new_print())
    await rig.synced()
    rig.exchange.handshake_fault = (503, {})
    await rig.exchange.close_sockets()
    await rig.told(FeedState.DOWN)
    await rig.eventually(lambda: not rig.exchange.sockets)
    first = len(rig.exchange.prints)
    for _ in range(count):
        await rig.exchange.tell(rig.new_print())
    rig.exchange.handshake_fault = None
    return rig.exchange.prints[first:]


async def missed(rig: Rig) -> MissedTrades:
    await rig.eventually(lambda: bool(rig.collector.of(MissedTrades)))
    (found,) = rig.collector.of(MissedTrades)
    numbers = [number_of(each) for each in found.trades]
    assert numbers == sorted(set(numbers))
    return found


@pytest.mark.parametrize("venue", ["binance-usdm", "binance"])
async def test_an_outage_of_more_than_a_page_is_filled_whole(venue: str) -> None:
    async with rigged(venue, None, prepare=joining) as rig:
        lost = await outage_of(rig, 171, known=0)
        found = await missed(rig)
        assert found.is_whole
        assert volume(found.trades) == sum_of(lost)
        assert len(found.trades) < 130
        assert not [s for s in rig.statuses() if "could be fetched" in s.text]


async def test_a_joined_print_that_is_known_in_part_is_left_out_and_it_is_said() -> None:
    async with rigged("binance-usdm", None, prepare=joining) as rig:
        lost = await outage_of(rig, 121, known=2)
        found = await missed(rig)
        assert not found.is_whole
        assert volume(found.trades) == sum_of(lost[1:])
        await rig.told(FeedState.STREAMING, text="could be fetched")


def single(number: int) -> Trade:
    return Trade("A/B", number * 1_000_000, 1, 1.0, 1.0, None, number)


class Answers:
    """Joined prints by runs of numbers."""

    def __init__(self, *runs: tuple[int, int]) -> None:
        self.runs = runs

    def market(self, symbol: str) -> dict[str, str]:
        return {"id": symbol}

    async def publicGetAggTrades(self, asked: dict[str, int]) -> list[dict[str, object]]:  # noqa: N802
        return [
            {"a": a, "p": "1.0", "q": str(last - first + 1), "f": first, "l": last, "T": last, "m": False}
            for a, (first, last) in enumerate(self.runs)
            if a >= asked.get("fromId", 0)
        ]


@pytest.mark.parametrize(
    ("runs", "singles", "waiting", "taken", "is_whole"),
    [
        (((9, 10), (11, 13), (14, 16), (17, 18)), (17, 18), (), [13, 16, 17, 18], True),
        (((9, 10), (11, 13), (14, 17), (18, 18)), (16, 17, 18), (), [13, 17, 18], True),
        (((9, 12), (13, 16), (17, 18)), (17, 18), (), [16, 17, 18], False),
        (((11, 13), (14, 18), (19, 20)), (19, 20), (15, 16, 17, 18, 19, 20), [13, 19, 20], False),
        (((11, 13), (14, 14), (15, 20)), (19, 20), (15, 16, 17, 18, 19, 20), [13, 14, 19, 20], True),
    ],
)
async def test_what_is_known_in_part_is_left_out_and_said(
    runs: tuple[tuple[int, int], ...],
    singles: tuple[int, ...],
    waiting: tuple[int, ...],
    taken: list[int],
    is_whole: bool,
) -> None:
    flow = TradeFlow()
    flow.take(single(10))
    flow.hold()
    for number in waiting:
        flow.take(single(number))
    asked = Joined("A/B", flow, [single(number) for number in singles])
    found, whole = await asked.ask(Answers(*runs), 0)
    assert ([each.trade_id for each in found], whole) == (taken, is_whole)
    lost, held = flow.release(found)
    covered = Decimal(str(sum(each.qty for each in lost + held)))
    assert covered <= max(last for _, last in runs) - 10
    assert covered == max(last for _, last in runs) - 10 or not is_whole
