"""Captures of the streams of today, in cryptofeed's form, against the market that they were made of."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.exchanges.captures import kraken_frames
from tests.exchanges.tape import Change, Market, generated
from tests.exchanges.venues.every import VENUES
from tests.feeds.formats.playing import Played
from tradetui.domain.instrument import InstrumentKind
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState
from tradetui.errors import RecordingError
from tradetui.feeds.replay import ReplayFeed

URLS = {
    "bybit": "wss://stream.bybit.com/v5/public/spot",
    "bybit-linear": "wss://stream.bybit.com/v5/public/linear",
    "bitget": "wss://ws.bitget.com/v2/ws/public",
    "coinbase": "wss://advanced-trade-ws.coinbase.com",
}
KRAKEN = "wss://ws.kraken.com/v2"
AT = 1_700_000_000


def captured(path: Path, url: str, frames: Iterable[str], *, at: int = AT) -> Path:
    lines = [f"{url} <-> {at}.1", f'{url} <- {at}.2: {{"op":"subscribe"}}']
    lines += [f"{at + 1 + number}.25: {frame}" for number, frame in enumerate(frames)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def frames_of(venue: str, steps: int = 120) -> tuple[list[str], Market, int]:
    """A walk in a venue's words: its frames, where it ended, and how many prints there were."""
    wording, market = VENUES[venue](), Market(generated())
    market.step()
    texts, prints = list(wording.snapshot(market.book, AT * 1000)), 0
    for _ in range(steps):
        step = market.step()
        if isinstance(step, Change):
            texts += wording.update(step, market.book, AT * 1000)
        else:
            prints += 1
            texts.append(wording.trades([step._replace(at_ms=AT * 1000)]))
    return [wording.numbered(text, number) for number, text in enumerate(texts)], market, prints


@pytest.mark.parametrize("venue", list(URLS))
def test_a_capture_ends_with_the_book_and_the_prints_it_was_made_of(tmp_path: Path, venue: str) -> None:
    frames, market, prints = frames_of(venue)
    played = Played([captured(tmp_path / "x.ws.1.0.gz", URLS[venue], frames)])
    (symbol,) = played.feed.symbols
    assert symbol == VENUES[venue].symbol
    assert played.books[symbol].top(20) == market.book.top(20)
    assert len(played.trades()) == prints > 10
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)
    (instrument,) = played.feed.recording.instruments
    assert instrument.kind is (InstrumentKind.PERP_LINEAR if ":" in symbol else InstrumentKind.SPOT)


@pytest.mark.parametrize("venue", list(URLS))
def test_a_lost_frame_of_a_book_is_a_gap(tmp_path: Path, venue: str) -> None:
    frames, _, _ = frames_of(venue)
    book = [number for number, text in enumerate(frames) if _is_update(text) and number > 20]
    del frames[book[3]]
    played = Played([captured(tmp_path / "x.ws.1.0.gz", URLS[venue], frames)])
    assert played.feed.gaps == 1
    assert FeedState.GAP in played.states()


def _is_update(text: str) -> bool:
    return any(word in text for word in ('"asks"', '"a":', '"l2_data"'))


def test_two_connections_of_coinbase_are_counted_each_by_itself(tmp_path: Path) -> None:
    frames, market, _ = frames_of("coinbase")
    first = captured(tmp_path / "x.ws.1.0.gz", URLS["coinbase"], frames)
    other = [text.replace("BTC-USD", "ETH-USD") for text in frames_of("coinbase")[0]]
    second = captured(tmp_path / "x.ws.2.0.gz", URLS["coinbase"], [*other, *other])
    played = Played([first, second])
    assert set(played.books) == {"BTC/USD", "ETH/USD"}
    assert played.books["BTC/USD"].top(20) == market.book.top(20)
    assert played.feed.gaps == 0


@pytest.mark.captures
def test_every_frame_of_krakens_v2_passes_its_checksum(captures: Path, tmp_path: Path) -> None:
    path = captured(tmp_path / "KRAKEN.ws.1.0.gz", KRAKEN, kraken_frames(captures))
    listing = {
        "error": [],
        "result": {"XXBTZUSD": {"wsname": "XBT/USD", "pair_decimals": 1, "lot_decimals": 8}},
    }
    rules = tmp_path / "KRAKEN.0.gz"
    url = "https://api.kraken.com/0/public/AssetPairs"
    rules.write_bytes(gzip.compress(f"{url} -> {AT}.05: {json.dumps(listing)}".encode()))
    played = Played([rules, path])
    assert (played.count(BookSnapshot), played.count(BookDelta)) == (1, 1253)
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)
    (instrument,) = played.feed.recording.instruments
    assert (instrument.symbol, instrument.tick_size) == ("BTC/USD", Decimal("0.1"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("wss://stream.bybit.com/spot/quote/ws/v1", "was a capture of stream.bybit.com/spot/quote/ws/v1"),
        ("wss://ws.bitget.com/spot/v1/stream", "was a capture of ws.bitget.com/spot/v1/stream"),
    ],
)
def test_what_is_not_read_is_named_with_what_is(tmp_path: Path, url: str, words: str) -> None:
    path = captured(tmp_path / "x.ws.1.0.gz", url, ['{"topic":"x"}'])
    with pytest.raises(
        RecordingError, match="expected a capture of Binance, Bitget v2, Bybit, Coin"
    ) as refused:
        ReplayFeed([path])
    assert words in str(refused.value)
