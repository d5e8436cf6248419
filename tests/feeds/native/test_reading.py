"""Many frames of one read: taken together they give what they give one by one, whatever is among them."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tradetui.domain.market_data import Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.health import Backoff
from tradetui.feeds.native import connection as native_connection
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.connection import Connection, Line
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.reading import Reading

SYMBOLS = ("BTC/USDT", "ETH/USDT")
RECEIVED = 1_723_161_300_000_000_000


class Heard:
    """Stands for the words of a venue: keeps them in their place among the prints."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def hear(self, _connection: Any, word: Any) -> None:
        self.told.append(word)

    def hear_prints(self, channel: Any) -> None:
        channel.heard.set()

    def distrust(self, _connection: Any, error: Exception) -> None:
        self.told.append(str(error))


async def told(reads: Sequence[Sequence[bytes]], *, in_runs: bool) -> list[Any]:
    """What the frames of some reads become, in order."""
    venue = BinanceVenue(futures=False)
    feed = NativeFeed(Profile(name="b", exchange="binance", symbols=SYMBOLS), venue)
    listed: Any = [SimpleNamespace(symbol=s, base=s[:3], quote="USDT") for s in SYMBOLS]
    connection: Any = SimpleNamespace(
        line=venue.lines(listed)[0], codec=venue, runs=venue if in_runs else None, is_dropped=False
    )
    heard: Any = Heard()

    async def read() -> None:
        reading = Reading(feed, feed._channels, books=heard, hearing=heard)
        for number, frames in enumerate(reads):
            reading.received(connection, frames, RECEIVED + number * 1_000_000)

    await feed.deliver.run(heard.told.append, read, close=lambda: asyncio.sleep(0))
    return list(heard.told)


def printed(captures: Path, count: int) -> list[bytes]:
    """The first captured single prints, as a connection for them alone brings them."""
    found = []
    with gzip.open(captures / "hftbacktest" / "spot_btcusdt_20240808.gz", "rb") as lines:
        for line in lines:
            if b"@trade" in line[:60]:
                found.append(line[line.index(b'"data":') + 7 :].strip()[:-1])
            if len(found) == count:
                break
    return found


def spoiled(frames: list[bytes], chance: random.Random) -> list[bytes]:
    """Some frames lost, doubled, out of turn, of another symbol, of no print, broken, or in other words."""
    ways: list[Callable[[bytes], list[bytes]]] = [
        lambda _frame: [],
        lambda frame: [frame, frame],
        lambda frame: [frame.replace(b"BTCUSDT", b"ETHUSDT"), frame],
        lambda frame: [frame, b'{"result":null,"id":7}'],
        lambda frame: [frame[:-9]],
        lambda frame: [frame.replace(b'"p":"', b'"p":"-')],
        lambda frame: [frame[:-1] + b',"X":"INSURANCE_FUND"}'],
        lambda frame: [frame.replace(b'{"e":', b'{\n"e":')],
        lambda frame: [frame.replace(b"BTCUSDT", b"XRPUSDT"), frame],
    ]
    return [each for f in frames for each in (chance.choice(ways)(f) if chance.random() < 0.03 else [f])]


def in_reads(frames: list[bytes], chance: random.Random) -> list[list[bytes]]:
    """Frames in reads of one to forty."""
    reads, start = [], 0
    while start < len(frames):
        size = chance.randint(1, 40)
        reads.append(frames[start : start + size])
        start += size
    return reads


@pytest.mark.captures
@pytest.mark.parametrize("seed", range(8))
async def test_runs_of_prints_become_what_they_become_one_by_one(captures: Path, seed: int) -> None:
    chance = random.Random(seed)
    frames = printed(captures, 1_200)
    reads = in_reads(spoiled(frames, chance) if seed else frames, chance)
    together, alone = await told(reads, in_runs=True), await told(reads, in_runs=False)
    assert together == alone
    prints = [each for each in together if isinstance(each, Trade)]
    if not seed:
        assert len(prints) == len(together) == 1_200
    else:
        assert len(prints) > 1_000
        assert len({type(each) for each in together}) >= 3  # prints, holes, and frames nobody could read


async def test_a_sink_that_fails_in_a_run_ends_it(captures: Path) -> None:
    venue = BinanceVenue(futures=False)
    feed = NativeFeed(Profile(name="b", exchange="binance", symbols=SYMBOLS[:1]), venue)
    listed: Any = [SimpleNamespace(symbol=SYMBOLS[0], base="BTC", quote="USDT")]
    line, frames, taken = venue.lines(listed)[0], printed(captures, 60), list[Any]()
    connection: Any = SimpleNamespace(line=line, codec=venue, runs=venue, is_dropped=False)
    nobody: Any = None
    heard: Any = Heard()

    def sink(message: Any) -> None:
        taken.append(message)
        if len(taken) == 45:
            raise RuntimeError("full")

    async def read() -> None:
        reading = Reading(feed, feed._channels, books=nobody, hearing=heard)
        for start in (0, 20, 40):
            reading.received(connection, frames[start : start + 20], RECEIVED)

    with pytest.raises(RuntimeError, match="full"):
        await feed.deliver.run(sink, read, close=lambda: asyncio.sleep(0))
    assert len(taken) == 45


class Socket:
    """Counts how often it was left alone, and tells when it is read again."""

    def __init__(self) -> None:
        self.rests = 0
        self.is_read = asyncio.Event()
        self.underlying_transport = self

    def pause_reading(self) -> None:
        self.rests += 1
        self.is_read.clear()

    def resume_reading(self) -> None:
        self.is_read.set()


@pytest.mark.parametrize(("a_read", "rests"), [(1, 0), (3, 54), (100, 0)])
async def test_a_socket_rests_after_a_read_while_messages_are_many(
    monkeypatch: pytest.MonkeyPatch, a_read: int, rests: int
) -> None:
    """Every 2.1 ms so many frames: few, many, or so many that they have waited already."""
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(native_connection, "monotonic", lambda: clock.now)
    nobody: Any = SimpleNamespace(received=lambda *_: None)
    line = Line(url="wss://stream.binance.com:9443/ws", symbols=SYMBOLS)
    connection = Connection(
        line, nobody, hosts=frozenset({"stream.binance.com:9443"}), backoff=Backoff(1.0), silence_s=5.0
    )
    socket: Any = Socket()
    connection.connected(socket)
    for number in range(102):
        clock.now = 1_000.0 + number * 0.0021
        connection.received([b"{}"] * a_read)
    assert socket.rests == rests
    if rests:
        await asyncio.wait_for(socket.is_read.wait(), 10)
    assert connection.frames_received == 102 * a_read
