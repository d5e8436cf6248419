"""Captured rows of Binance, good ones and the same with faults planted by somebody else, as its frames.

A frame is the rows that came together; its times and its ids are those of its first row. The venue itself
goes on as the good rows say, whatever the frames tell. All times are moved, so that the capture begins now.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tests.exchanges.captures import Levels
from tests.exchanges.tape import Print
from tests.exchanges.venues.binance import Binance

Row = dict[str, str]
FILES = {
    "depth": "binance_difference_depth_stream_spot_trxusdt_04-03-2025",
    "trades": "binance_trade_stream_spot_trxusdt_04-03-2025",
    "snapshot": "binance_depth_snapshot_spot_btcusdt_14-04-2025",
}


class Trx(Binance):
    symbol, name = "TRX/USDT", "TRXUSDT"
    scales = (4, 1)


class Difference(NamedTuple):
    """A cell that was planted: its row, from 0, its column, and what it says."""

    row: int
    column: str
    text: str


def rows_of(captures: Path, what: str, kind: str) -> list[Row]:
    """The rows of a file, without the notes above and between them; `kind` is positive or negative."""
    path = captures / "binance_data_processor" / f"test_{kind}_{FILES[what]}.csv.gz"
    with gzip.open(path, "rt") as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def differences(good: Sequence[Row], bad: Sequence[Row]) -> Iterator[Difference]:
    """Every cell that is another one."""
    for number, (was, came) in enumerate(zip(good, bad, strict=True)):
        for column, text in came.items():
            if was[column] != text:
                yield Difference(number, column, text)


def planted(good: Sequence[Row], cells: Sequence[Difference]) -> list[Row]:
    """The good rows with some cells planted."""
    rows = [dict(row) for row in good]
    for cell in cells:
        rows[cell.row][cell.column] = cell.text
    return rows


class DepthFrame(NamedTuple):
    """A diff as the venue words it, and when it came."""

    text: str
    received_ns: int
    last_id: int
    bids: Levels
    asks: Levels


def depth_frames(rows: Sequence[Row], good: Sequence[Row], shift_ms: int) -> Iterator[DepthFrame]:
    """One frame of each run of rows that came together, as the good ones say."""
    pairs = zip(rows, good, strict=True)
    for _, group in groupby(pairs, key=lambda pair: pair[1]["TimestampOfReceive"]):
        yield _depth_frame([row for row, _ in group], shift_ms)


def _depth_frame(rows: Sequence[Row], shift_ms: int) -> DepthFrame:
    first = rows[0]
    bids, asks = (
        [(Decimal(row["Price"]), Decimal(row["Quantity"])) for row in rows if row["IsAsk"] == side]
        for side in "01"
    )
    event = {"e": "depthUpdate", "E": _ms(first["EventTime"], shift_ms), "s": first["Symbol"]}
    event |= {"U": int(first["FirstUpdateId"]), "u": int(first["FinalUpdateId"])}
    levels = {name: [[str(p), str(q)] for p, q in side] for name, side in (("b", bids), ("a", asks))}
    text, received = json.dumps(event | levels), _ns(first["TimestampOfReceive"], shift_ms)
    return DepthFrame(text, received, int(first["FinalUpdateId"]), bids, asks)


class TradeFrame(NamedTuple):
    """A print as the venue words it, and when it came."""

    text: str
    received_ns: int
    told: Print


def trade_frames(rows: Sequence[Row], shift_ms: int) -> Iterator[TradeFrame]:
    """A frame of each row."""
    for row in rows:
        at_ms, is_maker = _ms(row["TransactionTime"], shift_ms), row["IsBuyerMarketMaker"] == "1"
        event = {"e": "trade", "E": _ms(row["EventTime"], shift_ms), "s": row["Symbol"]}
        event |= {"t": int(row["TradeId"]), "p": row["Price"], "q": row["Quantity"]}
        told = Print(
            Decimal(row["Price"]),
            Decimal(row["Quantity"]),
            "sell" if is_maker else "buy",
            int(row["TradeId"]),
            at_ms,
        )
        text = json.dumps(event | {"T": at_ms, "m": is_maker, "M": True})
        yield TradeFrame(text, _ns(row["TimestampOfReceive"], shift_ms), told)


def _ms(microseconds: str, shift_ms: int) -> int:
    """A time as the venue writes it; none stays none."""
    return int(microseconds) // 1000 + shift_ms if int(microseconds) else 0


def _ns(microseconds: str, shift_ms: int) -> int:
    return int(microseconds) * 1000 + shift_ms * 1_000_000


def book_of(rows: Sequence[Row]) -> tuple[int, list[list[str]], list[list[str]]]:
    """A whole book: its id, its bids and its asks."""
    bids, asks = ([[row["Price"], row["Quantity"]] for row in rows if row["IsAsk"] == side] for side in "01")
    return int(rows[0]["LastUpdateId"]), bids, asks
