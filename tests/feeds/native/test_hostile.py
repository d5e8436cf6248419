"""What an exchange that means harm, or has gone mad, can send: the feed outlives it and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exchanges.exchange import Exchange
from tests.exchanges.loopback import raw_frame
from tests.exchanges.rig import rigged
from tests.exchanges.venues.every import VENUES
from tests.feeds.native.test_codecs import instrument
from tradetui.domain.market_data import FeedState, InstrumentListed, Trade
from tradetui.feeds.native import connection
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed

DEPTH = 20_000


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


@pytest.mark.parametrize("venue", VENUES)
async def test_a_frame_that_is_nested_without_end_costs_the_books_their_trust_and_not_the_feed(
    venue: str,
) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        await rig.exchange.broadcast(f'{{"e":{"[" * DEPTH}{"]" * DEPTH}}}')
        await rig.told(FeedState.GAP, text="a frame could not be read")
        await rig.healed()
        assert rig.feed.stats(rig.symbol).bad_messages >= 1


async def test_parts_of_a_message_that_never_ends_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged("kraken", None, prepare=nothing) as rig:
        await rig.live()
        monkeypatch.setattr(connection, "_MOST_BYTES", 100_000)
        rig.exchange.write_raw(raw_frame(b" " * 60_000, fin=False))
        rig.exchange.write_raw(raw_frame(b" " * 60_000, opcode=0, fin=False))
        await rig.told(FeedState.DOWN, text="a frame too large")
        await rig.healed()


@pytest.mark.parametrize("decode", [False, True])
def test_a_recording_with_such_a_line_plays_on_behind_it(tmp_path: Path, decode: bool) -> None:
    path, symbol = tmp_path / "deep.jsonl.gz", "BTC/USD"
    recorder = Recorder(path, profile="x", venue=("kraken", False))
    recorder.take(InstrumentListed(instrument(symbol), 1))
    deep = b"[" * DEPTH + b"]" * DEPTH
    recorder.frame(0, b'{"channel":' + deep + b"}", 2)
    recorder.copy(b'{"type":"trade","symbol":' + deep + b"}", 3)
    good = '{"symbol":"BTC/USD","side":"buy","price":5.0,"qty":1.0,"trade_id":7'
    row = f'{{"channel":"trade","type":"update","data":[{good},"timestamp":"2026-01-01T00:00:00Z"}}]}}'
    recorder.frame(0, row.encode(), 4)
    recorder.take(Trade(symbol, 4, 4, 5.0, 1.0, None, 7))
    recorder.close()
    feed = ReplayFeed([path], decode=decode)
    assert [each.price for each in feed.messages() if isinstance(each, Trade)] == [5.0]
    assert feed.bad_messages >= 1
