"""Candles of the past on the disk: a file of their own, bounded in size and age, safe to delete.

Kept are stretches without a hole: from where to where everything is known. A stretch that ends where
the exchange has nothing older says so, for a day. What is older than a month, and what is too much, is
dropped; a file that can not be read is begun anew. A cache that fails only costs a question.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from tradetui.domain.market_data import Candle, Timeframe

FILE: Final = "candles.db"
MOST_BYTES: Final = 64 << 20
OLDEST_S: Final = 30 * 86_400.0
_OLDEST_END_S: Final = 86_400.0
_ROW_BYTES: Final = 90
"""What a candle takes on the disk, about."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS candles (
  market TEXT, symbol TEXT, timeframe TEXT, open_ts INTEGER,
  open REAL, high REAL, low REAL, close REAL, volume REAL, trades INTEGER, delta REAL,
  PRIMARY KEY (market, symbol, timeframe, open_ts)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spans (
  market TEXT, symbol TEXT, timeframe TEXT, from_ts INTEGER, to_ts INTEGER, fetched REAL, is_oldest INTEGER,
  PRIMARY KEY (market, symbol, timeframe, from_ts)) WITHOUT ROWID;
"""


_DELETE_SPAN: Final = "DELETE FROM spans WHERE (market, symbol, timeframe) = (?, ?, ?) AND from_ts = ?"
Market = tuple[str, str, str]
"""Exchange, symbol and timeframe."""


class Page(NamedTuple):
    """Candles without a hole from one moment up to another."""

    candles: tuple[Candle, ...]
    from_ts: int
    to_ts: int
    is_oldest: bool


class CandleCache:
    """The candles of one market, in a file that others share."""

    def __init__(
        self,
        path: Path,
        market: str,
        *,
        most_bytes: int = MOST_BYTES,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`market` tells exchanges and their endpoints apart; `wall` is seconds since 1970."""
        self._path = path
        self._market = market
        self._most_bytes = most_bytes
        self._wall = wall

    def before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> Page | None:
        """Candles known without a hole up to a moment, oldest first; None where the last one is not known."""
        key = (self._market, symbol, timeframe.value)
        return self._ask(lambda base: self._before(base, key, ts, count))

    def keep(self, symbol: str, timeframe: Timeframe, page: Page) -> None:
        """Remember a page, joined with the stretches that it touches."""
        key = (self._market, symbol, timeframe.value)
        self._ask(lambda base: self._keep(base, key, page))

    def _ask(self, question: Callable[[sqlite3.Connection], Page | None]) -> Page | None:
        """Open the file for one question; one that can not be read is begun anew."""
        try:
            with closing(self._connect()) as base:
                return question(base)
        except (sqlite3.OperationalError, OSError):
            return None
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            return None

    def _before(self, base: sqlite3.Connection, key: Market, ts: int, count: int) -> Page | None:
        span = base.execute(
            "SELECT from_ts, is_oldest, fetched FROM spans WHERE (market, symbol, timeframe) = (?, ?, ?) "
            "AND from_ts <= ? AND to_ts >= ? ORDER BY from_ts LIMIT 1",
            (*key, ts, ts),
        ).fetchone()
        if span is None:
            return None
        from_ts, is_oldest, fetched = span
        is_oldest = bool(is_oldest) and self._wall() - fetched < _OLDEST_END_S
        rows = base.execute(
            "SELECT open_ts, open, high, low, close, volume, trades, delta FROM candles "
            "WHERE (market, symbol, timeframe) = (?, ?, ?) AND open_ts >= ? AND open_ts < ? "
            "ORDER BY open_ts DESC LIMIT ?",
            (*key, from_ts, ts, count),
        ).fetchall()
        if not rows and not is_oldest:
            return None
        candles = tuple(Candle(*row) for row in reversed(rows))
        return Page(candles, from_ts, ts, is_oldest=is_oldest and len(rows) < count)

    def _keep(self, base: sqlite3.Connection, key: Market, page: Page) -> None:
        with base:
            base.executemany(
                "INSERT OR REPLACE INTO candles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*key, *_row(candle)) for candle in page.candles],
            )
            self._join(base, key, page)
        self._trim(base)

    def _join(self, base: sqlite3.Connection, key: Market, page: Page) -> None:
        touching = base.execute(
            "SELECT from_ts, to_ts, is_oldest FROM spans WHERE (market, symbol, timeframe) = (?, ?, ?) "
            "AND from_ts <= ? AND to_ts >= ?",
            (*key, page.to_ts, page.from_ts),
        ).fetchall()
        from_ts = min([page.from_ts, *(span[0] for span in touching)])
        to_ts = max([page.to_ts, *(span[1] for span in touching)])
        is_oldest = page.is_oldest or any(span[2] and span[0] == from_ts for span in touching)
        for span in touching:
            base.execute(_DELETE_SPAN, (*key, span[0]))
        values = (*key, from_ts, to_ts, self._wall(), is_oldest)
        base.execute("INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def _trim(self, base: sqlite3.Connection) -> None:
        """Drop what is too old, and the stretches that were asked for longest ago while it is too much."""
        too_old = self._wall() - OLDEST_S
        spans = base.execute(
            "SELECT market, symbol, timeframe, from_ts, to_ts, fetched FROM spans"
        ).fetchall()
        rows = int(base.execute("SELECT count(*) FROM candles").fetchone()[0])
        for *span, fetched in sorted(spans, key=lambda span: span[5]):
            if fetched >= too_old and rows * _ROW_BYTES <= self._most_bytes:
                break
            with base:
                dropped = base.execute(
                    "DELETE FROM candles WHERE (market, symbol, timeframe) = (?, ?, ?) "
                    "AND open_ts >= ? AND open_ts < ?",
                    span,
                )
                rows -= dropped.rowcount
                base.execute(
                    "DELETE FROM spans WHERE (market, symbol, timeframe) = (?, ?, ?) AND from_ts = ?",
                    span[:4],
                )

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(self._path, timeout=2.0)
        try:
            base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _TABLES)
        except sqlite3.Error:
            base.close()
            raise
        return base


def _row(candle: Candle) -> tuple[float, ...]:
    prices = (candle.open_ts, candle.open, candle.high, candle.low, candle.close)
    return (*prices, candle.volume, candle.trades, candle.delta)
