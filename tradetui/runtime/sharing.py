"""A day that is locked in one paper account is locked in the trader's others too (R-LCK-3).

Locks travel as commands, so each journal tells by itself why it was locked. Accounts whose market has
a clock of its own (the simulator, recordings) neither give nor take: their days are not the trader's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradetui.domain.command import AdoptLock
from tradetui.domain.rule import CLOCKS, LockUntil
from tradetui.errors import TradeTuiError
from tradetui.journal.reader import JournalReader
from tradetui.runtime.lockwords import cause_words
from tradetui.runtime.snapshots import newest
from tradetui.state import State

if TYPE_CHECKING:
    from tradetui.runtime.host import Host

Elsewhere = Callable[[str, frozenset[str]], list[AdoptLock]]
"""The locks of the accounts that do not run, for one that starts; given its name and those that do."""
_OF_THE_DAY: Final = (LockUntil.ROLL, LockUntil.NEXT_WEEK)


def given(state: State) -> Iterator[AdoptLock]:
    """The locks of an account that hold for the trader: of the day or the week, on everything."""
    for lock in state.day.locks:
        rule = state.risk_limits.rule(lock.rule)
        is_whole = not lock.symbol and lock.side is None and lock.ends in _OF_THE_DAY
        if is_whole and rule is not None and rule.kind not in CLOCKS:
            yield AdoptLock(
                rule=f"{state.account} {lock.rule}",
                until_ts=lock.until_ts,
                text=f"{state.account}: {cause_words(lock)}",
            )


def kept(journals: Iterable[Path]) -> list[AdoptLock]:
    """The same of journals that nobody writes now; one that can not be read gives nothing."""
    found: list[AdoptLock] = []
    for path in journals:
        try:
            found += given(_folded(path))
        except (TradeTuiError, ValueError, LookupError, ArithmeticError):
            continue
    return found


def _folded(path: Path) -> State:
    with closing(JournalReader(path)) as reader:
        state, head = newest(reader)
        for event in reader.events(since=head):
            state.apply(event)
        return state


class LockSharing:
    """Carries the locks of the day between the accounts that run, and from those that do not."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere
        self._hosts: dict[str, Host] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, host: Host) -> None:
        """Lock an account that starts as the others are, before anything can be asked of it."""
        if host.feed.own_clock:
            return
        name, running = host.profile.name, frozenset(self._hosts)
        locks = [lock for other in self._hosts.values() for lock in given(other.published)]
        locks += await asyncio.to_thread(self._elsewhere, name, running)
        for lock in locks:
            await host.submit(lock)
        self._hosts[name] = host
        host.on_lock = self._carry

    def leave(self, name: str) -> None:
        """An account stops; its journal tells from here on."""
        self._hosts.pop(name, None)

    def _carry(self) -> None:
        """An account was locked: so are the others that run."""
        task = asyncio.get_running_loop().create_task(self._give())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give(self) -> None:
        hosts = list(self._hosts.values())
        for giver in hosts:
            for lock in list(given(giver.published)):
                for taker in hosts:
                    if taker is not giver and not _has(taker.published, lock):
                        await taker.submit(lock)


def _has(state: State, wanted: AdoptLock) -> bool:
    return any(lock.rule == wanted.rule and lock.until_ts >= wanted.until_ts for lock in state.day.locks)
