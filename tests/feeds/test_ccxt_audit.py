"""Books that come through ccxt are held against snapshots too."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.exchanges.exchange import BOOK, Exchange
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.tape import Change
from tradetui.domain.market_data import FeedState
from tradetui.feeds.audit import KNOWN, Audits, Evidence, Sides
from tradetui.feeds.ccxt.feed import CcxtFeed, audit_every_s


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


def audited(rig: Rig, *, every_s: float) -> Audits:
    """Begin to audit, with the books as the collector has them."""
    assert isinstance(rig.feed, CcxtFeed)

    def top(symbol: str) -> Sides:
        sides = rig.collector.books[symbol].top(KNOWN)
        bids, asks = ([(float(p), float(q)) for p, q in side] for side in sides)
        return bids, asks

    audits = rig.feed.audits
    audits.top = top
    audits._every_s = every_s
    return audits


async def test_e25_what_an_audit_through_ccxt_finds_costs_the_book_its_trust_until_it_is_whole() -> None:
    audits = Audits(every_s=0.1, window_s=0.02, are_cut=True)
    async with rigged("binance", None, through="ccxt", prepare=nothing, settings={"audits": audits}) as rig:
        audited(rig, every_s=0.1)
        await rig.live()
        price = rig.exchange.top(3)[0][2][0]
        lie = rig.exchange.wording.update(
            Change([(price, Decimal(77))], []), rig.exchange.book, rig.exchange.clock()
        )
        await rig.exchange.emit(BOOK, lie)
        status = await rig.told(FeedState.GAP)
        assert "differs from a snapshot" in status.text
        assert "ours was 77" in status.text
        await rig.healed()
        assert rig.feed.stats(rig.symbol).mismatches == 1


async def test_no_snapshot_is_asked_for_while_the_exchange_wants_to_be_asked_nothing() -> None:
    audits = Audits(every_s=0.02, window_s=0.0, are_cut=True)
    async with rigged("binance", None, through="ccxt", prepare=nothing, settings={"audits": audits}) as rig:
        audited(rig, every_s=0.02)
        await rig.live()
        await rig.eventually(lambda: rig.feed.stats(rig.symbol).audits)
        rig.feed._exchange._paused_until = float("inf")
        await asyncio.sleep(0)
        asked, due = len(rig.exchange.asked), rig.exchange.clock() + 200
        await rig.eventually(lambda: rig.exchange.clock() > due)
        assert len(rig.exchange.asked) <= asked + 1  # one may have been under way
        assert rig.state is FeedState.STREAMING


def test_e25_books_that_show_no_loss_by_themselves_are_audited_every_half_a_minute() -> None:
    assert {audit_every_s(name, 300) for name in ("kucoin", "gate", "mexc")} == {30}
    numbered = ("binance", "bitget", "bybit", "coinbase", "kraken", "krakenfutures", "okx")
    assert {audit_every_s(name, 300) for name in numbered} == {300}
    assert audit_every_s("kucoin", 0) == 0


def test_a_book_that_is_cut_is_not_judged_below_its_last_level() -> None:
    sides: Sides = ([(100.0, 1.0), (99.0, 2.0)], [(101.0, 1.0)])
    deeper: Sides = ([(100.0, 1.0), (99.0, 2.0), (98.0, 3.0)], [(101.0, 1.0), (102.0, 5.0)])
    cut, whole = Evidence(), Evidence()
    cut.begin(sides, 0, is_cut=True)
    whole.begin(sides, 0)
    assert cut.differing(deeper) == {}
    assert set(whole.differing(deeper)) == {(0, 98.0), (1, 102.0)}


class Picky:
    """An exchange that knows books of a hundred levels only."""

    def __init__(self, refusal: Exception) -> None:
        self.refusal = refusal
        self.asked: list[int | None] = []

    async def fetch_order_book(self, _symbol: str, limit: int | None = None) -> dict[str, Any]:
        self.asked.append(limit)
        if limit is not None:
            raise self.refusal
        return {"bids": [], "asks": []}


async def test_an_exchange_that_refuses_a_number_of_levels_is_asked_for_none_from_then_on() -> None:
    audits, picky = Audits(every_s=1.0), Picky(ccxt.BadRequest("limit must be 20 or 100"))
    for _ in range(2):
        assert await audits._asked(picky, "A/B") == {"bids": [], "asks": []}
    assert picky.asked == [50, None, None]
    down = Picky(ccxt.NetworkError("no"))
    with pytest.raises(ccxt.NetworkError):
        await Audits(every_s=1.0)._asked(down, "A/B")
    assert down.asked == [50]
