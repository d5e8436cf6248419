"""Started by a test and killed: trades through a captured recording and says what it was told is done."""

from __future__ import annotations

import asyncio
import math
import random
import sys
from decimal import Decimal
from pathlib import Path

import msgspec

from tests.captures import CAPTURES
from tests.journal.events import STAMP
from tradetui.domain.command import (
    AnyCommand,
    CancelAll,
    Flatten,
    Half,
    SetStop,
    Size,
    Stop,
    SubmitOrder,
    Target,
)
from tradetui.domain.market_data import MarketMessage, Side
from tradetui.domain.number import floor_to
from tradetui.domain.profile import Profile
from tradetui.domain.rule import Unit
from tradetui.engine import Engine
from tradetui.feeds.protocol import Sink
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.host import Host
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

RECORDING = CAPTURES / "hftbacktest" / "usdm_ethusdt_20240808.gz"


class Shifted:
    """The recording, moved in time so that it goes on where the journal ended."""

    own_clock = True

    def __init__(self, after: int) -> None:
        self.recording = ReplayFeed([RECORDING], speed=math.inf)
        self.symbols = self.recording.symbols
        self.offset = max(0, after + 1_000_000_000 - self.recording.first_ts)

    async def run(self, sink: Sink) -> None:
        """Deliver everything, and let others act now and then."""
        waiting: list[MarketMessage] = []
        self.recording.pump(waiting.append)
        for number, message in enumerate(waiting):
            sink(self.moved(message))
            if number % 25 == 0:
                await asyncio.sleep(0)
        await asyncio.Event().wait()

    def moved(self, message: MarketMessage) -> MarketMessage:
        ts = message.ts_received + self.offset
        if hasattr(message, "ts_exchange"):
            exchange = message.ts_exchange + self.offset
            return msgspec.structs.replace(message, ts_received=ts, ts_exchange=exchange)
        return msgspec.structs.replace(message, ts_received=ts)


class Trader:
    """Presses whatever comes to its mind."""

    def __init__(self, host: Host, seed: int) -> None:
        self.host = host
        self.chance = random.Random(seed)
        self.symbol = host.feed.symbols[0]

    def wish(self) -> AnyCommand:
        chance, symbol = self.chance, self.symbol
        market = self.host.engine.markets[symbol]
        mid, tick = market.mid or 2_400.0, market.instrument.tick_size
        side = chance.choice(list(Side))

        def price(away: float) -> Stop:
            exact = market.instrument.price_from_float(mid * (1 + away))
            return Stop(price=floor_to(exact, tick))

        stop = price(-side.sign * chance.uniform(0.002, 0.01))
        limit = price(-side.sign * chance.uniform(0, 0.0005)).price if chance.random() < 0.5 else None
        order = SubmitOrder(
            symbol=symbol,
            side=side,
            size=Size(chance.choice([1, 5]) * market.instrument.lot_size * 10),
            limit=limit,
            stop=stop,
            target=chance.choice([None, Target(r=Decimal(2))]),
        )
        others: list[AnyCommand] = [
            Flatten(),
            Half(symbol=symbol),
            CancelAll(),
            SetStop(symbol=symbol, stop=stop),
        ]
        return order if chance.random() < 0.6 else chance.choice(others)

    async def trade(self) -> None:
        while True:
            if self.host.engine.markets and self.host.engine.markets[self.symbol].mid is not None:
                await self.host.submit(self.wish())
                say(self.host.published)
            await asyncio.sleep(0)


def say(state: State) -> None:
    """What the screen shows now."""
    fills = state.fills[-1].fill_id if state.fills else "-"
    print(state.seq, state.fill_count, fills, bool(state.lock), len(state.positions), flush=True)


async def main(path: Path, seed: int, daily_loss: str) -> None:
    recovered = await recover(path, lambda _: None)
    state = None if recovered.is_new else recovered.state
    feed = Shifted(recovered.state.last_ts)
    limits = EngineSettings().limits.with_daily_loss(Decimal(daily_loss), Unit.ANCHOR)
    engine = Engine(EngineSettings(limits=limits), state=state)
    journal = await open_journal(recovered, STAMP)
    profile = Profile(name="kill", exchange="replay", symbols=feed.symbols)
    host = Host(profile, feed=feed, engine=engine, journal=journal, now=lambda: engine.ts)
    async with asyncio.TaskGroup() as group:
        group.create_task(host.run())
        group.create_task(Trader(host, seed).trade())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
