"""What a captured message costs our feed and cryptofeed: python -m tests.benchmarks.bench_feed_captured.

Both get the same messages of Binance where their sockets would hand them over, each in the envelope that
it subscribes to, which is none of ours; both keep the books, and call a consumer that counts. Left out are
candles, which our feed does not read from streams, and single trades, which cryptofeed does not know; what
both delivered has to be the same, or the row is refused.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from statistics import median
from time import process_time, time_ns
from types import SimpleNamespace
from typing import Any

import msgspec

from tests.captures import CAPTURES
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, MarketMessage, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.binance import BinanceCodec
from tradetui.feeds.native.binance import Depth
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.reading import Reading
from tradetui.feeds.native.venues import venue_of
from tradetui.market.book import OrderBook

ROUNDS, FRAMES, BOUND = 9, 40_000, 1 / 2
LEFT_OUT = ("@kline", "@trade", "@markPrice")
_BODY = '"data":'
TICKS = {
    "SUSHIUSDT": "0.001",
    "AKROUSDT": "0.00001",
    "KEEPUSDT": "0.0001",
    "CTKUSDT": "0.00001",
    "BTCUSDT": "0.01",
}
KINDS = {Trade: "trades", BestQuote: "quotes", BookDelta: "books"}


@dataclass(frozen=True)
class Capture:
    """Frames of combined streams, and the books that REST gave, by the venue's names."""

    name: str
    is_futures: bool
    snapshots: dict[str, str]
    frames: list[tuple[int, str]]
    """Each with the moment at which it came, nanoseconds UTC."""

    def symbol(self, name: str) -> str:
        """The symbol of a name that ends with its quote currency."""
        return f"{name.removesuffix('USDT')}/USDT" + ":USDT" * self.is_futures


def of_cryptofeed() -> Capture:
    """Four USD-M symbols for half a minute, as cryptofeed's own tests play them."""
    folder, snapshots = CAPTURES / "cryptofeed", {}
    with gzip.open(folder / "BINANCE_FUTURES.http.0.0.gz", "rt") as lines:
        for line in lines:
            if line.startswith("http"):
                url, _, answer = line.partition(" -> ")
                snapshots[url.partition("symbol=")[2].partition("&")[0]] = answer.partition(": ")[2]
    with gzip.open(folder / "BINANCE_FUTURES.ws.1.0.gz", "rt") as lines:
        split = [line.partition(": ") for line in lines if line[:1].isdigit()]
    frames = [(int(float(moment) * 1e9), text.strip()) for moment, _, text in split]
    return Capture("captured USD-M message", True, snapshots, list(_kept(frames)))


def of_spot() -> Capture:
    """BTCUSDT from its inline snapshot on; updates that came before it may belong after it."""
    snapshot, frames = "", list[tuple[int, str]]()
    with gzip.open(CAPTURES / "hftbacktest" / "spot_btcusdt_20240808.gz", "rt") as lines:
        for line in lines:
            moment, _, text = line.strip().partition(" ")
            if '"lastUpdateId"' in text[:20]:
                snapshot = text
            else:
                frames.append((int(moment), text))
    last = json.loads(snapshot)["lastUpdateId"]
    later = [frame for frame in _kept(frames) if json.loads(frame[1])["data"].get("u", 0) > last]
    return Capture("captured spot message", False, {"BTCUSDT": snapshot}, later)


def _kept(frames: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return (frame for frame in frames if not any(channel in frame[1][:40] for channel in LEFT_OUT))


def ours(capture: Capture) -> tuple[float, Counter[str]]:
    """CPU microseconds a message, and what was delivered."""
    instruments = [_instrument(capture, name) for name in capture.snapshots]
    symbols = tuple(each.symbol for each in instruments)
    profile = Profile(name="b", exchange="binanceusdm" if capture.is_futures else "binance", symbols=symbols)
    venue = venue_of(profile)
    feed = NativeFeed(profile, venue)
    connection: Any = SimpleNamespace(
        line=venue.lines(instruments)[0], codec=venue, runs=venue, is_dropped=False
    )
    books = {each.symbol: OrderBook(each.tick_size) for each in instruments}
    found: Counter[str] = Counter()
    feed.crossed = lambda symbol: books[symbol].is_crossed

    def sink(message: MarketMessage) -> None:
        if type(message) is BookDelta:
            books[message.symbol].apply_delta(message.bids, message.asks)
        elif type(message) is BookSnapshot:
            books[message.symbol].apply_snapshot(message.bids, message.asks)
        found[KINDS.get(type(message), "others")] += 1

    async def work() -> None:
        frames = [(ts, _bare(text)) for ts, text in capture.frames]
        async with asyncio.TaskGroup() as group:
            nowhere: Any = None
            feed._backfill = Backfill(feed, nowhere, group)
            feed._books = feed._book_keeping(group)
            feed._reading = Reading(feed, feed._channels, books=feed._books, hearing=nowhere)
            for each in instruments:
                feed._channels[each.symbol].book = venue.book(each.symbol)
                feed._channels[each.symbol].heard.set()  # as if its subscription had been answered
                feed._books.take(_whole(capture.snapshots[f"{each.base}USDT"], each.symbol))
            gc.collect()
            gc.freeze()
            begun = process_time()
            for ts, frame in frames:
                feed.received(connection, (frame,), ts)
            found["cpu_ns"] = int((process_time() - begun) * 1e9)

    asyncio.run(feed.deliver.run(sink, work, close=_nothing))
    return found.pop("cpu_ns") / 1e3 / len(capture.frames), found


def _bare(text: str) -> bytes:
    """A frame of a combined stream as it comes where streams are not combined."""
    return text[text.index(_BODY) + len(_BODY) : text.rindex("}")].encode()


async def _nothing() -> None:
    pass


def _instrument(capture: Capture, name: str) -> Instrument:
    kind = InstrumentKind.PERP_LINEAR if capture.is_futures else InstrumentKind.SPOT
    base = name.removesuffix("USDT")
    return Instrument(
        symbol=capture.symbol(name),
        venue="b",
        kind=kind,
        base=base,
        quote="USDT",
        settle="USDT",
        tick_size=Decimal(TICKS[name]),
        lot_size=Decimal("0.00001"),
    )


def _whole(text: str, symbol: str) -> Depth:
    book = BinanceCodec({}).decode(text.encode(), time_ns())
    assert isinstance(book, BookSnapshot)
    return Depth(symbol, msgspec.structs.replace(book, symbol=symbol))


def peer(capture: Capture) -> tuple[float, Counter[str]]:
    """The same of cryptofeed's handler."""
    from cryptofeed.defines import L2_BOOK, PERPETUAL, SPOT, TICKER, TRADES
    from cryptofeed.exchanges import BinanceFutures
    from cryptofeed.exchanges.binance import Binance
    from cryptofeed.symbols import Symbol, Symbols

    kind = PERPETUAL if capture.is_futures else SPOT
    names = {
        Symbol(name.removesuffix("USDT"), "USDT", type=kind).normalized: name for name in capture.snapshots
    }
    exchange = BinanceFutures if capture.is_futures else Binance
    Symbols.set(exchange.id, names, {"instrument_type": dict.fromkeys(names, kind)})
    found: Counter[str] = Counter()

    async def count(kind: str, _each: Any, _received: float) -> None:
        found[kind] += 1

    kinds = {TRADES: "trades", TICKER: "quotes", L2_BOOK: "books"}
    callbacks = {channel: partial(count, word) for channel, word in kinds.items()}
    feed = exchange(symbols=list(names), channels=list(kinds), callbacks=callbacks)
    feed.http_conn = _Answers(capture)
    return asyncio.run(_handled(feed, capture)) / len(capture.frames), found


async def _handled(feed: Any, capture: Capture) -> float:
    for name in capture.snapshots:
        await feed._snapshot(name)
    gc.collect()
    gc.freeze()
    begun = process_time()
    for ts, text in capture.frames:
        await feed.message_handler(text, None, ts / 1e9)
    return (process_time() - begun) * 1e6


class _Answers:
    """Gives the captured books for REST."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    async def read(self, url: str) -> str:
        return self._capture.snapshots[url.partition("symbol=")[2].partition("&")[0]]


def compared(capture: Capture) -> dict[str, Any]:
    """One row from interleaved rounds: a side plays twice in each, as a capture ends before it is warm.

    A short capture is played more often: its few milliseconds are easily disturbed.
    """
    count = max(ROUNDS, FRAMES // len(capture.frames))
    rounds = [[side(capture) for side in (ours, peer) for _ in range(2)][1::2] for _ in range(count)]
    mine, other = (median(costs[side][0] for costs in rounds) for side in (0, 1))
    (_, delivered), (_, others) = rounds[-1]
    shared = ("trades", "quotes", "books")
    is_same = [delivered[kind] for kind in shared] == [
        others[kind] - len(capture.snapshots) * (kind == "books") for kind in shared
    ]
    ratio = mine / other
    return {
        "name": f"{capture.name}, CPU µs",
        "ours": mine,
        "peer": "cryptofeed"
        if is_same
        else f"cryptofeed, which delivered {dict(others)}, ours {dict(delivered)}",
        "peer_value": other,
        "ratio": ratio,
        "bound": BOUND,
        "holds": ratio <= BOUND and is_same,
    }


def run() -> list[dict[str, Any]]:
    """One row for each capture."""
    return [compared(of_cryptofeed()), compared(of_spot())]


if __name__ == "__main__":
    for result in run():
        print(json.dumps(result))
