"""Asking an exchange of several symbols, so that one which it does not know costs the others nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from ccxt import NetworkError

Asked = TypeVar("Asked")
Told = TypeVar("Told")


async def of_each(wanted: Iterable[Asked], ask: Callable[[Asked], Awaitable[Iterable[Told]]]) -> list[Told]:
    """What is told of each; raises the first error where nothing at all was told.

    An exchange that can not be reached is not asked on.
    """
    found: list[Told] = []
    failed: Exception | None = None
    for each in wanted:
        try:
            found += await ask(each)
        except Exception as error:  # noqa: BLE001 - whatever a client raises of one symbol
            failed = failed or error
            if isinstance(error, NetworkError):
                break
    if failed is not None and not found:
        raise failed
    return found


async def ticker_rows(exchange: Any, symbols: list[str]) -> list[dict[str, Any]]:
    """The tickers of ccxt of all symbols by one request, or by one for each where that is refused."""

    async def ask(some: list[str]) -> Iterable[dict[str, Any]]:
        rows = await exchange.fetch_tickers(some)
        return [row for row in rows.values() if row.get("symbol") in some]

    try:
        return list(await ask(symbols))
    except NetworkError:
        raise
    except Exception:
        if len(symbols) < 2:
            raise
    return await of_each([[symbol] for symbol in symbols], ask)
