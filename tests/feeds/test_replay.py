from __future__ import annotations

from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any

import pytest

from tests.feeds import frames
from tests.feeds.captures import ALL, SPOT, Capture
from tradetui.domain.instrument import InstrumentKind
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    Side,
    Timeframe,
    Trade,
)
from tradetui.feeds.replay import ReplayFeed
from tradetui.market.market import Market

STREAM = [frames.depth(8, 10), frames.snapshot(10), frames.depth(11, 12), frames.quote(), frames.trade(1)]


def played(feed: ReplayFeed) -> list[MarketMessage]:
    messages: list[MarketMessage] = []
    feed.pump(messages.append)
    return messages


def states(messages: list[MarketMessage]) -> list[FeedState]:
    return [message.state for message in messages if isinstance(message, FeedStatus)]


class Ledger:
    """Totals of the trades, and the book at the moments that the reference names."""

    def __init__(self, market: Market, samples: dict[int, Any]) -> None:
        self.market = market
        self.samples = samples
        self.checked = 0
        self.trades = 0
        self.bought = self.sold = self.money = Decimal(0)
        self.low, self.high = Decimal("inf"), Decimal(0)

    def __call__(self, message: MarketMessage) -> None:
        self.market.apply(message)
        if isinstance(message, Trade):
            self._add(message)
        elif isinstance(message, BookDelta) and message.update_id in self.samples:
            self.checked += 1
            check_top(self.market, self.samples[message.update_id])

    def _add(self, trade: Trade) -> None:
        price, qty = Decimal(repr(trade.price)), Decimal(repr(trade.qty))
        self.trades += 1
        self.bought += qty * (trade.aggressor is Side.BUY)
        self.sold += qty * (trade.aggressor is Side.SELL)
        self.money += price * qty
        self.low, self.high = min(self.low, price), max(self.high, price)


def check_top(market: Market, expected: dict[str, list[list[str]]]) -> None:
    to_price = market.instrument.to_price
    for side, name in ((Side.BUY, "bids"), (Side.SELL, "asks")):
        levels = list(market.book.levels(side))[:20]
        rows = [(to_price(tick), Decimal(repr(qty))) for tick, qty in levels]
        assert rows == [(Decimal(price), Decimal(qty)) for price, qty in expected[name]]


@pytest.mark.captures
@pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.golden)
def test_a_capture_replays_to_what_an_independent_reading_found(captures: Path, capture: Capture) -> None:
    golden = capture.expected(captures)
    feed = ReplayFeed(capture.paths(captures))
    instrument = feed.recording.instruments[0]
    samples = {sample["after_u"]: sample for sample in golden["book_samples_every_200_depth_events"]}
    ledger = Ledger(Market(instrument), samples)
    feed.pump(ledger)
    assert feed.lines == golden["messages"]
    assert (feed.bad_messages, feed.gaps, feed.resyncs) == (0, 0, 0)
    assert ledger.checked >= len(samples) - 1
    assert ledger.trades == golden["trades"]
    assert ledger.bought == Decimal(golden["buy_taker_qty"])
    assert ledger.sold == Decimal(golden["sell_taker_qty"])
    vwap = ledger.money / (ledger.bought + ledger.sold)
    assert float(vwap) == pytest.approx(float(golden["vwap"]), rel=1e-12)
    assert (ledger.low, ledger.high) == (Decimal(golden["min_price"]), Decimal(golden["max_price"]))
    assert ledger.market.book_message is not None
    assert ledger.market.book_message.update_id == golden["final_u"]
    check_top(ledger.market, golden["final_top20"])
    check_candles(ledger.market, golden["candles_1m_by_exchange_trade_time_T"])


def check_candles(market: Market, expected: list[dict[str, Any]]) -> None:
    series = market.candles(Timeframe.M1)
    forming = series.open
    assert forming is not None
    rows = [*series.closed(len(expected) - 1), forming]
    for row, wanted in zip(rows, expected, strict=True):
        assert row.open_ts == wanted["t"] * 10**6
        found = (row.open, row.high, row.low, row.close)
        assert found == tuple(float(wanted[name]) for name in "ohlc")
        assert row.volume == pytest.approx(float(wanted["v"]), rel=1e-12)
        assert row.trades == wanted["n"]


@pytest.mark.captures
@pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.golden)
def test_the_kind_of_market_and_its_grid_are_found_in_the_frames(captures: Path, capture: Capture) -> None:
    feed = ReplayFeed(capture.paths(captures))
    (instrument,) = feed.recording.instruments
    assert feed.symbols == (capture.symbol,)
    assert instrument.tick_size == Decimal(capture.tick)
    assert instrument.lot_size == Decimal(capture.lot)
    assert instrument.contract_size == capture.contract
    spot = instrument.kind is InstrumentKind.SPOT
    assert (instrument.maker_fee, instrument.taker_fee) == (
        (Decimal("0.001"), Decimal("0.001")) if spot else (Decimal("0.0002"), Decimal("0.0005"))
    )
    assert instrument.max_leverage == (1 if spot else 10)


@pytest.mark.captures
def test_the_order_of_the_files_on_the_command_line_does_not_matter(captures: Path) -> None:
    forward, backward = SPOT.paths(captures), SPOT.paths(captures)[::-1]
    one, other = ReplayFeed(forward), ReplayFeed(backward)
    assert [type(m).__name__ for m in played(one)] == [type(m).__name__ for m in played(other)]
    assert one.lines == other.lines == 99_574


def test_instruments_come_first_and_states_are_told_once_each(tmp_path: Path) -> None:
    messages = played(ReplayFeed([frames.recording(tmp_path, [*STREAM, frames.depth(13, 14)])]))
    assert [type(message) for message in messages[:4]] == [
        InstrumentListed,
        FeedStatus,
        BookSnapshot,
        FeedStatus,
    ]
    assert states(messages) == [FeedState.CONNECTING, FeedState.STREAMING]
    assert sum(isinstance(message, BookDelta) for message in messages) == 2
    assert next(m for m in messages if isinstance(m, BestQuote)).bid == 100.0


def test_a_hole_in_the_stream_is_a_gap_until_a_snapshot_heals_it(tmp_path: Path) -> None:
    lost = [frames.depth(15, 16), frames.depth(17, 18), frames.snapshot(16), frames.depth(19, 20)]
    feed = ReplayFeed([frames.recording(tmp_path, STREAM + lost)])
    messages = played(feed)
    assert states(messages) == [
        FeedState.CONNECTING,
        FeedState.STREAMING,
        FeedState.GAP,
        FeedState.STREAMING,
    ]
    assert (feed.gaps, feed.resyncs, feed.bad_messages) == (1, 1, 0)
    assert [m.update_id for m in messages if isinstance(m, BookDelta)] == [12, 18, 20]


@pytest.mark.parametrize("by_the_keeper_of_the_books", [False, True])
def test_a_book_crossed_for_two_updates_is_told_and_not_followed(
    tmp_path: Path, by_the_keeper_of_the_books: bool
) -> None:
    crossing = [
        frames.depth(13, 13, bids='[["101.00","1"]]'),
        frames.depth(14, 14, bids='[["101.50","1"]]'),
        frames.depth(15, 15, bids='[["101.60","1"]]'),
        frames.depth(16, 16, bids='[["99.00","1"]]'),
    ]
    feed = ReplayFeed([frames.recording(tmp_path, STREAM + crossing)])
    market = Market(feed.recording.instruments[0])
    if by_the_keeper_of_the_books:
        feed.crossed = lambda _: market.book.is_crossed
    messages: list[MarketMessage] = []

    def sink(message: MarketMessage) -> None:
        messages.append(message)
        market.apply(message)

    feed.pump(sink)
    assert states(messages) == [FeedState.CONNECTING, FeedState.STREAMING, FeedState.CROSSED]
    assert feed.gaps == 1
    assert [m.update_id for m in messages if isinstance(m, BookDelta)] == [12, 13, 14, 15]


def test_a_broken_line_is_skipped_counted_and_named(tmp_path: Path) -> None:
    broken = ['{"stream":"btcusdt@trade","data":{"e":"tr', frames.trade(2, price="NaN"), "no json at all"]
    feed = ReplayFeed([frames.recording(tmp_path, [*STREAM, *broken, frames.trade(3)])])
    messages = played(feed)
    assert (feed.lines, feed.bad_messages) == (9, 3)
    assert [bad.number for bad in feed.bad_lines] == [6, 7, 8]
    assert all("expected" in bad.reason.lower() for bad in feed.bad_lines)
    assert [m.trade_id for m in messages if isinstance(m, Trade)] == [1, 3]


def test_a_broken_line_does_not_change_the_grid(tmp_path: Path) -> None:
    broken = frames.trade(2, price="100.1234567", qty="0.12345678")[:-2]
    feed = ReplayFeed([frames.recording(tmp_path, [*STREAM, broken])])
    (instrument,) = feed.recording.instruments
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.1"), Decimal("0.01"))


def test_prints_that_come_twice_count_once_and_late_ones_pass(tmp_path: Path) -> None:
    numbers = [5, 6, 6, 9, 5, 7, 7, 10]
    feed = ReplayFeed([frames.recording(tmp_path, [frames.trade(number) for number in numbers])])
    assert [m.trade_id for m in played(feed) if isinstance(m, Trade)] == [5, 6, 9, 7, 10]


def test_a_recording_of_trades_only_streams_without_a_book(tmp_path: Path) -> None:
    messages = played(ReplayFeed([frames.recording(tmp_path, [frames.trade(1)])]))
    assert states(messages) == [FeedState.STREAMING]


def test_two_symbols_in_one_recording_keep_their_own_grids(tmp_path: Path) -> None:
    other = frames.trade(1, price="0.4321", qty="12.5").replace("btcusdt", "adausdt")
    other = other.replace("BTCUSDT", "ADAUSDT")
    feed = ReplayFeed([frames.recording(tmp_path, [*STREAM, other])])
    steps = {i.symbol: (str(i.tick_size), str(i.lot_size)) for i in feed.recording.instruments}
    assert steps == {"ADA/USDT": ("0.0001", "0.1"), "BTC/USDT": ("0.1", "0.01")}
    assert {m.symbol for m in played(feed) if isinstance(m, Trade)} == {"ADA/USDT", "BTC/USDT"}


def test_overlapping_files_are_merged_by_receive_time(tmp_path: Path) -> None:
    early = frames.recording(tmp_path, [frames.trade(1), frames.quote(), frames.trade(3)], name="one.gz")
    late = tmp_path / "two.txt"
    late.write_text(frames.line(15, frames.trade(2)) + "\n", encoding="utf-8")
    feed = ReplayFeed([early, late])
    assert [m.trade_id for m in played(feed) if isinstance(m, Trade)] == [1, 2, 3]
    assert feed.last_ts - feed.first_ts == 20_000_000


def test_the_exchanges_own_metadata_comes_before_the_data(tmp_path: Path) -> None:
    rules = tmp_path / "exchangeInfo.json"
    rules.write_text(
        '{"symbols":[{"symbol":"BTCUSDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.05"},'
        '{"filterType":"LOT_SIZE","stepSize":"0.001","minQty":"0.002"},'
        '{"filterType":"NOTIONAL","minNotional":"5"}]}]}',
        encoding="utf-8",
    )
    feed = ReplayFeed([frames.recording(tmp_path, STREAM)], instruments=rules)
    (instrument,) = feed.recording.instruments
    found = (instrument.tick_size, instrument.lot_size, instrument.min_qty, instrument.min_notional)
    assert found == (Decimal("0.05"), Decimal("0.001"), Decimal("0.002"), Decimal(5))


def test_pumping_leaves_out_quotes_that_say_nothing_new_and_still_checks_them(tmp_path: Path) -> None:
    repeated = [frames.quote(), frames.quote(), frames.quote(bid="100.01"), frames.quote(bid="NaN")]
    after_a_book = [frames.depth(13, 14), frames.quote(bid="100.01")]
    feed = ReplayFeed([frames.recording(tmp_path, STREAM + repeated + after_a_book)])
    assert [m.bid for m in played(feed) if isinstance(m, BestQuote)] == [100.0, 100.01, 100.01]
    assert (feed.lines, feed.bad_messages) == (11, 1)
    assert [m.bid for m in feed.messages() if isinstance(m, BestQuote)] == [
        100.0,
        100.0,
        100.0,
        100.01,
        100.01,
    ]


def test_iterating_delivers_the_same_as_pumping(tmp_path: Path) -> None:
    feed = ReplayFeed([frames.recording(tmp_path, STREAM * 200)])
    assert list(feed.messages()) == played(feed)


async def test_running_at_full_speed_delivers_the_same_as_pumping(tmp_path: Path) -> None:
    feed = ReplayFeed([frames.recording(tmp_path, STREAM * 200)], speed=inf)
    messages: list[MarketMessage] = []
    await feed.run(messages.append)
    assert messages == played(feed)


def test_aggregated_trades_beside_single_ones_do_not_count_twice(tmp_path: Path) -> None:
    single = frames.trade(1000)
    aggregated = single.replace("@trade", "@aggTrade").replace('"e":"trade"', '"e":"aggTrade"')
    aggregated = aggregated.replace('"t":1000', '"a":7')
    both = played(ReplayFeed([frames.recording(tmp_path, [single, aggregated])]))
    assert [m.trade_id for m in both if isinstance(m, Trade)] == [1000]
    alone = played(ReplayFeed([frames.recording(tmp_path, [aggregated], name="alone.gz")]))
    assert [m.trade_id for m in alone if isinstance(m, Trade)] == [7]
