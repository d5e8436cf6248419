"""An account whose equity is moved by hand: one contract without fees, so a tick is a unit of money."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tests.engine.market import NO_MAINTENANCE, START, Table, perp, wide_limits
from tradetui.domain.command import Flatten
from tradetui.domain.event import Event, LimitBreached, Locked
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.rule import STANDARD, Rule, Unit
from tradetui.trading.limits import RiskLimits
from tradetui.trading.settings import EngineSettings

D = Decimal
HOUR = 3600 * 10**9
MINUTE = 60 * 10**9
FREE = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D(1), tiers=NO_MAINTENANCE)
ENTRY = 20_000
MIDNIGHT = 1_700_006_400 * 10**9
"""2023-11-15T00:00Z, the first one after the start."""


def rule(name: str, **changes: object) -> Rule:
    return msgspec.structs.replace(STANDARD[name], **changes)


def only(*rules: Rule, **changes: object) -> RiskLimits:
    """Limits where nothing but the given rules stands in the way."""
    ordered = tuple(sorted(rules, key=lambda one: one.name))
    return msgspec.structs.replace(wide_limits().limits, rules=ordered, **changes)


def account(limits: RiskLimits, **changes: object) -> EngineSettings:
    settings = wide_limits(balance=D(200_000), limits=limits, leverage=D(1), slip=D(0))
    return msgspec.structs.replace(settings, **changes)


class Account(Table):
    """A table with a contract at 100,000 that is worth what the test says."""

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(FREE, settings=settings)
        self.price = ENTRY
        self.open(*self.quotes())

    def quotes(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        return [(float(self.price), 90.0)], [(float(self.price), 90.0)]

    def quote(self, price: int) -> tuple[Event, ...]:
        self.price = price
        return self.snapshot(*self.quotes())

    def enter(self) -> None:
        """Buy one contract with its stop as far away as the budget allows; nothing is traded there."""
        far = min(int(self.engine.head_room()), self.price - 1)
        assert self.buy("1", stop=str(self.price - far)).accepted

    def equity(self, wanted: int) -> None:
        """Move the price until the account is worth so much, while a contract is held."""
        self.quote(self.price + int(wanted - self.engine.equity()))

    def kill(self) -> None:
        """Go on from the journal, with fresh data at the same price and the limits as they were wished."""
        kept = self.state.day.next_limits or self.state.risk_limits
        self.restart(msgspec.structs.replace(self.settings, limits=kept))
        self.status(FeedState.STREAMING)
        self.quote(self.price)

    def leave(self) -> None:
        self.do(Flatten())
        assert not self.state.positions

    def make(self, profit: int) -> None:
        """A trade from flat to flat."""
        self.enter()
        self.quote(self.price + profit)
        if self.state.positions:
            self.leave()

    def stop_out(self, loss: int = 10) -> None:
        """A trade that its stop ends."""
        assert self.buy("1", stop=str(self.price - loss)).accepted
        self.quote(self.price - loss)
        self.trade(float(self.price), 0.1)
        assert not self.state.positions

    def clock(self, text: str, day: int = 15) -> tuple[Event, ...]:
        """Go to a time of a day of November 2023, UTC."""
        hours, minutes, seconds = (int(part) for part in f"{text}:00".split(":")[:3])
        ts = MIDNIGHT + (day - 15) * 24 * HOUR + hours * HOUR + minutes * MINUTE + seconds * 10**9
        if ts - 10**9 > self.now and ts > MIDNIGHT:
            self.at(ts - 10**9)
            self.quote(self.price)
        return self.at(ts)

    def try_entry(self) -> bool:
        """Whether a small entry is taken; what it opened is closed again."""
        reply = self.buy("0.001", stop=str(self.price - 10))
        if reply.accepted:
            self.leave()
        return reply.accepted

    def at(self, ts: int) -> tuple[Event, ...]:
        self.now = ts
        return self.feed(ClockTick(ts, ts))

    def next_day(self) -> None:
        assert self.state.session is not None
        self.at(self.state.session.end_ts)
        self.quote(self.price)

    @property
    def locked(self) -> list[str]:
        return sorted(lock.rule for lock in self.state.day.locks)

    def breaches(self) -> list[str]:
        bodies = [event.body for event in self.journal]
        return [body.rule for body in bodies if isinstance(body, LimitBreached) and not body.warning]

    def locks_written(self) -> list[Locked]:
        return [event.body for event in self.journal if isinstance(event.body, Locked)]


__all__ = ["ENTRY", "FREE", "HOUR", "MINUTE", "START", "Account", "Unit", "account", "only", "rule"]
