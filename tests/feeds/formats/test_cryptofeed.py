"""Cryptofeed's real captures against plain readings of their lines in Decimal."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from tests.exchanges.captures import DecimalBook
from tests.feeds.formats.playing import Played
from tradetui.domain.instrument import InstrumentKind
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, Side
from tradetui.errors import RecordingError
from tradetui.feeds.replay import ReplayFeed

HEAD = "wss://ws-feed.pro.coinbase.com <-> 1618677816.8\n"


def files(captures: Path, venue: str) -> list[Path]:
    return sorted((captures / "cryptofeed").glob(f"{venue}.*gz"))


def frames(captures: Path, venue: str) -> Iterator[tuple[float, Any]]:
    """Every received frame, by a reading that shares nothing with the program."""
    for path in files(captures, venue):
        with gzip.open(path, "rt") as lines:
            for line in lines:
                stamp, _, body = line.partition(": ")
                if stamp.replace(".", "").isdigit():
                    yield float(stamp), json.loads(body)


def opposite(side: str) -> Side:
    return Side.SELL if side == "buy" else Side.BUY


@pytest.mark.captures
def test_a_capture_of_coinbase_gives_the_books_and_prints_of_a_plain_reading(captures: Path) -> None:
    books: dict[str, DecimalBook] = {}
    prints = []
    for _, frame in frames(captures, "COINBASE"):
        if frame["type"] == "snapshot":
            books[frame["product_id"]] = book = DecimalBook()
            book.apply(frame["bids"], frame["asks"])
        elif frame["type"] == "l2update":
            for side, price, qty in frame["changes"]:
                levels = books[frame["product_id"]].bids if side == "buy" else books[frame["product_id"]].asks
                levels[Decimal(price)] = Decimal(qty)
                if not Decimal(qty):
                    del levels[Decimal(price)]
        elif frame["type"] == "match":
            prints.append((frame["trade_id"], float(frame["price"]), opposite(frame["side"])))
    played = Played(files(captures, "COINBASE"))
    assert {name.replace("-", "/"): book.top(50) for name, book in books.items()} == {
        symbol: book.top(50) for symbol, book in played.books.items()
    }
    assert [(t.trade_id, t.price, t.aggressor) for t in played.trades()] == prints
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)


@pytest.mark.captures
def test_a_capture_of_bybit_before_v5_gives_the_books_and_prints_of_a_plain_reading(captures: Path) -> None:
    books: dict[str, dict[str, Any]] = {}
    prints = []
    for _, frame in sorted(frames(captures, "BYBIT"), key=itemgetter(0)):  # of two connections
        channel, _, name = frame.get("topic", "").partition(".")
        data = frame.get("data")
        if channel == "trade":
            prints += [(t["trade_id"], float(t["price"]), float(t["size"]), t["side"]) for t in data]
        elif frame.get("type") == "snapshot":
            whole = data["order_book"] if isinstance(data, dict) else data
            books[name] = {str(level["id"]): level for level in whole}
        elif channel:
            for gone in data["delete"]:
                del books[name][str(gone["id"])]
            for level in (*data["update"], *data["insert"]):
                books[name][str(level["id"])] = level
    played = Played(files(captures, "BYBIT"))
    listed = {each.symbol: each for each in played.feed.recording.instruments}
    assert len(books) == len(listed) == 10
    for symbol, instrument in listed.items():
        plain = DecimalBook()
        for level in books[f"{instrument.base}{instrument.quote}"].values():
            side = plain.bids if level["side"] == "Buy" else plain.asks
            side[Decimal(level["price"])] = Decimal(str(level["size"]))
        assert played.books[symbol].top(50) == plain.top(50)
    assert [(t.trade_id, t.price, t.qty, str(t.aggressor).title()) for t in played.trades()] == prints
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)
    assert (listed["BTC/USD:BTC"].kind, listed["BTC/USD:BTC"].tick_size) == (
        InstrumentKind.PERP_INVERSE,
        Decimal("0.5"),
    )


@pytest.mark.captures
@pytest.mark.parametrize(("venue", "deltas", "books"), [("KRAKEN", 4269, 10), ("OKX", 287, 3)])
def test_every_book_message_of_a_capture_passes_its_checksum(
    captures: Path, venue: str, deltas: int, books: int
) -> None:
    played = Played(files(captures, venue))
    assert (played.count(BookDelta), played.count(BookSnapshot)) == (deltas, books)
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)
    assert FeedState.GAP not in played.states()


@pytest.mark.captures
def test_a_checksum_that_does_not_match_is_a_gap(captures: Path, tmp_path: Path) -> None:
    text = gzip.decompress((captures / "cryptofeed/KRAKEN.ws.50.0.gz").read_bytes()).decode()
    assert text.count('"c":"2628179034"') == 1
    path = tmp_path / "KRAKEN.ws.50.0"
    path.write_text(text.replace('"c":"2628179034"', '"c":"2628179035"'))
    played = Played([captures / "cryptofeed/KRAKEN.0.gz", path])
    assert played.feed.gaps == 1
    assert played.states().count(FeedState.GAP) == 1
    assert played.count(BookDelta) < 4269


@pytest.mark.captures
def test_a_capture_of_kraken_futures_gives_the_books_of_a_plain_reading(captures: Path) -> None:
    books: dict[str, DecimalBook] = {}
    for _, frame in frames(captures, "KRAKEN_FUTURES"):
        if frame.get("feed") == "book_snapshot":
            book = books[frame["product_id"]] = DecimalBook()
            bids, asks = ([(e["price"], e["qty"]) for e in frame[side]] for side in ("bids", "asks"))
            book.apply(bids, asks)
        elif frame.get("feed") == "book" and "price" in frame:
            book = books[frame["product_id"]]
            side = book.bids if frame["side"] == "buy" else book.asks
            side[Decimal(str(frame["price"]))] = Decimal(str(frame["qty"]))
            if not frame["qty"]:
                del side[Decimal(str(frame["price"]))]
    played = Played(files(captures, "KRAKEN_FUTURES"))
    kept = sorted(str(book.top(10)) for book in played.books.values())
    assert kept == sorted(str(book.top(10)) for book in books.values())
    listed = {each.symbol: each for each in played.feed.recording.instruments}
    assert listed["BTC/USD:BTC-210924"].kind is InstrumentKind.PERP_INVERSE
    assert listed["BTC/USD:BTC-210924"].tick_size == Decimal("0.5")


@pytest.mark.captures
@pytest.mark.parametrize(
    ("venue", "name", "symbol", "tick"),
    [
        ("BINANCE", "NKNUSDT", "NKN/USDT", "0.0001"),
        ("BINANCE_FUTURES", "SUSHIUSDT", "SUSHI/USDT:USDT", "0.0010"),
    ],
)
def test_a_capture_of_binance_joins_its_streams_with_the_books_that_were_asked_for(
    captures: Path, venue: str, name: str, symbol: str, tick: str
) -> None:
    book = DecimalBook()
    with gzip.open(captures / f"cryptofeed/{venue}.http.0.0.gz", "rt") as lines:
        answer = next(line for line in lines if f"symbol={name}" in line)
        start = json.loads(answer.partition(": ")[2])
    book.apply(start["bids"], start["asks"], start["lastUpdateId"])
    for _, frame in frames(captures, venue):
        event = frame["data"]
        if event.get("e") == "depthUpdate" and event["s"] == name and event["u"] > book.last_id:
            book.apply(event["b"], event["a"], event["u"])
    played = Played(files(captures, venue))
    assert played.books[symbol].top(50) == book.top(50)
    assert (played.feed.bad_messages, played.feed.gaps, played.feed.resyncs) == (0, 0, 0)
    listed = {each.symbol: each.tick_size for each in played.feed.recording.instruments}
    assert listed[symbol] == Decimal(tick)


@pytest.mark.captures
@pytest.mark.parametrize("venue", ["GATEIO", "KUCOIN"])
def test_numbered_changes_end_in_the_book_of_a_plain_reading(captures: Path, venue: str) -> None:
    books: dict[str, DecimalBook] = {}
    with gzip.open(captures / f"cryptofeed/{venue}.http.0.0.gz", "rt") as lines:
        for line in lines:
            if line.startswith("http"):
                answer = json.loads(line.partition(": ")[2])
                start = answer.get("data", answer)
                name = line.split("symbol=")[-1].split("currency_pair=")[-1].split("&")[0].split(" ")[0]
                books[name] = DecimalBook()
                books[name].apply(start["bids"], start["asks"], int(start.get("sequence", start.get("id"))))
    for _, frame in frames(captures, venue):
        event = frame.get("data") or frame.get("result") or {}
        book = books.get(str(event.get("symbol") or event.get("s")))
        last = event.get("sequenceEnd") or event.get("u")
        if book is None or last is None or last <= book.last_id:
            continue
        changes = event.get("changes") or {"bids": event["b"], "asks": event["a"]}
        rows = [[row[:2] for row in changes[side] if Decimal(row[0])] for side in ("bids", "asks")]
        for side, levels in zip((book.bids, book.asks), rows, strict=True):
            for price, qty in levels:
                side[Decimal(price)] = Decimal(qty)
                if not Decimal(qty):
                    del side[Decimal(price)]
    played = Played(files(captures, venue))
    assert played.books.keys() == {name.replace("-", "/").replace("_", "/") for name in books}
    for name, book in books.items():
        assert played.books[name.replace("-", "/").replace("_", "/")].top(50) == book.top(50)
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)


@pytest.mark.captures
def test_a_venue_that_is_not_understood_is_named_with_those_that_are(captures: Path) -> None:
    with pytest.raises(RecordingError, match=r"BITFINEX\.0\.gz:1: expected a capture of Binance, "):
        ReplayFeed(files(captures, "BITFINEX"))


@pytest.mark.captures
def test_captures_of_two_venues_are_no_recording(captures: Path) -> None:
    with pytest.raises(RecordingError, match="captures of one venue, was coinbase and okx"):
        ReplayFeed(files(captures, "OKX") + files(captures, "COINBASE"))


def test_a_broken_line_is_counted_under_its_number_and_the_rest_is_played(tmp_path: Path) -> None:
    book = '{"type":"snapshot","product_id":"BTC-USD","bids":[["100","1"]],"asks":[["101","1"]]}'
    path = tmp_path / "COINBASE.ws.1.0"
    path.write_text(f"{HEAD}1618677817.1: {book}\nrubbish\n1618677817.2: {book[:30]}\n1618677817.3: {book}\n")
    played = Played([path])
    assert (played.feed.lines, played.feed.bad_messages) == (4, 2)
    assert [bad.number for bad in played.feed.bad_lines] == [3, 4]
    assert "COINBASE.ws.1.0:3: expected `<seconds>: <frame>`, was rubbish" in played.feed.bad_lines[0].reason
    assert played.count(BookSnapshot) == 2


def test_time_that_runs_backwards_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "COINBASE.ws.1.0"
    path.write_text(HEAD + '1618677817.2: {"type":"ticker"}\n1618677817.1: {"type":"ticker"}\n')
    with pytest.raises(RecordingError, match=r"COINBASE\.ws\.1\.0:3: time runs backwards"):
        ReplayFeed([path])
