"""Binance's public data: files of `aggTrades`, `trades` and `klines`, as CSV, in a zip or gzip.

Source: the description beside Binance's public data. A file is named SYMBOL-KIND-DATE, KIND being an
interval for candles, and names its symbol nowhere else. Spot files have no line of names, futures files
have one. Times are milliseconds, on spot from 2025 on microseconds. Nobody noted receive times: the
exchange's stand for them, and a candle is known when it has closed. There is no book.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Candle, CandleHistory, Side, Timeframe, Trade
from tradetui.feeds.formats.listing import Grid, made, named
from tradetui.feeds.formats.reader import PlainBook, Unreadable, shown
from tradetui.feeds.native.venue import BookSequence, Item

_NAME: Final = re.compile(r"([A-Z0-9]+(?:_[A-Z0-9]+)?)-(aggTrades|trades|\d+(?:s|m|h|d|w|mo))-\d{4}-\d{2}")
_HEADS: Final = (b"agg_trade_id,", b"id,", b"open_time,")
_TRUTH: Final = {b"true": True, b"false": False}
_SIDES: Final = (Side.BUY, Side.SELL)
"""The aggressor, by whether the buyer was the maker."""
_MICROSECONDS: Final = 10**15
"""From here on a number of this era counts microseconds."""
_TIME_AT: Final = {"aggTrades": 5, "trades": 4, "klines": 0}
_LEAST_COLUMNS: Final = {"aggTrades": 7, "trades": 6, "klines": 12}


def claims(path: Path, first_line: bytes) -> bool:
    """Whether a file is of this format, by its name or by its line of names."""
    is_row = first_line.count(b",") >= 5 and first_line.split(b",", 1)[0].isdigit()
    return first_line.startswith(_HEADS) or (is_row and _NAME.search(path.name) is not None)


class BinancePublicReader:
    """One file."""

    format = "binance-public"
    groups = False

    def __init__(self, path: Path, first_line: bytes) -> None:
        """Tell kind and symbol by the name; raises Unreadable where it does not say them."""
        found = _NAME.search(path.name)
        if found is None:
            raise Unreadable("expected a name such as BTCUSDT-trades-2024-08-08, which tells the symbol")
        name, kind = found.groups()
        self._is_futures = first_line.startswith(_HEADS) or "futures" in path.parts or "_" in name
        self._named = named(name, contracts=self._is_futures)
        self._kind = kind if kind in _TIME_AT else "klines"
        self._timeframe = None if self._kind != "klines" else _timeframe(kind)

    def stamp(self, line: bytes) -> int:
        """The exchange's time of a row; 0 for the line of names."""
        if line.startswith(_HEADS):
            return 0
        fields = line.split(b",")
        at = _TIME_AT[self._kind]
        if len(fields) < _LEAST_COLUMNS[self._kind] or not fields[at].isdigit():
            raise self._refusal(line)
        ts = _nanoseconds(fields[at])
        return ts if self._timeframe is None else ts + self._timeframe.seconds * 1_000_000_000

    def decode(self, lines: Sequence[bytes], ts: int) -> Sequence[Item]:
        """A row as a print, or as a candle that has just closed."""
        fields = lines[0].split(b",")
        try:
            if self._timeframe is not None:
                return (self._candle(fields, self._timeframe, ts),)
            at = 1 + _TIME_AT[self._kind]
            is_maker = _TRUTH[fields[at].lower()]
            price, qty, number = _above_zero(fields[1]), _above_zero(fields[2]), int(fields[0])
        except (ValueError, KeyError, IndexError):
            raise self._refusal(lines[0]) from None
        return (Trade(self._named.symbol, ts, ts, price, qty, _SIDES[is_maker], number),)

    def _candle(self, fields: list[bytes], timeframe: Timeframe, ts: int) -> CandleHistory:
        first, high, low, close = (_above_zero(text) for text in fields[1:5])
        volume, bought = float(fields[5]), float(fields[9])
        if not (low <= min(first, close) and high >= max(first, close) and 0 <= bought <= volume < 1e300):
            raise ValueError("a candle that can not be")
        opened = ts - timeframe.seconds * 1_000_000_000
        candle = Candle(opened, first, high, low, close, volume, int(fields[8]), bought - (volume - bought))
        return CandleHistory(self._named.symbol, timeframe, [candle], ts)

    def _refusal(self, line: bytes) -> Unreadable:
        return Unreadable(f"expected a row of Binance's {self._kind}, was {shown(line)}")

    def instrument(self, symbol: str, grid: Grid) -> Instrument:
        """The symbol on the grid of its data: these files bring no rules."""
        del symbol
        return made("binance", self._named, tick_size=grid.tick_size, lot_size=grid.lot_size)

    def book(self, instrument: Instrument) -> BookSequence:
        """None comes."""
        del instrument
        return PlainBook()


def _timeframe(interval: str) -> Timeframe:
    try:
        return Timeframe(interval)
    except ValueError:
        known = ", ".join(Timeframe)
        raise Unreadable(f"expected candles of {known}, was {interval}") from None


def _nanoseconds(text: bytes) -> int:
    number = int(text)
    return number * (1_000 if number >= _MICROSECONDS else 1_000_000)


def _above_zero(text: bytes) -> float:
    value = float(text)
    if not 0 < value < 1e300:
        raise ValueError(text)
    return value
