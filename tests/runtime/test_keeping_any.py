"""Any market and any commands, with a journal that fails now and then: in the end nothing differs."""

from __future__ import annotations

import random

import msgspec
import pytest

from tests.engine.market import MS, PERP, SECOND, D
from tests.runtime.scripted import Session, buy, settle
from tests.runtime.test_keeping import FULL, Stumbling, pages, until
from tradetui.domain.command import (
    AnyCommand,
    BreakEven,
    CancelAll,
    Flatten,
    Half,
    SetStop,
    SetTarget,
    Stop,
    Target,
)
from tradetui.domain.market_data import FeedState, Side
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

STEPS = 120


class Pair:
    """A session whose journal fails at times and its twin, which live through the same."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        settings = EngineSettings().with_latency(self.chance.choice([0, 50 * MS]))
        self.held = Stumbling()
        self.session, self.twin = Session(self.held, settings=settings), Session(settings=settings)
        self.both = (self.session, self.twin)
        self.mid = 60000.0
        self.failed_at = 0
        self.halved = False

    def price(self, away: float) -> float:
        return round(self.mid + away, 1)

    async def step(self) -> None:
        await self.fail_or_mend()
        kind, pause = self.chance.random(), self.chance.choice([MS, 100 * MS, SECOND])
        if kind < 0.6:
            self.move(pause)
        elif kind < 0.8:
            price, side = self.price(self.chance.choice([0, 0, -5, 5])), self.chance.choice(list(Side))
            for each in self.both:
                each.feed.tick(pause)
                each.feed.trade(price, 0.3, side)
        elif kind < 0.83:
            state = self.chance.choice([FeedState.DOWN, FeedState.STREAMING])
            for each in self.both:
                each.feed.status(state)
        else:
            await self.press()

    async def fail_or_mend(self) -> None:
        """Fail now and then, for some 15 s at most; some of the times that it is mended fail soon again."""
        chance, held, now = self.chance.random(), self.held, self.session.feed.now
        is_long = now - self.failed_at > 15 * SECOND
        if held.failure is None and chance < 0.08:
            held.failure, self.failed_at, self.halved = FULL, now, False
        elif held.failure is not None and (chance < 0.1 or is_long):
            held.failure = None
            held.left = None if is_long else self.chance.choice([None, None, 0, 1, 2])
            await settle()
            held.left = None
            if not self.is_failing():
                await until(lambda: self.session.host.halt is None)

    def is_failing(self) -> bool:
        return self.held.failure is not None

    def move(self, pause: int) -> None:
        self.mid += self.chance.gauss(0, 25)
        size = self.chance.choice([0.5, 5.0, 9.0])
        bids = [(self.price(0), size), (self.price(-5), 5.0)]
        asks = [(self.price(0.1), size), (self.price(5), 5.0)]
        for each in self.both:
            each.feed.tick(pause)
            each.feed.snapshot(bids, asks)

    async def press(self) -> None:
        entry, command = self.wish()
        is_halted = self.session.host.halt is not None or self.held.failure is not None
        if isinstance(command, Half):
            if is_halted and self.halved:
                return  # pressed again while it waits, it would be done once
            self.halved = is_halted
        if entry and self.session.host.halt is not None:
            return  # it would be refused
        await self.twin.host.submit(command)
        await self.session.host.submit(command)

    def wish(self) -> tuple[bool, AnyCommand]:
        """Whether it is an entry, and the command."""
        if self.chance.random() < 0.6:
            limit = self.chance.choice([None, str(self.price(-3)), str(self.price(-20))])
            order = buy("0.02", stop=str(self.price(-100)), limit=limit)
            if self.chance.random() < 0.5:
                return True, order
            stop = Stop(price=D(str(self.price(100))))
            return True, msgspec.structs.replace(order, side=Side.SELL, limit=None, stop=stop)
        away = self.chance.choice([-50, -150, 60])
        others: list[AnyCommand] = [
            Flatten(),
            Half(symbol=PERP),
            CancelAll(),
            BreakEven(symbol=PERP),
            SetStop(symbol=PERP, stop=Stop(price=D(str(self.price(away))))),
            SetTarget(symbol=PERP, target=Target(price=D(str(self.price(-away))))),
        ]
        return False, self.chance.choice(others)

    def check(self) -> None:
        """What is shown is what is on the disk, and that is the beginning of what the twin has there."""
        count = len(self.held.committed)
        assert self.session.host.published.seq == count
        assert self.held.committed == self.twin.held.committed[:count]


async def live_through(seed: int) -> int:
    pair, unseen = Pair(seed), 0
    async with pair.session, pair.twin:
        for each in pair.both:
            each.open()
        for _ in range(STEPS):
            await pair.step()
            pair.check()
            unseen += len(pair.twin.held.committed) > len(pair.held.committed)
        pair.held.failure = None
        await until(lambda: pair.session.host.halt is None)
        assert pages(pair.held.committed) == pages(pair.twin.held.committed)
        assert State.fold(pair.held.committed) == pair.session.host.published
        assert pair.session.host.published == pair.session.host.engine.state == pair.twin.host.engine.state
    return unseen


async def test_a_journal_that_fails_now_and_then_has_in_the_end_the_same_events() -> None:
    assert sum([await live_through(seed) for seed in range(2)]) > 30, "much was decided in halts"


@pytest.mark.long
async def test_the_same_over_many_markets(request: pytest.FixtureRequest) -> None:
    if "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    for seed in range(100, 400):
        await live_through(seed)
