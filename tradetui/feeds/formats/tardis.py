"""Tardis' CSV files: `incremental_book_L2` and `trades`, plain or gzip.

Source: Tardis' documentation of downloadable CSV files. Times are microseconds UTC; rows of one
`local_timestamp` were one message of the venue. Rows with `is_snapshot` true belong to a whole book: the
first of them after others sets the book back. An `amount` of zero removes its level; the side of a print
is the aggressor's, or "unknown".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.feeds.formats.listing import Grid, made, named
from tradetui.feeds.formats.reader import Plain, PlainBook, Unreadable, shown
from tradetui.feeds.native.venue import BookSequence, Item

HEAD: Final = b"exchange,symbol,timestamp,local_timestamp,"
_BOOK: Final = HEAD + b"is_snapshot,side,price,amount"
_TRADES: Final = HEAD + b"id,side,price,amount"
_COLUMNS: Final = 8
_US: Final = 1_000
_DIGITS: Final = 16
"""Of microseconds from 2001 to 2286."""
_AGGRESSOR: Final = {b"buy": Side.BUY, b"sell": Side.SELL, b"unknown": None}
_CONTRACT_VENUES: Final = (
    *("futures", "swap", "delivery", "dm", "derivatives", "options"),
    *("bitmex", "deribit", "bybit", "cryptofacilities", "phemex", "hyperliquid", "dydx"),
)
"""Words in the names of exchanges that list nothing but contracts."""
Row = list[bytes]


class TardisReader:
    """One file of rows."""

    format = "tardis"
    groups = True

    def __init__(self, header: bytes) -> None:
        """`header` is the first line; raises Unreadable for one of another kind of file."""
        if header not in (_BOOK, _TRADES):
            columns = shown(header.removeprefix(HEAD))
            raise Unreadable(
                f"expected Tardis' incremental_book_L2 or trades, was another of its files, with {columns}"
            )
        self._has_trades = header == _TRADES
        self._names: dict[tuple[bytes, bytes], str] = {}
        self._venues: dict[str, tuple[str, str]] = {}

    def stamp(self, line: bytes) -> int:
        """When a row was received; 0 for the header."""
        fields = line.split(b",", 4)
        if len(fields) == 5 and len(fields[3]) == _DIGITS and fields[3].isdigit():
            return int(fields[3]) * _US
        if line.startswith(HEAD):
            return 0
        raise Unreadable(f"expected {_COLUMNS} columns with times in microseconds, was {shown(line)}")

    def decode(self, lines: Sequence[bytes], ts: int) -> Sequence[Item]:
        """Rows of one time as prints, or as one book message a symbol."""
        rows = [line.split(b",") for line in lines]
        if any(len(row) != _COLUMNS for row in rows):
            line = next(line for line, row in zip(lines, rows, strict=True) if len(row) != _COLUMNS)
            raise Unreadable(f"expected {_COLUMNS} columns, was {shown(line)}")
        try:
            if self._has_trades:
                return [self._print(row, ts) for row in rows]
            runs = groupby(rows, key=lambda row: (row[0], row[1], row[4]))
            return [self._levels(list(run), ts) for _, run in runs]
        except (ValueError, KeyError) as error:
            raise Unreadable(f"expected numbers and a side, was {shown(lines[0])}: {error}") from None

    def _print(self, row: Row, ts: int) -> Trade:
        price, qty = _above_zero(row[6]), _above_zero(row[7])
        number = row[4].decode()
        return Trade(
            self._symbol(row),
            int(row[2]) * _US,
            ts,
            price,
            qty,
            _AGGRESSOR[row[5]],
            int(number) if number.isdigit() else number or None,
        )

    def _levels(self, rows: list[Row], ts: int) -> Plain:
        symbol, is_snapshot = self._symbol(rows[0]), _truth(rows[0][4])
        sides: dict[bytes, list[tuple[float, float]]] = {b"bid": [], b"ask": []}
        for row in rows:
            sides[row[5]].append((_above_zero(row[6]), _size(row[7])))
        bids, asks, at = sides[b"bid"], sides[b"ask"], int(rows[-1][2]) * _US
        if not is_snapshot:
            return Plain(symbol, BookDelta(symbol, at, ts, bids, asks))
        bids = sorted((level for level in bids if level[1]), reverse=True)
        asks = sorted(level for level in asks if level[1])
        return Plain(symbol, BookSnapshot(symbol, at, ts, bids, asks), in_parts=True)

    def _symbol(self, row: Row) -> str:
        key = row[0], row[1]
        symbol = self._names.get(key)
        if symbol is None:
            exchange, name = row[0].decode(), row[1].decode()
            contracts = any(word in exchange for word in _CONTRACT_VENUES)
            symbol = self._names[key] = named(name, contracts=contracts).symbol
            self._venues[symbol] = exchange, name
        return symbol

    def instrument(self, symbol: str, grid: Grid) -> Instrument:
        """The symbol on the grid of its data: these files bring no rules."""
        exchange, name = self._venues[symbol]
        contracts = any(word in exchange for word in _CONTRACT_VENUES)
        return made(
            exchange, named(name, contracts=contracts), tick_size=grid.tick_size, lot_size=grid.lot_size
        )

    def book(self, instrument: Instrument) -> BookSequence:
        """Nothing is numbered."""
        del instrument
        return PlainBook()


def _truth(text: bytes) -> bool:
    if text not in (b"true", b"false"):
        raise ValueError(f"is_snapshot is {text.decode('utf-8', 'replace')}")
    return text == b"true"


def _above_zero(text: bytes) -> float:
    value = float(text)
    if not 0 < value < 1e300:
        raise ValueError(f"{text.decode()} is not above zero")
    return value


def _size(text: bytes) -> float:
    value = float(text)
    if not 0 <= value < 1e300:
        raise ValueError(f"{text.decode()} is below zero")
    return value
