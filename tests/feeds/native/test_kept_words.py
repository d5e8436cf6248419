"""Words of a venue are kept without addresses, keys and names of connections; data is kept to the byte."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges.collector import Collector, fed
from tests.exchanges.rig import CALM, Rig
from tests.exchanges.venues.every import VENUES, exchange_of
from tests.feeds.native.frames_of_contracts import OF_CONTRACTS
from tests.feeds.native.frames_of_spot import OF_SPOT
from tests.feeds.native.test_codecs import ready
from tests.feeds.native.test_matrix import VENUES as CODECS
from tradetui.domain.market_data import BookDelta, MarketMessage, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.keeping import harmless, keeping
from tradetui.feeds.native.venue import UNREADABLE, PrintsHeard
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed

KEY = "sk1aB3cD5eF7gH9iJ1kL3mN5oP7"
SEE = "https://h.example.org/x?t=1 or https:\\/\\/e.example.org\\/y"
WORDS = f"your session {KEY} from 10.1.2.3:443, see {SEE}"
SECRETS = (KEY, "10.1.2.3", "example.org", "a4d3ae55", "deadbeef", "\x1b")
EVIL = (
    f'{{"event":"notice","code":"64008","msg":"{WORDS}","connId":"a4d3ae55"}}',
    f'{{"success":false,"ret_msg":"{WORDS}","conn_id":"deadbeef-1234-4567","op":"x"}}',
    f'{{"error":{{"code":3,"msg":"{WORDS}"}},"ip":"fe80::1"}}',
    f'{{"method":"subscribe","success":false,"error":"{WORDS}","connection_id":12345}}',
    f'{{"type":"error","message":"{WORDS}","client_id":"a4d3ae55"}}',
    f"<html>\x1b]0;owned\x07 {WORDS}</html>",
    f'{{"half":"{WORDS}',
)


def frames_in(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def changes(messages: list[MarketMessage]) -> list[Any]:
    return [(each.bids, each.asks) for each in messages if isinstance(each, BookDelta)]


def prints(messages: list[MarketMessage]) -> set[Any]:
    return {(each.price, each.qty, each.trade_id) for each in messages if isinstance(each, Trade)}


def is_kept(recorder: Recorder, before: int) -> bool:
    return recorder.frames > before


@pytest.mark.parametrize("venue", VENUES)
async def test_nothing_that_names_anybody_gets_into_a_file(tmp_path: Path, venue: str) -> None:
    exchange, path, collector = exchange_of(venue, None), tmp_path / "x.jsonl.gz", Collector()
    wording = exchange.wording
    async with exchange.running():
        profile = Profile(
            name="x", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=exchange.address
        )
        feed = NativeFeed(profile, venue_of(profile), **CALM)  # type: ignore[arg-type]
        feed.keeper = recorder = Recorder(path, profile="x", venue=feed.frames_of)
        collector.also = recorder.take
        async with fed(feed, collector):
            rig = Rig(exchange, feed, collector)
            await rig.live()
            for evil in EVIL:
                before = recorder.frames
                await exchange.announce(evil)
                await rig.eventually(partial(is_kept, recorder, before))
            await rig.healed()
    recorder.close()
    text = frames_in(path)
    assert [secret for secret in SECRETS if secret in text] == []
    assert "‹key›" in text
    again = list(ReplayFeed([path], decode=True).messages())
    live = changes(collector.messages)
    assert [each for each in changes(again) if each in live] == live
    assert prints(again) >= prints(collector.messages)


@pytest.mark.parametrize(("venue", "channel"), OF_SPOT | OF_CONTRACTS)
def test_data_is_kept_to_the_byte(venue: str, channel: str) -> None:
    codec, symbol = CODECS[venue]
    reading, kept = ready(codec(), symbol), []
    frames, _ = (OF_SPOT | OF_CONTRACTS)[venue, channel]
    for frame in frames:
        keeping(reading.decode, lambda frame, _ts: kept.append(frame))(frame.encode(), 5)
    assert kept == [frame.encode() for frame in frames]


def test_an_answer_says_the_same_without_the_name_of_its_connection() -> None:
    codec, symbol = CODECS["okx"]
    reading, kept = ready(codec(), symbol), []
    answer = b'{"event":"subscribe","arg":{"channel":"trades","instId":"BTC-USDT"},"connId":"a4d3ae55"}'
    said = keeping(reading.decode, lambda frame, _ts: kept.append(frame))(answer, 5)
    assert said == (PrintsHeard(symbol),) == reading.decode(kept[0], 5)
    assert json.loads(kept[0]) == json.loads(answer) | {"connId": ""}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_could_not_be_read_can_not_be_read_afterwards(content: bytes) -> None:
    """A control character that goes would make a frame of it that nobody has seen live."""
    for name in ("okx", "bybit", "kraken", "kraken-futures", "coinbase", "bitget", "binance"):
        codec, symbol = CODECS[name]
        frame = b'{"event":"error","msg":"' + content + b'"}'
        was_read = is_readable(ready(codec(), symbol), frame)
        kept = harmless(frame, was_read=was_read)
        assert is_readable(ready(codec(), symbol), kept) == was_read, (name, kept)


def is_readable(codec: Any, frame: bytes) -> bool:
    try:
        codec.decode(frame, 5)
    except UNREADABLE:
        return False
    return True
