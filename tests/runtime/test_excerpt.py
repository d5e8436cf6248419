"""Parts of captured recordings stand by themselves: the same books, the same prints, the same check."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from tests.engine.market import spot
from tests.feeds.captures import USDM
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Candle,
    CandleHistory,
    FeedState,
    FeedStatus,
    FundingRate,
    FundingSettled,
    InstrumentListed,
    Liquidation,
    MarketMessage,
    MarkPrice,
    MissedCandles,
    MissedTrades,
    OpenInterest,
    PriceKind,
    Side,
    Ticker,
    Timeframe,
    Trade,
)
from tradetui.errors import RecordingError
from tradetui.feeds.export import KINDS, export
from tradetui.feeds.inspection import inspect
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed
from tradetui.market.book import OrderBook
from tradetui.runtime.excerpt import excerpt

SECOND = 1_000_000_000


def written(path: Path, messages: list[MarketMessage]) -> ReplayFeed:
    recorder = Recorder(path, profile="binance-usdm")
    for message in messages:
        recorder.take(message)
    recorder.close()
    return ReplayFeed([path])


def ending_of(messages: list[MarketMessage], end: int) -> list[list[tuple[int, float]]]:
    """The book after the last message up to `end`, level for level."""
    book = None
    for message in messages:
        if message.ts_received > end:
            break
        if isinstance(message, InstrumentListed):
            book = OrderBook(message.instrument.tick_size)
        elif isinstance(message, BookSnapshot) and book is not None:
            book.apply_snapshot(message.bids, message.asks)
        elif isinstance(message, BookDelta) and book is not None:
            book.apply_delta(message.bids, message.asks)
    assert book is not None
    return [list(book.levels(side)) for side in (Side.BUY, Side.SELL)]


@pytest.mark.captures
def test_a_part_of_a_capture_has_the_books_and_prints_of_the_whole(captures: Path, tmp_path: Path) -> None:
    whole = ReplayFeed(USDM.paths(captures))
    everything = list(whole.messages())
    start, end = whole.first_ts + 20 * SECOND, whole.first_ts + 40 * SECOND
    part = written(tmp_path / "part.gz", list(excerpt(everything, (start, end))))
    messages = list(part.messages())
    assert ending_of(messages, end) == ending_of(everything, end)
    expected = [m for m in everything if isinstance(m, Trade) and start <= m.ts_received <= end]
    assert [m for m in messages if isinstance(m, Trade)] == expected
    assert len(expected) > 100
    assert (part.first_ts, part.symbols) == (start, whole.symbols)


@pytest.mark.captures
def test_a_whole_capture_is_sound_and_one_without_a_line_of_its_book_is_not(
    captures: Path, tmp_path: Path
) -> None:
    found = inspect(ReplayFeed(USDM.paths(captures)))
    assert found.is_sound, found.faults
    assert found.messages["trade"] == USDM.expected(captures)["trades"]
    lines = _lines(captures)
    holed = [number for number, line in enumerate(lines) if b"depthUpdate" in line][200]
    broken = lines[:holed] + lines[holed + 1 :]
    broken[300] = b"not a line of a recording"
    path = tmp_path / "holed"
    path.write_bytes(b"\n".join(broken) + b"\n")
    found = inspect(ReplayFeed([path]))
    assert not found.is_sound
    assert (found.bad_lines, found.gaps) == (1, 1)
    assert any("line 301" in fault for fault in found.faults)
    assert any("ETH/USDT:USDT: lost 1 times" in fault for fault in found.faults)


def _lines(captures: Path) -> list[bytes]:
    return gzip.decompress(USDM.paths(captures)[0].read_bytes()).splitlines()


@pytest.mark.captures
@pytest.mark.parametrize("name", ["trades.csv", "trades.parquet"])
def test_exported_prints_are_those_of_the_capture(captures: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    count = export(ReplayFeed(USDM.paths(captures)).messages(), "trades", path)
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    expected = USDM.expected(captures)
    assert count == len(table) == expected["trades"]
    assert table["qty"].sum() == pytest.approx(float(expected["total_qty"]), rel=1e-9)
    assert table["ts_received"].is_monotonic_increasing
    assert set(table["aggressor"]) == {"buy", "sell"}


def test_an_export_writes_over_nothing_and_knows_its_formats(tmp_path: Path) -> None:
    path = tmp_path / "there.csv"
    path.write_text("mine")
    with pytest.raises(RecordingError, match="is there already"):
        export([], "trades", path)
    with pytest.raises(RecordingError, match=r"ends in \.csv, \.csv\.gz or \.parquet"):
        export([], "trades", tmp_path / "trades.xlsx")
    assert path.read_text() == "mine"


def test_an_empty_export_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert export([], "quotes", path) == 0
    assert path.read_text().strip() == "ts_exchange,ts_received,symbol,bid,bid_qty,ask,ask_qty"


def every_kind() -> list[MarketMessage]:
    """One of each message that a recording holds, prints of an outage between two live ones."""
    at, swap = 50 * SECOND, "BTC/USDT:USDT"

    def printed(number: int) -> Trade:
        return Trade("BTC/USDT", at + number, at + 9, 100.5, 2.0, Side.BUY, number)

    candle = Candle(at, 1.0, 4.0, 0.5, 2.0, 9.0, 3, -1.0)
    return [
        InstrumentListed(spot(), at),
        printed(1),
        MissedTrades("BTC/USDT", at + 9, [printed(2), printed(3)]),
        printed(4),
        BestQuote(swap, at, at, 1.0, 2.0, 3.0, 4.0),
        BookSnapshot(swap, at, at, [(1.0, 2.0)], [(3.0, 4.0)]),
        MarkPrice(swap, at, at, 5.0),
        FundingRate(swap, at, at, 0.0001, at + 7),
        FundingSettled(swap, at - 5, at, -0.0002, 61.5),
        OpenInterest(swap, at, at, 77.0),
        Liquidation(swap, at, at, 60.5, 3.0, Side.SELL),
        CandleHistory("BTC/USDT", Timeframe.M5, [candle], at),
        MissedCandles(swap, at, PriceKind.MARK, [candle]),
        Ticker(swap, at, 5.0, -1.5, 1e6),
        FeedStatus(swap, at, FeedState.GAP, "expected 5, was 7"),
    ]


EXPORTED: dict[str, tuple[str, list[object]]] = {
    "trades": ("missed", [False, True, True, False]),
    "quotes": ("ask", [3.0]),
    "book": ("side", ["bid", "ask"]),
    "marks": ("mark", [5.0]),
    "funding": ("kind", ["predicted", "settled"]),
    "interest": ("qty", [77.0]),
    "liquidations": ("side", ["sell"]),
    "candles": ("price", ["last", "mark"]),
    "tickers": ("change_pct", [-1.5]),
    "states": ("text", ["expected 5, was 7"]),
}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_a_recording_holds_can_be_exported(tmp_path: Path, kind: str, suffix: str) -> None:
    recording, path = written(tmp_path / "r.gz", every_kind()), tmp_path / f"x.{suffix}"
    column, expected = EXPORTED[kind]
    assert export(recording.messages(), kind, path) == len(expected)
    table = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert table[column].tolist() == expected
    if kind == "trades":
        assert table["id"].astype(int).tolist() == [1, 2, 3, 4]
        assert table["ts_exchange"].is_monotonic_increasing


def test_prints_fetched_late_do_not_run_a_recording_backwards(tmp_path: Path) -> None:
    late = Trade("BTC/USDT", 1, 5 * SECOND, 100.0, 1.0, Side.BUY, 7)
    listed = InstrumentListed(spot(), 10 * SECOND)
    feed = written(tmp_path / "late.gz", [listed, late, MissedTrades("BTC/USDT", 9 * SECOND, [late])])
    assert list(feed.messages()) == [listed, late, MissedTrades("BTC/USDT", 9 * SECOND, [late])]
    assert feed.first_ts == feed.last_ts == 10 * SECOND


def test_a_recording_in_the_way_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.gz"
    path.write_text("mine")
    with pytest.raises(RecordingError, match="never written over"):
        Recorder(path, profile="sim")
    assert path.read_text() == "mine"
