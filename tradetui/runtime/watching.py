"""Adds symbols to a profile that runs, and takes them away again.

A symbol that carries a position or an order is never taken away: its stop needs its prices.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.domain.reply import Reason, Refusal, Reply
from tradetui.engine import Engine
from tradetui.feeds.protocol import Feed
from tradetui.runtime.growing import MOST_ADDED, GrowingFeed
from tradetui.state import State

OPENING_S: Final = 30.0
"""How long a venue may take until the first book of a symbol."""
_LOOK_S: Final = 0.02


class Watcher(Protocol):
    """A host, as far as it is needed here."""

    @property
    def feed(self) -> Feed:
        """Where its market comes from."""
        ...

    @property
    def engine(self) -> Engine:
        """What trades there."""
        ...

    @property
    def published(self) -> State:
        """What has been committed."""
        ...

    def feed_status(self, symbol: str) -> FeedStatus | None:
        """The newest status of a symbol's data."""
        ...


def staked(state: State) -> tuple[str, ...]:
    """Symbols with a position or an order."""
    held = [symbol for symbol in state.positions if state.holding(symbol) is not None]
    return tuple(dict.fromkeys((*held, *(order.symbol for order in state.live.values()))))


async def watch(host: Watcher, symbol: str) -> Reply:
    """Add a symbol; returns when its book is there, or, without it, why it can not be."""
    feed = host.feed
    if not isinstance(feed, GrowingFeed):
        return _refused("this market has no other symbols", "a profile of an exchange has")
    if symbol in feed.symbols:
        return Reply(text=f"{symbol} is watched already")
    if len(feed.added) >= MOST_ADDED:
        return _refused(f"{MOST_ADDED} symbols were added already", "take one away: unwatch SYMBOL")
    before = host.feed_status(symbol)
    feed.add(symbol)
    words = await _opened(host, symbol, before)
    if not words:
        return Reply(text=f"{symbol} is open; unwatch {symbol} takes it away again")
    if symbol in feed.added and symbol not in _staked(host):
        await feed.remove(symbol)
    return _refused(f"{symbol} could not be opened: {words}")


async def _opened(host: Watcher, symbol: str, before: FeedStatus | None) -> str:
    """Wait for the first book; why it does not come, empty where it came."""
    status: FeedStatus | None = None
    try:
        async with asyncio.timeout(OPENING_S):
            while True:
                status = host.feed_status(symbol)
                if status is not before and status is not None:
                    if status.state.is_fresh:
                        return ""
                    if _is_final(status):
                        return status.text or status.state.value
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return f"no book in {OPENING_S:.0f} s" + (f" ({status.text})" if status and status.text else "")


def _is_final(status: FeedStatus) -> bool:
    """Whether waiting helps no more."""
    is_down = status.state is FeedState.DOWN and not status.retry_s
    return status.state is FeedState.HALTED or is_down


async def unwatch(host: Watcher, symbol: str) -> Reply:
    """Take an added symbol away again."""
    feed = host.feed
    if not isinstance(feed, GrowingFeed) or symbol not in feed.symbols:
        return _refused(f"{symbol} is not watched")
    if symbol not in feed.added:
        return _refused(f"{symbol} belongs to the profile", "its symbols are set in the config")
    if symbol in _staked(host):
        return _refused(f"{symbol} has a position or an order", "close it first: flatten, cancel all")
    await feed.remove(symbol)
    if symbol in _staked(host):  # an order came in between
        feed.add(symbol)
        return _refused(f"{symbol} has an order by now")
    return Reply(text=f"{symbol} is not watched any more")


def _staked(host: Watcher) -> set[str]:
    return {*staked(host.engine.state), *staked(host.published)}


def _refused(text: str, mend: str = "") -> Reply:
    return Reply(refusal=Refusal(Reason.BAD_INPUT, text, mend=mend))
