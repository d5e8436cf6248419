"""Frames of every venue, captured or sampled: read as what they say, and refused when they are mutilated."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import ccxt
import pytest

from tests.exchanges.captures import DecimalBook
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    MarkPrice,
    OpenInterest,
    Side,
    Trade,
)
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.ccxt.trades import reader_of
from tradetui.feeds.native.bitget import BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.okx import OkxVenue
from tradetui.feeds.native.venue import BookPart, FrameError, Item, Lost, Refused, Venue
from tradetui.feeds.trades import identity

SPOT, LINEAR, INVERSE = "BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"


def instrument(symbol: str) -> Instrument:
    pair, _, settle = symbol.partition(":")
    base, quote = pair.split("/")
    kind = InstrumentKind.SPOT if not settle else InstrumentKind.PERP_LINEAR
    kind = InstrumentKind.PERP_INVERSE if settle == base else kind
    return Instrument(
        symbol=symbol,
        venue="venue",
        kind=kind,
        base=base,
        quote=quote,
        settle=settle or quote,
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.00000001"),
    )


def ready(venue: Venue, *symbols: str) -> Venue:
    venue.lines([instrument(symbol) for symbol in symbols])
    return venue


def captured(path: Path) -> Iterator[bytes]:
    """The messages of a raw capture, without its subscriptions."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            stamp, _, text = line.partition(": ")
            if stamp[:1].isdigit():
                yield text.strip().encode()


def sample(captures: Path, name: str) -> bytes:
    return (captures / "nautilus" / "ws_http_samples" / f"{name}.json").read_bytes()


def deep(captures: Path, name: str) -> bytes:
    """A sample with several levels, by the topic that tells several."""
    return sample(captures, name).replace(b"orderbook.1.", b"orderbook.200.")


def read(venue: Venue, frames: Iterator[bytes], symbol: str) -> tuple[DecimalBook, list[Item], int]:
    """Play frames through codec and rule: the book, what else came, and how many parts the book had."""
    rule, book, parts = venue.book(symbol), DecimalBook(), 0
    others: list[Item] = []
    for frame in frames:
        for item in venue.decode(frame, 1):
            if not isinstance(item, BookPart):
                others.append(item)
            elif item.symbol == symbol:
                parts += 1
                (message,) = rule.take(item)
                assert rule.state is Sync.STREAMING
                if isinstance(message, BookSnapshot):
                    book = DecimalBook()
                book.apply(message.bids, message.asks)
    return book, others, parts


@pytest.mark.captures
def test_okx_checksums_are_good_on_every_captured_frame(captures: Path) -> None:
    path = captures / "cryptofeed" / "OKX.ws.1.0.gz"
    symbols = {"BTC-USDT": SPOT, "BTC-USD-220527": "BTC/USD-220527", "UNI-USD-SWAP": "UNI/USD:UNI"}
    venue, count = ready(OkxVenue(), *symbols.values()), 0
    others: list[Item] = []
    for name, symbol in symbols.items():
        own = (frame for frame in captured(path) if f'"{name}"'.encode() in frame)
        book, found, parts = read(venue, own, symbol)
        count, others = count + parts, [*others, *found]
        bids, asks = book.top(1)
        assert bids[0][0] < asks[0][0]
    assert count == 290
    assert any(isinstance(item, Trade) for item in others)
    assert any(isinstance(item, BestQuote) for item in others)


@pytest.mark.captures
def test_okx_a_changed_size_in_one_captured_frame_breaks_its_checksum(captures: Path) -> None:
    path = captures / "cryptofeed" / "OKX.ws.1.0.gz"
    venue = ready(OkxVenue(), SPOT)
    rule = venue.book(SPOT)
    frames = [
        frame for frame in captured(path) if b'"books","instId":"BTC-USDT"' in frame and b'"data"' in frame
    ]
    for frame in frames[:40]:
        rule.take(venue.decode(frame, 1)[0])  # type: ignore[arg-type]
    data = json.loads(frames[40])
    levels = data["data"][0]["bids"] or data["data"][0]["asks"]
    levels[0][1] = "123.456"
    rule.take(venue.decode(json.dumps(data).encode(), 1)[0])  # type: ignore[arg-type]
    assert rule.state is Sync.GAP


def numbered_okx(action: str, seq: int, previous: int, price: str = "100") -> bytes:
    data = {"asks": [["101", "1", "0", "1"]], "bids": [[price, "2", "0", "1"]], "ts": "1597026383085"}
    outer = {"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": action}
    return json.dumps(
        {**outer, "data": [{**data, "checksum": 0, "seqId": seq, "prevSeqId": previous}]}
    ).encode()


def test_okx_messages_name_their_predecessor_and_a_new_count_is_no_gap() -> None:
    venue = ready(OkxVenue(), SPOT)
    rule = venue.book(SPOT)

    def take(action: str, seq: int, previous: int) -> int:
        (part,) = venue.decode(numbered_okx(action, seq, previous), 1)
        assert isinstance(part, BookPart)
        return len(rule.take(part))

    assert take("update", 9, 8) == 0, "nothing before the snapshot"
    assert take("snapshot", 10, -1) == 1
    assert take("update", 12, 10) == 1
    assert take("update", 12, 12) == 1, "nothing changed"
    assert take("update", 3, 12) == 1, "the count began anew"
    assert take("update", 5, 3) == 1
    assert take("update", 9, 7) == 0
    assert rule.state is Sync.GAP
    assert take("snapshot", 20, -1) == 1


@pytest.mark.captures
def test_kraken_futures_counts_every_captured_message_without_a_hole(captures: Path) -> None:
    symbol = "ETH/USD:ETH"
    venue = ready(KrakenFuturesVenue(), symbol)
    path = captures / "cryptofeed" / "KRAKEN_FUTURES.ws.1.0.gz"
    own = (frame for frame in captured(path) if b'"PI_ETHUSD"' in frame)
    book, others, parts = read(venue, own, symbol)
    assert parts > 20
    bids, asks = book.top(1)
    assert bids[0][0] < asks[0][0]
    assert all(not isinstance(item, Refused) for item in others)


@pytest.mark.captures
def test_kraken_futures_a_hole_in_the_count_is_a_gap(captures: Path) -> None:
    symbol = "ETH/USD:ETH"
    venue = ready(KrakenFuturesVenue(), symbol)
    path = captures / "cryptofeed" / "KRAKEN_FUTURES.ws.1.0.gz"
    books = [frame for frame in captured(path) if b'"PI_ETHUSD"' in frame and b'"feed":"book' in frame]
    rule = venue.book(symbol)
    for frame in [*books[:5], *books[6:8]]:
        for item in venue.decode(frame, 1):
            if isinstance(item, BookPart):
                rule.take(item)
    assert rule.state is Sync.GAP


@pytest.mark.captures
def test_bybit_samples_are_books_counted_by_one_trades_and_marks(captures: Path) -> None:
    venue = ready(BybitVenue(linear=True), LINEAR)
    rule = venue.book(LINEAR)
    (whole,) = venue.decode(deep(captures, "bybit/ws_orderbook_snapshot"), 1)
    (change,) = venue.decode(deep(captures, "bybit/ws_orderbook_delta"), 1)
    assert isinstance(whole, BookPart)
    assert isinstance(change, BookPart)
    (snapshot,), (delta,) = rule.take(whole), rule.take(change)
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.bids[0], snapshot.asks[0]) == ((27450.0, 0.5), (27451.0, 0.75))
    assert isinstance(delta, BookDelta)
    assert delta.asks == [(27451.0, 0.0)]
    lost = json.loads(deep(captures, "bybit/ws_orderbook_delta"))
    lost["data"]["u"] += 2
    (part,) = venue.decode(json.dumps(lost).encode(), 1)
    assert isinstance(part, BookPart)
    assert rule.take(part) == ()
    assert rule.state is Sync.GAP
    text = sample(captures, "bybit/ws_public_trade").replace(b"trade.linear.", b"publicTrade.")
    (trade,) = venue.decode(text, 5)
    assert trade == Trade(LINEAR, 1709891679000 * 10**6, 5, 27451.0, 0.01, Side.BUY, trade.trade_id)  # type: ignore[union-attr]
    _, interest, mark, *_ = venue.decode(sample(captures, "bybit/ws_ticker_linear"), 5)
    assert isinstance(interest, OpenInterest)
    assert isinstance(mark, MarkPrice)
    assert (mark.mark, mark.index) == (17217.33, 17227.36)
    (refused,) = venue.decode(sample(captures, "bybit/ws_subscription_failure"), 1)
    assert isinstance(refused, Refused)


def test_bybit_a_count_of_one_is_a_snapshot_after_a_restart() -> None:
    venue = ready(BybitVenue(linear=False), SPOT)
    data = {"s": "BTCUSDT", "b": [["1", "1"]], "a": [], "u": 1}
    frame = {"topic": "orderbook.200.BTCUSDT", "type": "delta", "ts": 1, "data": data}
    (part,) = venue.decode(json.dumps(frame).encode(), 1)
    assert isinstance(part, BookPart)
    (message,) = venue.book(SPOT).take(part)
    assert isinstance(message, BookSnapshot)


@pytest.mark.captures
def test_coinbase_samples_are_books_prints_by_the_other_side_and_quotes(captures: Path) -> None:
    symbol = "BTC/USD"
    venue = ready(CoinbaseVenue(), symbol)
    rule = venue.book(symbol)
    (whole,) = venue.decode(sample(captures, "coinbase/ws_l2_data_snapshot"), 1)
    (change,) = venue.decode(sample(captures, "coinbase/ws_l2_data_update"), 1)
    assert isinstance(whole, BookPart)
    assert isinstance(change, BookPart)
    (snapshot,), (delta,) = rule.take(whole), rule.take(change)
    assert isinstance(snapshot, BookSnapshot)
    assert [price for price, _ in snapshot.bids] == [68900.0, 68899.5, 68899.0]
    assert delta.asks == [(68901.0, 0.0)]
    (said,) = venue.decode(sample(captures, "coinbase/ws_market_trades"), 1)
    assert said == Lost("expected message 2, was 5")
    next_one = sample(captures, "coinbase/ws_market_trades").replace(b'num": 5', b'num": 6')
    first, second = venue.decode(next_one, 1)
    assert isinstance(first, Trade)
    assert isinstance(second, Trade)
    assert (first.aggressor, second.aggressor) == (Side.SELL, Side.BUY), "the venue names the maker's side"


@pytest.mark.captures
def test_a_print_of_coinbase_has_one_side_whether_it_came_by_stream_or_by_rest(captures: Path) -> None:
    """The captured answer shows whose side it is: its newest prints are at the best ask, so buyers came."""
    answer = json.loads(sample(captures, "coinbase/http_ticker"))
    assert {row["price"] for row in answer["trades"][:2]} == {answer["best_ask"]}
    event = {"type": "update", "trades": answer["trades"]}
    frame = {"channel": "market_trades", "sequence_num": 0, "events": [event]}
    by_stream = ready(CoinbaseVenue(), "BTC/USD").decode(json.dumps(frame).encode(), 1)
    exchange, reader = ccxt.coinbase(), reader_of("coinbase", "BTC/USD")
    market = {"symbol": "BTC/USD", "id": "BTC-USD"}
    by_rest = [reader.read(exchange.parse_trade(row, market), time.time_ns()) for row in answer["trades"]]
    sides = [(identity(each), each.aggressor) for each in by_stream if isinstance(each, Trade)]
    assert sides == [(995098661, Side.SELL), (995098662, Side.BUY), (995098663, Side.BUY)]
    assert [(each.trade_id, each.aggressor) for each in by_rest if each is not None] == sides[::-1]


def test_bitget_holds_the_checksum_of_each_update() -> None:
    venue = ready(BitgetVenue(), SPOT)
    rule = venue.book(SPOT)
    arg = {"instType": "SPOT", "channel": "books", "instId": "BTCUSDT"}

    def take(action: str, bids: list[list[str]], asks: list[list[str]], checksum: int | None) -> int:
        data = {"bids": bids, "asks": asks, "ts": "1695716059516", "seq": 1}
        if checksum is not None:
            data["checksum"] = checksum
        frame = {"action": action, "arg": arg, "data": [data]}
        (part,) = venue.decode(json.dumps(frame).encode(), 1)
        assert isinstance(part, BookPart)
        return len(rule.take(part))

    assert take("snapshot", [["27000.0", "2.71"]], [["27000.5", "8.76"]], 0) == 1
    assert take("update", [["27000.0", "0"], ["26999.5", "1.5"]], [], crc("26999.5:1.5:27000.5:8.76")) == 1
    assert take("update", [["26999.0", "1"]], [], 7) == 0
    assert rule.state is Sync.GAP


def crc(text: str) -> int:
    import zlib

    value = zlib.crc32(text.encode())
    return value - 2**32 if value >= 2**31 else value


@pytest.mark.captures
@pytest.mark.parametrize(
    ("venue", "symbols", "names"),
    [
        (OkxVenue(), (SPOT,), ("okx/ws_books_update", "okx/ws_books_snapshot")),
        (BybitVenue(linear=True), (LINEAR,), ("bybit/ws_orderbook_delta", "bybit/ws_ticker_linear")),
        (CoinbaseVenue(), ("BTC/USD",), ("coinbase/ws_l2_data_update", "coinbase/ws_market_trades")),
        (KrakenFuturesVenue(), (INVERSE,), ("kraken/ws_futures_book_delta", "kraken/ws_futures_trade")),
    ],
)
def test_mutilated_frames_are_refused_or_harmless_and_never_crash(
    captures: Path, venue: Venue, symbols: tuple[str, ...], names: tuple[str, ...]
) -> None:
    ready(venue, *symbols)
    chance = random.Random(5)
    for name in names:
        frame = sample(captures, name)
        for _ in range(300):
            at = chance.randrange(len(frame))
            broken = frame[:at] + bytes([chance.randrange(256)]) + frame[at + chance.randint(0, 8) :]
            try:
                items = venue.decode(broken, 1)
            except FrameError:
                continue
            for item in items:
                if isinstance(item, Trade):
                    assert item.price > 0
                    assert item.qty > 0
