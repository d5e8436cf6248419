"""What venues send is kept to the byte, and decoded again it says the same."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.exchanges.binance_server import BinanceServer
from tests.exchanges.collector import Collector, fed
from tests.exchanges.kraken_server import DEPTH, KrakenServer
from tests.exchanges.rig import Rig
from tests.exchanges.venues.every import exchange_of
from tests.feeds.native.frames_of_contracts import OF_CONTRACTS
from tests.feeds.native.test_codecs import instrument
from tests.feeds.native.test_renewal import paired_beside
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    FundingRate,
    InstrumentListed,
    Liquidation,
    MarketMessage,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.errors import RecordingError
from tradetui.feeds.formats import frames as frames_module
from tradetui.feeds.inspection import inspect
from tradetui.feeds.native import renewal
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed


class Kept:
    """A collector that records what it collects."""

    def __init__(self, path: Path, venue: tuple[str, bool]) -> None:
        self.collector = Collector()
        self.recorder = Recorder(path, profile="x", venue=venue)

    def __call__(self, message: MarketMessage) -> None:
        self.recorder.take(message)
        self.collector(message)


def made_of(messages: list[MarketMessage]) -> list[tuple[object, ...]]:
    """Prints and changes of books, without the times that a message takes from its neighbors."""
    kept = [message for message in messages if isinstance(message, Trade | BookDelta)]
    return [
        (m.symbol, m.ts_exchange, m.price, m.qty, m.trade_id)
        if isinstance(m, Trade)
        else (m.symbol, m.ts_exchange, tuple(m.bids), tuple(m.asks))
        for m in kept
    ]


@pytest.mark.captures
async def test_frames_of_binance_are_kept_to_the_byte_and_say_the_same_again(
    captures: Path, tmp_path: Path
) -> None:
    server, path = BinanceServer(captures, depth_frames=120), tmp_path / "b.jsonl.gz"
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=("BTC/USDT",), endpoint=server.address)
        feed, kept = NativeFeed(profile, venue_of(profile), retry_s=0.05), Kept(path, ("binance", False))
        feed.keeper = kept.recorder
        async with fed(feed, kept):  # type: ignore[arg-type]
            server.play()
            await asyncio.wait_for(server.is_finished.wait(), 60)
            await kept.collector.until(
                lambda: any(m.update_id == server.book.last_id for m in kept.collector.of(BookDelta))
            )
    kept.recorder.close()
    again = list(ReplayFeed([path], decode=True).messages())
    assert made_of(again) == made_of(kept.collector.messages)
    found = inspect(ReplayFeed([path]))
    assert (found.is_sound, found.frames) == (True, kept.recorder.frames)
    text = gzip.decompress(path.read_bytes()).decode()
    sent = [frame.text for frame in server.frames if frame.last_id]
    assert all(f'"frame":{frame}}}\n' in text for frame in sent)
    assert "127.0.0.1" not in text


@pytest.mark.captures
async def test_a_changed_frame_is_found_when_it_is_decoded_again(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, path = KrakenServer(captures), tmp_path / "k.jsonl.gz"
    async with server.running():
        profile = Profile(name="k", exchange="kraken", symbols=("BTC/USD",), endpoint=server.address)
        at = server.address.replace("http", "ws")
        venue = KrakenVenue(address=lambda url: url.replace("wss://", f"{at}/"), depth=DEPTH)
        feed, kept = NativeFeed(profile, venue, retry_s=0.05), Kept(path, ("kraken", False))
        feed.keeper = kept.recorder
        async with fed(feed, kept):  # type: ignore[arg-type]
            server.play()
            await kept.collector.until(lambda: len(kept.collector.of(BookDelta)) > 300)
    kept.recorder.close()
    monkeypatch.setattr(frames_module, "recorded_venue", lambda *_, **__: KrakenVenue(depth=DEPTH))
    assert inspect(ReplayFeed([path])).faults == []
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")
    number = max(n for n, line in enumerate(lines) if '"type":"frame"' in line and '"checksum"' in line)
    checksum = json.loads(lines[number].split(" ", 1)[1])["frame"]["data"][0]["checksum"]
    lines[number] = lines[number].replace(str(checksum), "1")
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join(lines))
    assert [fault for fault in inspect(ReplayFeed([changed])).faults if "another book" in fault]


@pytest.mark.parametrize("venue", ["coinbase", "kraken-futures"])
async def test_frames_of_one_connection_after_another_say_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str
) -> None:
    """Both count what comes on a connection: once in its place comes another, once it is cut."""
    monkeypatch.setattr(renewal, "OVERLAP_S", 0.05)
    exchange, path = exchange_of(venue, None), tmp_path / "c.jsonl.gz"
    wording = exchange.wording
    async with exchange.running():
        profile = Profile(
            name="c", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=exchange.address
        )
        kept = Kept(path, (wording.exchange, ":" in wording.symbol))
        feed = NativeFeed(profile, venue_of(profile), retry_s=0.05, first_book_s=30.0)
        feed.keeper = kept.recorder
        async with fed(feed, kept):  # type: ignore[arg-type]
            rig = Rig(exchange, feed, kept.collector)
            await rig.live()
            await exchange.play(10)
            old = feed._connections[0]
            feed.aged(old)
            await rig.eventually(lambda: feed._connections[0] is not old)
            await exchange.play(10)
            await rig.synced()
            await exchange.close_sockets()
            await rig.told(FeedState.DOWN)
            await rig.healed()
    kept.recorder.close()
    again, told = (made_of(each) for each in (list(replayed(path)), kept.collector.messages))
    assert [each for each in again if each in told] == told
    assert inspect(ReplayFeed([path])).faults == [f"{wording.symbol}: lost 1 times"]


async def test_frames_of_a_connection_that_cuts_its_changes_otherwise_say_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 60.0)
    exchange, path = exchange_of("binance-usdm", None), tmp_path / "p.jsonl.gz"
    wording = exchange.wording
    async with exchange.running():
        profile = Profile(
            name="p", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=exchange.address
        )
        kept = Kept(path, (wording.exchange, True))
        feed = NativeFeed(profile, venue_of(profile), retry_s=0.05, first_book_s=30.0)
        feed.keeper = kept.recorder
        async with fed(feed, kept):  # type: ignore[arg-type]
            rig = Rig(exchange, feed, kept.collector)
            await rig.live()
            paired, old = await paired_beside(rig, 7)
            monkeypatch.setattr(renewal, "OVERLAP_S", 0.0)
            await rig.eventually(lambda: not set(old) & set(feed._connections))
            await exchange.changes(3)
            await rig.synced()
            assert paired.pairs == 5
    kept.recorder.close()
    assert made_of(list(replayed(path))) == made_of(kept.collector.messages)
    assert inspect(ReplayFeed([path])).faults == []


async def test_what_tickers_and_liquidations_say_is_replayed_once(tmp_path: Path) -> None:
    """Decoded again they would come a second time: they are recorded as messages, too."""
    kinds = (Liquidation, FundingRate, OpenInterest, Ticker, MarkPrice, BestQuote)
    path = tmp_path / "l.jsonl.gz"
    exchange = exchange_of("bybit-linear", None)
    wording = exchange.wording
    async with exchange.running():
        profile = Profile(
            name="l", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=exchange.address
        )
        kept = Kept(path, (wording.exchange, True))
        feed = NativeFeed(profile, venue_of(profile), first_book_s=30.0)
        feed.keeper = kept.recorder
        async with fed(feed, kept):  # type: ignore[arg-type]
            await Rig(exchange, feed, kept.collector).live()
            for channel in ("ticker", "liquidation"):
                (frame,), _ = OF_CONTRACTS["bybit-linear", channel]
                await exchange.announce(re.sub(r'"ts":\d+', f'"ts":{exchange.clock()}', frame))
            await kept.collector.until(lambda: bool(kept.collector.of(Liquidation)))
    kept.recorder.close()
    again, told = list(replayed(path)), kept.collector
    for kind in kinds:
        assert told.of(kind)
        assert [each for each in again if isinstance(each, kind)] == told.of(kind)


def depth(first: int, last: int, previous: int) -> bytes:
    """A change of USD-M."""
    ids = f'"U":{first},"u":{last},"pu":{previous}'
    return f'{{"e":"depthUpdate","E":9,"T":9,"s":"BTCUSDT",{ids},"b":[["5","1"]],"a":[]}}'.encode()


def overlapping(path: Path, *, tells_renewals: bool, is_renewed: bool) -> list[FeedState]:
    """What a replay says of a change that reaches back over the one before."""
    symbol = "BTC/USDT:USDT"
    recorder = Recorder(path, profile="x", venue=("binanceusdm", True), tells_renewals=tells_renewals)
    recorder.take(InstrumentListed(instrument(symbol), 1))
    recorder.opened(0, (symbol,), 2)
    recorder.asked(BookSnapshot(symbol, 3, 3, [(4.0, 1.0)], [(6.0, 1.0)], 100))
    recorder.frame(0, depth(99, 103, 98), 4)
    if is_renewed:
        recorder.renewed(0, (symbol,), 5)
    recorder.frame(0, depth(102, 106, 101), 6)
    recorder.frame(0, depth(107, 109, 106), 7)
    recorder.frame(0, depth(108, 112, 107), 8)
    recorder.close()
    return [each.state for each in replayed(path) if isinstance(each, FeedStatus)][1:]


def test_a_replay_refuses_changes_that_overlap_as_a_live_stream_does(tmp_path: Path) -> None:
    """The rule of USD-M (R-MD-1): `pu` is the last `u`, but for the first change of another connection."""
    good, gap = FeedState.STREAMING, FeedState.GAP
    strict = overlapping(tmp_path / "a.jsonl.gz", tells_renewals=True, is_renewed=False)
    assert strict == [good, gap]
    renewed = overlapping(tmp_path / "b.jsonl.gz", tells_renewals=True, is_renewed=True)
    assert renewed == [good, gap]
    parts = [m.update_id for m in replayed(tmp_path / "b.jsonl.gz") if isinstance(m, BookDelta)]
    assert parts == [103, 106, 109]
    assert overlapping(tmp_path / "c.jsonl.gz", tells_renewals=False, is_renewed=False) == [good]


def replayed(path: Path) -> Iterable[MarketMessage]:
    return ReplayFeed([path], decode=True).messages()


def test_a_recording_without_frames_has_nothing_to_decode_again(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl.gz"
    old = '{"format":"tradetui-recording","version":1,"profile":"sim","payload":"messages"}\n'
    listed = (
        '1723161254000000000 {"type":"instrument","instrument":{"symbol":"BTC/USDT","venue":"sim",'
        '"kind":"spot","base":"BTC","quote":"USDT","settle":"USDT","tick_size":"0.1","lot_size":"0.001"},"ts_received":1}\n'
    )
    path.write_bytes(gzip.compress((old + listed).encode()))
    assert ReplayFeed([path]).symbols == ("BTC/USDT",)
    with pytest.raises(RecordingError, match="no raw frames to decode again"):
        ReplayFeed([path], decode=True)
