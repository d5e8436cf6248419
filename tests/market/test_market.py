"""The market of one instrument, message by message."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Candle,
    CandleHistory,
    ClockTick,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    Side,
    Ticker,
    Timeframe,
    Trade,
)
from tradetui.market.book import Depth
from tradetui.market.market import Market

SYMBOL = "BTC/USDT"


def market() -> Market:
    instrument = Instrument(
        symbol=SYMBOL,
        venue="test",
        kind=InstrumentKind.SPOT,
        base="BTC",
        quote="USDT",
        settle="USDT",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.00001"),
    )
    return Market(instrument)


def daily(captures: Path) -> list[Candle]:
    candles = []
    with (captures / "indicators_skender/quotes/default.csv").open() as file:
        for row in csv.DictReader(file):
            ts = int(datetime.fromisoformat(row["date"]).replace(tzinfo=UTC).timestamp()) * 10**9
            first, high, low, close, volume = (
                float(row[key]) for key in ("open", "high", "low", "close", "volume")
            )
            candles.append(Candle(ts, first, high, low, close, volume))
    return candles


def test_indicator_values_are_the_references_last_ones_by_name(captures: Path) -> None:
    shown = market()
    candles = daily(captures)
    # the market carries the close through days without trading; the references know only quotes
    days = [Candle(n * 86_400 * 10**9, *_figures(candle)) for n, candle in enumerate(candles)]
    shown.apply(CandleHistory(SYMBOL, Timeframe.D1, days, 0))
    values = shown.indicator_values(Timeframe.D1)
    folder = captures / "indicators_skender/results"
    for name, file, key in (
        ("sma20", "sma", "sma"),
        ("rsi14", "rsi", "rsi"),
        ("macd12_26_9", "macd", "macd"),
        ("macd12_26_9.signal", "macd", "signal"),
        ("bb20_2.upper", "bb", "upperBand"),
        ("stoch14_3_3.d", "stoch", "d"),
    ):
        rows = json.loads((folder / f"{file}.standard.json").read_text())
        assert values[name] == pytest.approx(rows[-1][key], rel=1e-9), name


def _figures(candle: Candle) -> tuple[float, float, float, float, float]:
    return candle.open, candle.high, candle.low, candle.close, candle.volume


def test_indicator_values_are_none_before_there_is_anything() -> None:
    assert set(market().indicator_values(Timeframe.M1).values()) == {None}


def test_best_prices_are_those_of_the_newer_of_book_and_quote() -> None:
    shown = market()
    assert (shown.best_bid, shown.best_ask, shown.mid, shown.last_price) == (None, None, None, None)
    shown.apply(BookSnapshot(SYMBOL, 0, 5, [(100.0, 1.0)], [(102.0, 1.0)]))
    assert (shown.best_bid, shown.best_ask, shown.mid) == (100.0, 102.0, 101.0)
    shown.apply(BestQuote(SYMBOL, 0, 6, 100.5, 1.0, 101.5, 1.0))
    assert (shown.best_bid, shown.best_ask) == (100.5, 101.5)
    shown.apply(BookDelta(SYMBOL, 0, 7, [(101.0, 1.0)], []))
    assert (shown.best_bid, shown.best_ask) == (101.0, 102.0)
    assert shown.ts_received == 7


def test_a_quote_never_changes_the_book_and_a_crossed_book_is_counted() -> None:
    shown = market()
    shown.apply(BookSnapshot(SYMBOL, 0, 1, [(100.0, 1.0)], [(102.0, 1.0)]))
    shown.apply(BestQuote(SYMBOL, 0, 2, 101.0, 9.0, 101.01, 9.0))
    assert shown.book.top(9) == (Depth([10_000], (1.0,), [1.0]), Depth([10_200], (1.0,), [1.0]))
    shown.apply(BookDelta(SYMBOL, 0, 3, [(103.0, 1.0)], []))
    assert shown.book.is_crossed
    assert (shown.crossed_books, shown.book_updates) == (1, 1)


def test_every_kind_of_message_is_kept_where_it_is_looked_for() -> None:
    shown = market()
    trade, ticker = Trade(SYMBOL, 3, 4, 100.0, 2.0, Side.SELL), Ticker(SYMBOL, 5, 100.0, 1.0, 9.0)
    messages: list[MarketMessage] = [
        FeedStatus(SYMBOL, 1, FeedState.GAP, "resync", 1.5),
        trade,
        ticker,
        MarkPrice(SYMBOL, 0, 6, 99.0, 98.5),
        MarkPrice(SYMBOL, 0, 7, 99.5),
        ClockTick(8, 8),
    ]
    for message in messages:
        shown.apply(message)
    assert (shown.feed_state, shown.feed_text, shown.feed_retry_s) == (FeedState.GAP, "resync", 1.5)
    assert (shown.tape.last, shown.last_price, shown.ts_trade) == (trade, 100.0, (3, 4))
    assert (shown.ticker, shown.mark, shown.index) == (ticker, 99.5, 98.5)
    assert shown.version == len(messages)


def test_a_new_tick_size_empties_the_book_and_new_fees_do_not() -> None:
    shown = market()
    shown.apply(BookSnapshot(SYMBOL, 0, 1, [(100.0, 1.0)], [(102.0, 1.0)]))
    dearer = msgspec.structs.replace(shown.instrument, taker_fee=Decimal("0.002"))
    shown.apply(InstrumentListed(dearer, 2))
    assert len(shown.book) == 2
    shown.apply(InstrumentListed(msgspec.structs.replace(dearer, tick_size=Decimal("0.1")), 3))
    assert len(shown.book) == 0
    assert shown.ts_book == (0, 0)


def test_the_range_for_stops_is_that_of_the_reference_and_names_may_be_short(captures: Path) -> None:
    shown = market()
    days = [Candle(n * 86_400 * 10**9, *_figures(candle)) for n, candle in enumerate(daily(captures))]
    assert shown.atr(Timeframe.D1) is None
    shown.apply(CandleHistory(SYMBOL, Timeframe.D1, days, 0))
    rows = json.loads((captures / "indicators_skender/results/atr.standard.json").read_text())
    assert shown.atr(Timeframe.D1) == pytest.approx(rows[-1]["atr"], rel=1e-9)
    assert shown.indicator(Timeframe.D1, "macd") is shown.indicator(Timeframe.D1, "macd12_26_9")
    with pytest.raises(ValueError, match="sma20"):
        shown.indicator(Timeframe.D1, "smaa20")
