"""What a lost time was like, asked of each venue in its own words: minutes of last, mark and index."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.engine.market import START, wide_limits
from tests.exchanges.exchange import BOOK, Exchange, Minute
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.tape import Print
from tradetui.domain.command import CommandIssued, Size, Stop, SubmitOrder
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import (
    Asking,
    BookSnapshot,
    Candle,
    FeedState,
    FeedStatus,
    MarketMessage,
    MissedCandles,
    MissedTrades,
    Missing,
    PriceKind,
    Side,
    Trade,
)
from tradetui.domain.number import floor_to
from tradetui.engine import Engine
from tradetui.feeds.simulated.feed import SimulatedFeed

MINUTE_MS = 60_000
VENUES = ["binance-usdm", "bybit-linear", "okx-swap", "bitget-usdt-m", "kraken-futures"]
WAYS = [(venue, "native") for venue in VENUES] + [("bybit-linear", "ccxt"), ("okx-swap", "ccxt")]
EVERY = (PriceKind.LAST, PriceKind.MARK, PriceKind.INDEX)
BASES = {"last": 60_000, "mark": 61_000, "index": 62_000}


def with_minutes(count: int) -> Callable[[Exchange], None]:
    """Its past of so many minutes, the newest of which is not over: each price by itself, each lower."""

    def prepare(exchange: Exchange) -> None:
        present = exchange.clock() // MINUTE_MS * MINUTE_MS
        for kind, base in BASES.items():
            exchange.minutes[kind] = [
                Minute(
                    present - back * MINUTE_MS,
                    f"{base - n}.0",
                    f"{base - n}.5",
                    f"{base - n}.0",
                    f"{base - n}.1",
                )
                for n, back in enumerate(range(count - 1, -1, -1))
            ]

    return prepare


def since(exchange: Exchange, back: int) -> int:
    """Half a minute after the beginning of the candle that lies so many before the newest."""
    newest = exchange.minutes["mark"][-1].at_ms
    return (newest - back * MINUTE_MS + MINUTE_MS // 2) * 1_000_000


def expected(exchange: Exchange, kind: PriceKind, back: int) -> list[Candle]:
    rows = exchange.minutes[kind.value][-back - 1 :]
    prices = ([float(text) for text in (row.open, row.high, row.low, row.close)] for row in rows)
    return [
        Candle(r.at_ms * 1_000_000, o, h, lo, c, 0.0) for r, (o, h, lo, c) in zip(rows, prices, strict=True)
    ]


def told(rig: Rig) -> dict[PriceKind, list[Candle]]:
    """What came, without amounts."""
    return {
        each.kind: [Candle(c.open_ts, c.open, c.high, c.low, c.close, 0.0) for c in each.candles]
        for each in rig.collector.of(MissedCandles)
    }


@pytest.mark.parametrize(("venue", "through"), WAYS)
async def test_at_a_start_the_time_since_a_moment_is_told_before_the_book(
    venue: str, through: str, captures: Path | None
) -> None:
    async with rigged(venue, captures, through=through, prepare=with_minutes(12)) as rig:
        rig.feed.missing = lambda _symbol: Missing(since(rig.exchange, 5), EVERY)
        await rig.eventually(lambda: rig.state is FeedState.STREAMING)
        assert told(rig) == {kind: expected(rig.exchange, kind, 5) for kind in EVERY}
        kinds = [type(message) for message in rig.collector.messages]
        assert max(n for n, each in enumerate(kinds) if each is MissedCandles) < kinds.index(BookSnapshot)


async def test_what_fits_on_no_page_is_asked_for_page_by_page(captures: Path | None) -> None:
    async with rigged("okx-swap", captures, prepare=with_minutes(260)) as rig:
        rig.feed.missing = lambda _symbol: Missing(since(rig.exchange, 250), (PriceKind.MARK,))
        await rig.eventually(lambda: rig.state is FeedState.STREAMING)
        candles = told(rig)[PriceKind.MARK]
        assert candles == expected(rig.exchange, PriceKind.MARK, 250)
        assert all(b.open_ts - a.open_ts == MINUTE_MS * 1_000_000 for a, b in pairwise(candles))
        assert sum(path.endswith("/market/mark-price-candles") for path in rig.exchange.asked) == 3


async def test_nothing_is_asked_for_where_nothing_is_held(captures: Path | None) -> None:
    async with rigged("bybit-linear", captures, prepare=with_minutes(5)) as rig:
        await rig.live()
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN)
        await rig.healed()
        assert not rig.collector.of(MissedCandles)
        assert not rig.collector.of(Asking)
        assert not any("mark-price" in path for path in rig.exchange.asked)


@pytest.mark.parametrize(("venue", "through"), [("bybit-linear", "native"), ("binance", "ccxt")])
async def test_after_an_outage_it_is_said_until_when_more_will_be_told(
    venue: str, through: str, captures: Path | None
) -> None:
    async with rigged(venue, captures, through=through, prepare=with_minutes(5)) as rig:
        await rig.live()
        kinds = (PriceKind.LAST, PriceKind.MARK) if through == "native" else (PriceKind.LAST,)
        rig.feed.missing = lambda _symbol: Missing(since(rig.exchange, 2), kinds)
        rig.exchange.handshake_fault = (503, {})
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN)
        await rig.eventually(lambda: not rig.exchange.listening(BOOK))
        rig.mark()
        await rig.exchange.tell(rig.new_print())
        rig.exchange.handshake_fault = None
        await rig.healed()
        await rig.eventually(lambda: any(each.has_ended for each in rig.collector.of(Asking)))
        new = rig.collector.messages[rig.from_message :]
        begun = next(n for n, each in enumerate(new) if isinstance(each, Asking))
        fresh = next(
            n
            for n, each in enumerate(new)
            if isinstance(each, FeedStatus) and each.state is FeedState.STREAMING
        )
        ended = next(n for n, each in enumerate(new) if isinstance(each, Asking) and each.has_ended)
        missed = next(n for n, each in enumerate(new) if isinstance(each, MissedTrades))
        assert begun < fresh, "the engine has to know before the first fresh book"
        assert begun < missed < ended
        assert all(each.is_whole for each in rig.collector.of(MissedTrades))
        assert not any(isinstance(each, Trade) for each in new[begun:ended]), "newer prints wait"
        if through == "native":
            assert told(rig) == {PriceKind.MARK: expected(rig.exchange, PriceKind.MARK, 2)}


async def test_where_prints_are_not_whole_the_minutes_of_the_last_price_are_told_too(
    captures: Path | None,
) -> None:
    async with rigged("bybit-linear", captures, prepare=with_minutes(5)) as rig:
        await rig.live()
        rig.feed.missing = lambda _symbol: Missing(since(rig.exchange, 2), EVERY)
        rig.exchange.rest_faults["recent-trade"] = (404, {})
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN)
        await rig.eventually(lambda: any(each.has_ended for each in rig.collector.of(Asking)))
        assert told(rig) == {kind: expected(rig.exchange, kind, 2) for kind in EVERY}
        rig.exchange.rest_faults.clear()


async def test_a_price_that_is_refused_is_left_out_and_the_others_are_told(captures: Path | None) -> None:
    def prepare(exchange: Exchange) -> None:
        with_minutes(5)(exchange)
        exchange.rest_faults["mark-price-kline"] = (404, {})

    async with rigged("bybit-linear", captures, prepare=prepare) as rig:
        rig.feed.missing = lambda _symbol: Missing(since(rig.exchange, 2), EVERY)
        await rig.eventually(lambda: rig.state is FeedState.STREAMING)
        assert set(told(rig)) == {PriceKind.LAST, PriceKind.INDEX}


async def test_a_stop_that_only_missed_prints_reached_is_filled_when_they_are_told(
    captures: Path | None,
) -> None:
    """They come after the first fresh book: the engine waits for them before it looks at the stop."""
    engine, taken = Engine(wide_limits().with_latency(0)), list[object]()
    async with rigged("bybit-linear", captures, prepare=with_minutes(5)) as rig:
        rig.collector.also = lambda message: taken.append(engine.process(message))
        rig.feed.missing = engine.missing
        await rig.live()
        bid = rig.exchange.top(1)[0][0][0]
        stop = bid * Decimal("0.95") // 1
        order = SubmitOrder(
            symbol=rig.symbol, side=Side.BUY, size=Size(Decimal("0.01")), stop=Stop(price=stop)
        )
        reply, _ = engine.submit(CommandIssued(time.time_ns(), order))
        assert reply.accepted
        assert engine.state.holding(rig.symbol) is not None
        rig.exchange.handshake_fault = (503, {})
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN)
        await rig.eventually(lambda: not rig.exchange.listening(BOOK))
        deep = rig.exchange.market.printed(Print(stop - 10, Decimal(1), "sell"))
        await rig.exchange.tell(deep)
        await rig.exchange.tell(rig.new_print())
        rig.exchange.handshake_fault = None
        await rig.healed()
        await rig.eventually(lambda: engine.state.holding(rig.symbol) is None)
        exit_ = engine.state.fills[-1]
        assert exit_.price == floor_to((stop - 10) * Decimal("0.9995"), Decimal("0.1"))
        assert exit_.receipt.evidence is Evidence.GAP


def test_the_simulator_tells_what_its_own_outages_were_like() -> None:
    feed = SimulatedFeed(7, scenario="disconnect", start_ts=START, symbols=["BTC/USDT:USDT"])
    engine = Engine(wide_limits().with_latency(0))
    feed.missing = engine.missing
    for message in feed.open():
        engine.process(message)
    mark_now = engine.markets[feed.symbols[0]].mark
    assert mark_now is not None
    stop = floor_to(Decimal(repr(mark_now)) * Decimal("0.97"), Decimal(1))
    order = SubmitOrder(
        symbol=feed.symbols[0], side=Side.BUY, size=Size(Decimal("0.01")), stop=Stop(price=stop)
    )
    assert engine.submit(CommandIssued(engine.ts, order))[0].accepted
    told = [m for _ in range(30 * 8) for m in fed(feed, engine) if isinstance(m, MissedCandles)]
    assert [each.kind for each in told] == [PriceKind.LAST, PriceKind.MARK]
    (mark,) = told[1].candles
    assert mark.low <= mark.open <= mark.high
    assert abs(mark.close / float(engine.valuation(feed.symbols[0]) or 0) - 1) < 0.001


def fed(feed: SimulatedFeed, engine: Engine) -> list[MarketMessage]:
    messages = list(feed.advance())
    for message in messages:
        engine.process(message)
    return messages
