"""Which channel comes by which venue's stream: a documented frame for each cell, or why it is empty."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.feeds.native.frames_of_contracts import OF_CONTRACTS, OKX_INDEX, OKX_MARK
from tests.feeds.native.frames_of_spot import MS, NOW, OF_SPOT, SPOT, SWAP
from tests.feeds.native.test_codecs import ready
from tradetui.domain.market_data import (
    BestQuote,
    MarkPrice,
    Ticker,
)
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.bitget import BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.okx import OkxVenue
from tradetui.feeds.native.venue import Venue, whole_book

CELLS: Final = OF_SPOT | OF_CONTRACTS
VENUES: Final[dict[str, tuple[Callable[[], Venue], str]]] = {
    "binance": (lambda: BinanceVenue(futures=False), SPOT),
    "binance-usdm": (lambda: BinanceVenue(futures=True), SWAP),
    "coinbase": (CoinbaseVenue, "BTC/USD"),
    "kraken": (KrakenVenue, "BTC/USD"),
    "kraken-futures": (KrakenFuturesVenue, "BTC/USD:BTC"),
    "bybit": (lambda: BybitVenue(linear=False), SPOT),
    "bybit-linear": (lambda: BybitVenue(linear=True), SWAP),
    "bitget": (BitgetVenue, SPOT),
    "bitget-usdt-m": (BitgetVenue, SWAP),
    "okx": (OkxVenue, SPOT),
    "okx-swap": (OkxVenue, SWAP),
}
SPOTS: Final = frozenset(("binance", "coinbase", "kraken", "bybit", "bitget", "okx"))
NOT_SPOT: Final = ("mark", "index", "funding", "interest", "liquidation")
CHANNELS: Final = ("book", "trades", "quote", "ticker", "status", *NOT_SPOT)

BY_REST: Final = "asked for by REST"
ABSENT: Final[dict[tuple[str, str], str]] = {
    ("binance", "ticker"): f"{BY_REST}: none of the subscribed streams tells it",
    ("binance", "status"): f"{BY_REST}: no stream tells it",
    ("binance-usdm", "ticker"): f"{BY_REST}: none of the subscribed streams tells it",
    ("binance-usdm", "interest"): f"{BY_REST}: no stream tells it",
    ("bybit", "ticker"): f"{BY_REST}: none of the subscribed streams tells it",
    ("bybit", "status"): f"{BY_REST}: no stream tells it",
    ("bybit-linear", "status"): f"{BY_REST}: no stream tells it",
    ("bitget", "status"): f"{BY_REST}: no stream tells it",
    ("bitget-usdt-m", "status"): f"{BY_REST}: no stream tells it",
    ("bitget-usdt-m", "liquidation"): "the venue tells nobody of them",
} | {(venue, channel): "spot has none" for venue in SPOTS for channel in NOT_SPOT}


def test_every_cell_has_a_frame_or_a_reason() -> None:
    assert CELLS.keys() & ABSENT.keys() == set()
    assert CELLS.keys() | ABSENT.keys() == {(venue, channel) for venue in VENUES for channel in CHANNELS}


@pytest.mark.parametrize(("venue", "channel"), CELLS)
def test_what_a_venue_says_of_a_channel_becomes_a_message(venue: str, channel: str) -> None:
    frames, expected = CELLS[venue, channel]
    codec, symbol = VENUES[venue]
    reading = ready(codec(), symbol)
    *_, items = [list(reading.decode(frame.encode(), NOW)) for frame in frames]
    said = [_message(item) for item in items]
    assert expected in said


def _message(item: Any) -> Any:
    """What is in a part of a book; anything else as it is."""
    if (whole := whole_book(item)) is not None:
        return whole
    inner = getattr(item, "message", None)
    return inner or getattr(getattr(item, "update", None), "delta", item)


@pytest.mark.parametrize(("venue", "channel"), [cell for cell in CELLS if cell[1] == "ticker"])
def test_figures_of_24_hours_are_read_a_few_times_a_second(venue: str, channel: str) -> None:
    (frame,), _ = CELLS[venue, channel]
    codec, symbol = VENUES[venue]
    reading = ready(codec(), symbol)
    told: list[Any] = []
    for tick in range(100):  # within a second
        numbered = frame.replace('"sequence_num":0', f'"sequence_num":{tick}')
        told += reading.decode(numbered.encode(), NOW + tick * 10 * MS)
    assert sum(isinstance(each, BestQuote) for each in told) == 100
    assert sum(isinstance(each, Ticker) for each in told) == 4


NAMES: Final = "volume_24_h|change_pct|change|price24hPcnt|change24h|open24h"
FIGURES: Final = re.compile(rf'"({NAMES})": ?"?[-0-9.]+"?')


@pytest.mark.parametrize(("venue", "channel"), [cell for cell in CELLS if cell[1] == "ticker"])
def test_figures_that_can_not_be_leave_the_quote_standing(venue: str, channel: str) -> None:
    (frame,), _ = CELLS[venue, channel]
    codec, symbol = VENUES[venue]
    wrong, count = FIGURES.subn(r'"\1":"nan"', frame)
    assert count > 0
    told = list(ready(codec(), symbol).decode(wrong.encode(), NOW))
    kinds = {type(each) for each in told}
    assert Ticker not in kinds
    assert kinds & {BestQuote, MarkPrice}


def test_a_change_of_one_side_of_bybits_best_levels_keeps_the_other() -> None:
    reading = ready(BybitVenue(linear=False), SPOT)
    (frame,), _ = CELLS["bybit", "quote"]
    reading.decode(frame.encode(), NOW)
    data = {"s": "BTCUSDT", "b": [["16494", "2"]], "a": [], "u": 3}
    change = json.dumps({"topic": "orderbook.1.BTCUSDT", "type": "delta", "ts": 6, "data": data})
    (quote,) = reading.decode(change.encode(), NOW)
    assert quote == BestQuote(SPOT, 6 * MS, NOW, 16494.0, 2.0, 16611.0, 0.029)


def test_an_index_of_okx_that_is_told_no_more_does_not_pass_for_fresh() -> None:
    reading = ready(OkxVenue(), SWAP)
    index, mark = OKX_INDEX.encode(), OKX_MARK.encode()
    assert list(reading.decode(index, NOW)) == []  # it comes with the next mark
    held = [reading.decode(mark, NOW + seconds * 1000 * MS)[0] for seconds in (1, 119, 121)]
    assert [each.index for each in held if isinstance(each, MarkPrice)] == [42300.1, 42300.1, None]


def test_an_index_of_okx_does_not_make_an_old_mark_look_new() -> None:
    reading = ready(OkxVenue(), SWAP)
    index, mark = OKX_INDEX.encode(), OKX_MARK.encode()
    (told,) = reading.decode(mark, NOW)
    assert told == MarkPrice(SWAP, 1630049139746 * MS, NOW, 42310.6)
    told_again = [item for n in range(1, 400) for item in reading.decode(index, NOW + n * 100 * MS)]
    assert told_again == []
    (late,) = reading.decode(mark, NOW + 40_000 * MS)
    assert late == MarkPrice(SWAP, 1630049139746 * MS, NOW + 40_000 * MS, 42310.6, 42300.1)


def top(bids: list[list[str]], asks: list[list[str]], kind: str) -> bytes:
    data = {"s": "BTCUSDT", "b": bids, "a": asks, "u": 3}
    return json.dumps({"topic": "orderbook.1.BTCUSDT", "type": kind, "ts": 6, "data": data}).encode()


def test_a_side_of_bybits_best_levels_that_a_snapshot_leaves_out_is_known_no_more() -> None:
    reading = ready(BybitVenue(linear=False), SPOT)
    assert reading.decode(top([["100", "1"]], [["101", "1"]], "snapshot"), NOW)
    assert list(reading.decode(top([], [["90", "1"]], "snapshot"), NOW)) == []
    (quote,) = reading.decode(top([["89", "2"]], [], "delta"), NOW)
    assert quote == BestQuote(SPOT, 6 * MS, NOW, 89.0, 2.0, 90.0, 1.0)


def test_a_best_level_of_bybit_that_goes_leaves_its_side_empty_and_another_one_takes_its_place() -> None:
    reading = ready(BybitVenue(linear=False), SPOT)
    reading.decode(top([["100", "1"]], [["101", "1"]], "snapshot"), NOW)
    assert list(reading.decode(top([["100", "0"]], [["90", "1"]], "delta"), NOW)) == []
    (quote,) = reading.decode(top([["88", "3"], ["100", "0"]], [["89", "1"], ["90", "0"]], "delta"), NOW)
    assert quote == BestQuote(SPOT, 6 * MS, NOW, 88.0, 3.0, 89.0, 1.0)
