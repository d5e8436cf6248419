"""Captured Binance and Kraken sessions, and the book that a plain reading of them in Decimal gives."""

from __future__ import annotations

import gzip
import json
from copy import deepcopy
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

Levels = list[tuple[Decimal, Decimal]]


_exact = lru_cache(maxsize=200_000)(Decimal)
"""The same few numbers are written again and again."""


def exact(number: Any) -> Decimal:
    """A price or a quantity as it was written."""
    return number if isinstance(number, Decimal) else _exact(str(number))


class DecimalBook:
    """A book as the exchange's manual says to keep it, slow and exact."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.last_id = 0

    def apply(self, bids: list[Any], asks: list[Any], last_id: int = 0) -> None:
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, qty in levels:
                at, size = exact(price), exact(qty)
                if size:
                    side[at] = size
                else:
                    side.pop(at, None)
        self.last_id = last_id

    def cut(self, depth: int) -> None:
        bids, asks = self.top(depth)
        self.bids, self.asks = dict(bids), dict(asks)

    def top(self, count: int) -> tuple[Levels, Levels]:
        return sorted(self.bids.items(), reverse=True)[:count], sorted(self.asks.items())[:count]


class Frame(NamedTuple):
    kind: str
    text: str
    first_id: int = 0
    last_id: int = 0


class BinanceSession(NamedTuple):
    """The inline snapshot and every depth and trade frame that belongs after it, in order."""

    snapshot: dict[str, Any]
    frames: list[Frame]
    exchange_info: dict[str, Any]
    minutes: list[dict[str, Any]]
    golden: dict[str, Any]


def binance_session(captures: Path, golden_name: str, metadata_name: str, symbol: str) -> BinanceSession:
    """A captured session; what it says of the exchange is the caller's own to change."""
    session = _decoded(captures, golden_name, metadata_name, symbol)
    return session._replace(exchange_info=deepcopy(session.exchange_info))


@cache
def _decoded(captures: Path, golden_name: str, metadata_name: str, symbol: str) -> BinanceSession:
    golden = json.loads((captures / "golden" / golden_name).read_text())
    snapshot: dict[str, Any] = {}
    frames: list[Frame] = []
    for name in golden["source_files"]:
        with gzip.open(captures / "hftbacktest" / name, "rt") as lines:
            for line in lines:
                text = line.split(" ", 1)[1].strip()
                if '"lastUpdateId"' in text[:20]:
                    snapshot = json.loads(text)
                elif "@bookTicker" not in text[:40]:
                    frames.append(_frame(text))
    minutes = golden["candles_1m_by_exchange_trade_time_T"]
    return BinanceSession(
        snapshot, frames, _exchange_info(captures / "cryptofeed" / metadata_name, symbol), minutes, golden
    )


def _frame(text: str) -> Frame:
    wrapped = json.loads(text)
    event = wrapped["data"]
    kind = wrapped["stream"].split("@")[1]
    return Frame(kind, json.dumps(event), event.get("U", 0), event.get("u", 0))


def _exchange_info(path: Path, symbol: str) -> dict[str, Any]:
    with gzip.open(path, "rt") as lines:
        info = json.loads(next(lines).split(": ", 1)[1])
    info["symbols"] = [each for each in info["symbols"] if each["symbol"] == symbol]
    return dict(info)


def kraken_frames(captures: Path) -> list[str]:
    return list(_kraken_texts(captures))


@cache
def _kraken_texts(captures: Path) -> tuple[str, ...]:
    text = (captures / "kraken_v2/A3_btcusd_20260719T1754_raw_text.json").read_text()
    return tuple(json.loads(text)["raw_text"])


def kraken_pairs(captures: Path, names: tuple[str, ...] = ("XXBTZUSD", "XETHZUSD")) -> dict[str, Any]:
    pairs = _all_kraken_pairs(captures)
    return {name: deepcopy(pairs[name]) for name in names}


@cache
def _all_kraken_pairs(captures: Path) -> dict[str, Any]:
    with gzip.open(captures / "cryptofeed/KRAKEN.0.gz", "rt") as lines:
        return dict(json.loads(next(lines).split(": ", 1)[1])["result"])
