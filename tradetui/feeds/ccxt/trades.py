"""Public trades as ccxt gives them, turned into trades that each come once."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, TypeGuard

from tradetui.domain.market_data import Side, Trade
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.book import exchange_ns

_REMEMBERED: Final = 20_000
_OPENING_MS: Final = 1000
_BESIDE: Final = ("block", "assignment", "termination", "unwind")
"""Kinds of prints of Kraken Futures that met no order in the book."""
_INF: Final = float("inf")
_TELL_THE_MAKERS: Final = frozenset({"coinbase"})
"""Exchanges whose prints carry the side of the order that rested, and ccxt leaves it so."""


class BadTrade(FeedError):
    """A trade with a price or quantity that can not be."""


class TradeReader:
    """Reads one symbol's trades: each id once, and none with a price or quantity that can not be."""

    def __init__(self, symbol: str, *, is_makers_side: bool = False) -> None:
        """`is_makers_side` says whose side the rows tell."""
        self.symbol = symbol
        self._is_makers_side = is_makers_side
        self._known: set[int | str] = set()
        self._order: deque[int | str] = deque()
        self._has_begun = False

    def begin(self) -> None:
        """The stream was subscribed: what comes first may be old."""
        self._has_begun = False

    def split(self, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Old rows and new ones: some exchanges open with a page of old trades.

        Of the first batch only the newest second is new.
        """
        if self._has_begun:
            return [], rows
        self._has_begun = True
        newest = max(row.get("timestamp") or 0 for row in rows)
        old = [row for row in rows if (row.get("timestamp") or 0) < newest - _OPENING_MS]
        return old, rows[len(old) :]

    def read(self, row: dict[str, Any], ts_received: int) -> Trade | None:
        """A trade; None for one seen before or made beside the book. Raises BadTrade for what can not be."""
        if _is_beside(row.get("info")):
            return None
        price, qty = row.get("price"), _size(row)
        if not (_is_amount(price) and _is_amount(qty)):
            raise BadTrade(f"a trade of {qty} at {price}")
        trade_id = _identity(row.get("id"))
        if trade_id is not None and not self._is_new(trade_id):
            return None
        side = row.get("side")
        aggressor = Side(side) if side in ("buy", "sell") else None
        if aggressor is not None and self._is_makers_side:
            aggressor = aggressor.opposite
        stamp = exchange_ns(row.get("timestamp"), ts_received)
        return Trade(self.symbol, stamp, ts_received, float(price), float(qty), aggressor, trade_id)

    def know(self, rows: list[dict[str, Any]]) -> None:
        """Take rows as read: a later page may hold them again."""
        for row in rows:
            if (trade_id := _identity(row.get("id"))) is not None:
                self._is_new(trade_id)

    def _is_new(self, trade_id: int | str) -> bool:
        if trade_id in self._known:
            return False
        self._known.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > _REMEMBERED:
            self._known.discard(self._order.popleft())
        return True


def reader_of(exchange_id: str, symbol: str) -> TradeReader:
    """A reader of an exchange's trades, whether they come by stream or by REST."""
    return TradeReader(symbol, is_makers_side=exchange_id in _TELL_THE_MAKERS)


def joined_in(row: dict[str, Any]) -> tuple[int, int] | None:
    """The first and the last number of those that a print of OKX's stream stands for beside its own."""
    info = row.get("info")
    number, count = _identity(row.get("id")), info.get("count") if isinstance(info, dict) else None
    if not isinstance(number, int) or not str(count).isdecimal() or int(str(count)) < 2:
        return None
    return number - int(str(count)) + 1, number - 1


def _is_beside(info: object) -> bool:
    """Whether a print was agreed or assigned beside the book, as Bybit and Kraken Futures say of theirs."""
    if not isinstance(info, dict):
        return False
    return info.get("isBlockTrade") is True or info.get("BT") is True or info.get("type") in _BESIDE


def _size(row: dict[str, Any]) -> object:
    """The amount; of Kraken's inverse contracts ccxt leaves it out, and only their own words say it."""
    amount = row.get("amount")
    return amount if amount is not None else (row.get("info") or {}).get("size")


def _is_amount(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 < value < _INF


def _identity(value: object) -> int | str | None:
    text = "" if value is None else str(value)
    return int(text) if text.isdecimal() else text or None
