"""The parts of the ccxt feed that need no socket: books, trades, candles, instruments, words."""

from __future__ import annotations

import gzip
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges.captures import DecimalBook
from tradetui.domain.instrument import InstrumentKind, InstrumentStatus
from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Timeframe
from tradetui.domain.profile import Profile
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.book import BadBook, BookReader, CrossedBook, RememberingBook, exchange_ns
from tradetui.feeds.ccxt.history import closed_candles
from tradetui.feeds.ccxt.instruments import instrument_of, nearest_symbol
from tradetui.feeds.ccxt.trades import BadTrade, TradeReader, reader_of
from tradetui.feeds.ccxt.words import words_for

NOW = 1_723_161_300_000_000_000
PROFILE = Profile(name="p", exchange="binance", symbols=("BTC/USDT",))


def book_of(bids: list[list[float]], asks: list[list[float]]) -> RememberingBook:
    return RememberingBook({"bids": bids, "asks": asks, "symbol": "A/B", "timestamp": NOW // 1_000_000})


def test_a_new_book_is_read_whole_and_then_only_its_changes() -> None:
    reader, book = BookReader("A/B"), book_of([[9.0, 1.0]], [[10.0, 2.0]])
    whole = reader.read(book, NOW)
    assert isinstance(whole, BookSnapshot)
    assert (whole.bids, whole.asks, whole.ts_exchange) == ([(9.0, 1.0)], [(10.0, 2.0)], NOW)
    assert reader.read(book, NOW) is None
    book["bids"].store(8.5, 3.0)
    book["asks"].store(10.0, 0.0)
    changed = reader.read(book, NOW)
    assert isinstance(changed, BookDelta)
    assert (changed.bids, changed.asks) == ([(8.5, 3.0)], [(10.0, 0.0)])


def test_a_book_that_was_replaced_or_forgotten_is_read_whole_again() -> None:
    reader, book = BookReader("A/B"), book_of([[9.0, 1.0]], [[10.0, 2.0]])
    reader.read(book, NOW)
    book.reset({"bids": [[7.0, 1.0]], "asks": []})
    assert isinstance(reader.read(book, NOW), BookSnapshot)
    reader.forget()
    assert isinstance(reader.read(book, NOW), BookSnapshot)


def test_levels_that_fall_off_the_depth_are_told_as_gone() -> None:
    reader = BookReader("A/B")
    book = RememberingBook({"bids": [[9.0, 1.0], [8.0, 1.0]], "asks": []}, 2)
    reader.read(book, NOW)
    book["bids"].store(8.5, 1.0)
    book.limit()
    changed = reader.read(book, NOW)
    assert isinstance(changed, BookDelta)
    assert sorted(changed.bids) == [(8.0, 0.0), (8.5, 1.0)]


@given(
    st.lists(
        st.tuples(st.sampled_from(["bids", "asks"]), st.integers(1, 30), st.integers(0, 5)), max_size=60
    ),
    st.integers(1, 7),
)
def test_snapshots_and_deltas_add_up_to_ccxts_own_book(
    changes: list[tuple[str, int, int]], every: int
) -> None:
    reader, book, kept = BookReader("A/B"), book_of([], []), DecimalBook()
    for number, (side, price, qty) in enumerate(changes):
        book[side].store(float(price + 100 * (side == "asks")), float(qty))
        if number % every == 0 or number == len(changes) - 1:
            message = reader.read(book, NOW)
            if message is not None:
                kept.apply(message.bids, message.asks)
    assert [tuple(map(float, level)) for level in kept.top(99)[0]] == [tuple(each) for each in book["bids"]]
    assert [tuple(map(float, level)) for level in kept.top(99)[1]] == [tuple(each) for each in book["asks"]]


def test_a_foreign_kind_of_book_is_compared_whole() -> None:
    reader = BookReader("A/B")
    book: dict[str, Any] = {"bids": [[9.0, 1.0], [8.0, 1.0]], "asks": [[10.0, 1.0]], "timestamp": None}
    assert isinstance(reader.read(book, NOW), BookSnapshot)
    book["bids"] = [[9.0, 2.0]]
    changed = reader.read(book, NOW)
    assert isinstance(changed, BookDelta)
    assert sorted(changed.bids) == [(8.0, 0.0), (9.0, 2.0)]
    assert changed.asks == []


def test_a_crossed_book_is_refused_and_a_locked_one_is_not() -> None:
    assert BookReader("A/B").read(book_of([[10.0, 1.0]], [[10.0, 1.0]]), NOW)
    with pytest.raises(CrossedBook, match=r"bid 11\.0 above ask 10\.0"):
        BookReader("A/B").read(book_of([[11.0, 1.0]], [[10.0, 1.0]]), NOW)


@pytest.mark.parametrize(
    ("price", "qty"), [(math.nan, 1.0), (0.0, 1.0), (-1.0, 1.0), (1.0, math.inf), (1.0, -2.0)]
)
def test_a_level_that_can_not_be_is_refused_in_a_snapshot_and_in_a_delta(price: float, qty: float) -> None:
    with pytest.raises(BadBook):
        BookReader("A/B").read(book_of([[price, qty]], []), NOW)
    reader, book = BookReader("A/B"), book_of([], [[10.0, 1.0]])
    reader.read(book, NOW)
    book["bids"].store(price, qty)
    with pytest.raises(BadBook):
        reader.read(book, NOW)


@pytest.mark.parametrize(
    ("milliseconds", "nanoseconds"),
    [(1_723_161_299_000, 1_723_161_299_000_000_000), (0, 0), (None, 0), (1e17, 0), (-5, 0)],
)
def test_a_time_that_can_not_be_counts_as_none(milliseconds: float | None, nanoseconds: int) -> None:
    assert exchange_ns(milliseconds, NOW) == nanoseconds


def row(**changes: object) -> dict[str, Any]:
    return {"id": "7", "price": 1.5, "amount": 2.0, "side": "buy", "timestamp": NOW // 1_000_000, **changes}


def test_a_trade_comes_once_however_often_it_is_sent() -> None:
    reader = TradeReader("A/B")
    trade = reader.read(row(), NOW)
    assert trade is not None
    assert (trade.price, trade.qty, trade.aggressor, trade.trade_id) == (1.5, 2.0, Side.BUY, 7)
    assert reader.read(row(), NOW) is None
    assert reader.read(row(id="a8"), NOW) is not None
    assert reader.read(row(id=None), NOW) is not None
    assert reader.read(row(id=None), NOW) is not None


@pytest.mark.parametrize(
    "changes", [{"price": math.nan}, {"price": 0}, {"amount": -1}, {"price": None}, {"amount": "2"}]
)
def test_a_trade_that_can_not_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadTrade):
        TradeReader("A/B").read(row(**changes), NOW)


def test_a_first_page_is_told_apart_from_what_is_new_each_time_a_stream_begins() -> None:
    reader, now_ms = TradeReader("A/B"), NOW // 1_000_000
    page = [row(id=str(number), timestamp=now_ms - 1000 * (5 - number)) for number in range(6)]
    assert reader.split(page) == (page[:4], page[4:])
    assert reader.split(page) == ([], page)
    reader.begin()
    assert reader.split(page) == (page[:4], page[4:])


def test_the_side_of_a_print_is_the_aggressors_also_where_the_exchange_tells_the_makers() -> None:
    sides = {name: reader_of(name, "A/B").read(row(), NOW) for name in ("coinbase", "kraken")}
    assert {name: trade and trade.aggressor for name, trade in sides.items()} == {
        "coinbase": Side.SELL,
        "kraken": Side.BUY,
    }


def test_candles_that_are_open_unsound_or_double_are_dropped() -> None:
    minute = 60_000
    start = NOW // 1_000_000 // minute * minute
    sound = [1.0, 2.0, 0.5, 1.5, 10.0]
    rows: list[list[float | None]] = [
        [start - minute, *sound],
        [start - 2 * minute, *sound],
        [start - 2 * minute, 1.0, 2.0, 0.5, 1.7, 11.0],
        [start - 3 * minute, math.nan, 2.0, 0.5, 1.5, 10.0],
        [start - 4 * minute, None, None, None, None, None],
        [start, *sound],
    ]
    candles = closed_candles(rows, Timeframe.M1, NOW)
    assert [c.open_ts // 1_000_000 for c in candles] == [start - 2 * minute, start - minute]
    assert candles[0].close == 1.7


def market(**changes: object) -> dict[str, Any]:
    return {
        "symbol": "BTC/USDT",
        "base": "BTC",
        "quote": "USDT",
        "settle": None,
        "type": "spot",
        "spot": True,
        "active": True,
        "precision": {"price": 0.01, "amount": 1e-05},
        "limits": {"amount": {"min": 1e-05, "max": 9000.0}, "cost": {"min": 5.0}, "leverage": {"max": None}},
        "maker": 0.001,
        "taker": 0.001,
        **changes,
    }


def test_an_instrument_has_the_markets_grid_limits_and_fees() -> None:
    instrument = instrument_of(market(), PROFILE)
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert (instrument.min_qty, instrument.max_qty) == (Decimal("0.00001"), Decimal(9000))
    assert (instrument.min_notional, instrument.taker_fee) == (Decimal(5), Decimal("0.001"))
    assert instrument.kind is InstrumentKind.SPOT


@pytest.mark.captures
def test_the_filters_of_a_captured_market_become_the_instruments(captures: Path) -> None:
    with gzip.open(captures / "cryptofeed" / "BINANCE.0.gz", "rt") as file:
        listed = json.loads(file.readline().split(": ", 1)[1])["symbols"]
    info = next(row for row in listed if row["symbol"] == "ETHBTC")
    exchange = ccxt.binance()
    exchange.options |= {"crossMarginPairsData": [], "isolatedMarginPairsData": []}
    instrument = instrument_of(exchange.parse_market(info), PROFILE)
    assert instrument.percent_price == (Decimal("0.2"), Decimal(5))
    assert instrument.market_max_qty == Decimal("873.90727776")
    assert (instrument.max_orders, instrument.max_conditional_orders) == (200, 5)
    assert instrument.max_position is None


def test_the_venue_s_range_of_trails_and_least_life_become_the_instrument_s() -> None:
    deltas = {"minTrailingAboveDelta": 10, "minTrailingBelowDelta": "10", "maxTrailingAboveDelta": 2000}
    info = {"filters": [{"filterType": "TRAILING_DELTA", "maxTrailingBelowDelta": "1500", **deltas}]}
    assert instrument_of(market(info=info), PROFILE).trail_rates == (Decimal("0.001"), Decimal("0.15"))
    futures = Profile(name="p", exchange="binanceusdm", symbols=())
    instrument = instrument_of(market(), futures)
    assert (instrument.trail_rates, instrument.least_gtd_s) == ((Decimal("0.001"), Decimal("0.1")), 600)


@pytest.mark.parametrize("name", ["base", "quote", "settle", "symbol"])
def test_a_market_whose_names_would_steer_a_terminal_is_refused(name: str) -> None:
    with pytest.raises(FeedError, match="control characters") as caught:
        instrument_of(market(**{name: "B\x1b[2J"}), PROFILE)
    assert "\x1b" not in str(caught.value)


def test_a_market_that_tells_no_fees_is_not_free() -> None:
    told = instrument_of(market(maker=0.0, taker=0.0005), PROFILE)
    untold = instrument_of(market(maker=None, taker=None), PROFILE)
    assert (told.maker_fee, told.taker_fee) == (Decimal(0), Decimal("0.0005"))
    assert (untold.maker_fee, untold.taker_fee) == (Decimal("0.001"), Decimal("0.001"))


def test_the_profiles_fees_and_a_halt_override_the_market() -> None:
    profile = Profile(
        name="p", exchange="binance", symbols=(), maker_fee=Decimal(0), taker_fee=Decimal("0.0004")
    )
    instrument = instrument_of(market(active=False), profile)
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal(0), Decimal("0.0004"))
    assert instrument.status is InstrumentStatus.HALTED


@pytest.mark.parametrize("flag", ["cancel_only", "post_only", "limit_only", "auction_mode", "view_only"])
def test_a_product_of_coinbase_that_takes_not_every_order_is_halted(flag: str) -> None:
    profile = Profile(name="p", exchange="coinbase", symbols=())
    for value, status in ((True, InstrumentStatus.HALTED), (False, InstrumentStatus.TRADING)):
        assert instrument_of(market(info={flag: value}), profile).status is status


def test_a_contract_that_is_counted_in_coins_and_settles_in_them_is_refused() -> None:
    """Frames that clients kept of Bitget's BTCUSD: a print of 0.0107, which is no number of dollars."""
    contract = market(symbol="BTC/USD:BTC", spot=False, swap=True, inverse=True, contractSize=1, settle="BTC")
    bitget = Profile(name="x", exchange="bitget", symbols=("BTC/USD:BTC",))
    with pytest.raises(FeedError, match="counts it in BTC"):
        instrument_of(contract, bitget)
    assert instrument_of({**contract, "inverse": False}, bitget).kind is InstrumentKind.PERP_LINEAR
    assert instrument_of(contract, PROFILE).kind is InstrumentKind.PERP_INVERSE


@pytest.mark.parametrize(
    ("inverse", "kind"), [(False, InstrumentKind.PERP_LINEAR), (True, InstrumentKind.PERP_INVERSE)]
)
def test_a_perpetual_is_linear_or_inverse_with_its_contract_and_leverage(
    inverse: bool, kind: InstrumentKind
) -> None:
    limits = {"leverage": {"max": 125}, "amount": {}, "cost": {}}
    perpetual = market(spot=False, swap=True, inverse=inverse, contractSize=100, settle="BTC", limits=limits)
    instrument = instrument_of(perpetual, PROFILE)
    assert (instrument.kind, instrument.contract_size) == (kind, Decimal(100))
    assert (instrument.max_leverage, instrument.settle) == (Decimal(125), "BTC")


def test_an_option_is_no_instrument_here() -> None:
    with pytest.raises(FeedError, match="option"):
        instrument_of(market(spot=False, type="option"), PROFILE)


def test_the_nearest_symbol_is_the_same_pair_or_the_nearest_spelling() -> None:
    known = ["BTC/USDT:USDT", "ETH/USDT:USDT"]
    assert nearest_symbol("ETH/USDT", known) == "ETH/USDT:USDT"
    assert nearest_symbol("BTX/USDT:USDT", known) == "BTC/USDT:USDT"
    assert nearest_symbol("???", known) == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ccxt.ExchangeNotAvailable("binance GET https://api.binance.com/x 451  no"),
            "blocked here (HTTP 451)",
        ),
        (
            ccxt.ExchangeNotAvailable("kraken GET https://api.kraken.com/x 403 Forbidden"),
            "blocked here (HTTP 403)",
        ),
        (ccxt.DDoSProtection("binance 418 I'm a teapot"), "banned for asking too often (HTTP 418)"),
        (
            ccxt.ExchangeNotAvailable("okx GET https://www.okx.com/x 502 Bad"),
            "exchange unavailable (HTTP 502)",
        ),
        (ccxt.RequestTimeout("okx GET https://www.okx.com"), "no answer in time"),
        (ccxt.OnMaintenance("okx down"), "exchange in maintenance"),
        (TimeoutError(), "no data after subscribing"),
        (KeyError("x"), "'x'"),
        (ValueError(), "ValueError"),
    ],
)
def test_failures_are_said_in_words(error: Exception, words: str) -> None:
    assert words_for(error) == words
