"""Commands by chance: every kind that the engine knows, most of them sound, some of them wild."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from tests.engine.market import MS, SECOND, Table
from tradetui.domain.command import (
    AdjustMargin,
    AmendOrder,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Deposit,
    Flatten,
    Follow,
    Half,
    MarginMode,
    Reverse,
    SetLeverage,
    SetMarginMode,
    SetRiskLimits,
    SetStop,
    SetTarget,
    Size,
    SizeUnit,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
    Target,
    Withdraw,
)
from tradetui.domain.market_data import Side
from tradetui.domain.order import TimeInForce, Trail, TriggerBy

D = Decimal


class Wishes:
    """Makes commands for one table; `typed` is a price so many ticks from the middle."""

    def __init__(self, chance: random.Random, table: Table, typed: Callable[[int], Decimal]) -> None:
        self.chance = chance
        self.table = table
        self.typed = typed
        self.unit = D(1000) if table.instrument.is_inverse else D(1)
        """Contracts are worth a thousandth of what base is."""

    def other(self) -> AnyCommand:
        """Anything but a new order."""
        chance, symbol = self.chance, self.table.symbol
        ids = list(self.table.state.live) * 3 + list(self.table.state.orders) or ["O-1"]
        makers: list[Callable[[], AnyCommand]] = [
            lambda: Flatten(symbol=chance.choice([symbol, None])),
            lambda: Half(symbol=symbol),
            lambda: Reverse(symbol=symbol, stop=Stop(price=self.typed(chance.randint(-3000, 3000)))),
            lambda: CancelOrder(order_id=chance.choice(ids)),
            CancelAll,
            lambda: SubmitOco(first=self.plain(), second=self.plain()),
            lambda: SubmitOto(first=self.plain(), then=(self.plain(), self.plain())),
            self.scale,
            self.amend,
            self.amend,
            self.amend,
            lambda: SetStop(symbol=symbol, stop=self.stop(self.away())),
            lambda: SetStop(symbol=symbol, stop=self.stop(self.away())),
            lambda: BreakEven(symbol=symbol),
            lambda: SetTarget(symbol=symbol, target=self.target(-self.away()), more=self.more_targets()),
            lambda: SetRiskLimits(daily_loss=chance.choice([D("0.01"), D("0.05")])),
            self.about_money,
            self.about_money,
        ]
        return chance.choice(makers)()

    def about_money(self) -> AnyCommand:
        """Leverage, margins, deposits and withdrawals."""
        chance, symbol = self.chance, self.table.symbol
        amount = self.table.settings.balance * chance.choice([1, 5, 300]) / 1000
        found: list[AnyCommand] = [
            SetLeverage(symbol=symbol, leverage=D(chance.choice([1, 2, 10, 40, 50]))),
            AdjustMargin(symbol=symbol, amount=amount * chance.choice([1, -1])),
            SetMarginMode(mode=chance.choice(list(MarginMode))),
            Deposit(amount=amount),
            Withdraw(amount=amount),
        ]
        return chance.choice(found)

    def plain(self) -> SubmitOrder:
        """A small order without a key of its own."""
        return msgspec.structs.replace(self.order(), key="", size=Size(D("0.004")), reduce_only=False)

    def scale(self) -> SubmitScale:
        """Some limits on the passive side of the market."""
        order = msgspec.structs.replace(self.plain(), limit=None, trigger=None, trail=None, take_profit=False)
        order = msgspec.structs.replace(order, tif=TimeInForce.GTC, expire_after_ns=0, chase=None)
        ticks = -order.side.sign * self.chance.randint(-5, 40)
        last = self.typed(ticks - order.side.sign * self.chance.randint(5, 60))
        return SubmitScale(order=order, first=self.typed(ticks), last=last, count=self.chance.randint(2, 4))

    def amend(self) -> AmendOrder:
        """Change something of an order: smaller, larger, nearer, farther, beyond the market."""
        chance = self.chance
        live = list(self.table.state.live.values())
        order = chance.choice(live) if live else None
        if order is None:
            return AmendOrder(order_id="O-1", qty=D("0.01"))
        lot, tick = self.table.instrument.lot_size, self.table.instrument.tick_size
        qty = order.qty + chance.choice([-3, -1, 1, 5]) * lot
        step = chance.choice([-300, -9, -1, 1, 9, 300]) * tick
        return AmendOrder(
            order_id=order.order_id,
            qty=qty if chance.random() < 0.6 else None,
            limit=order.price + step if order.price is not None and chance.random() < 0.6 else None,
            trigger=order.trigger + step if order.trigger is not None and chance.random() < 0.5 else None,
        )

    def away(self) -> int:
        """Ticks to where the stop of what is held may stand, most of the time on its side."""
        held = self.table.state.holding(self.table.symbol)
        sign = held.side.sign if held is not None else self.chance.choice([-1, 1])
        wild = self.chance.random() < 0.15
        return (sign if wild else -sign) * self.chance.randint(1, 3000)

    def stop(self, ticks: int) -> Stop:
        """A stop at market, one that rests near its trigger, one that follows the price."""
        chance = self.chance
        beside = self.typed(ticks + chance.randint(-30, 30)) if chance.random() < 0.3 else None
        trail = self.trail() if chance.random() < 0.3 else None
        stands = trail is None or trail == Trail() or chance.random() < 0.5
        return Stop(self.typed(ticks) if stands else None, limit=beside, trail=trail, by=self.source())

    def source(self) -> TriggerBy | None:
        """What fires: mostly the last trade."""
        options: list[TriggerBy | None] = [None, None, None, *TriggerBy]
        return self.chance.choice(options)

    def trail(self) -> Trail:
        """A trail by rate or distance, or at the distance that there is; some begin later."""
        chance = self.chance
        kind = chance.randint(0, 4)
        if kind == 0:
            return Trail()
        begins = self.typed(chance.randint(-400, 400)) if chance.random() < 0.3 else None
        if kind <= 2:
            return Trail(rate=D(chance.randint(1, 60)) / 10_000, activation=begins)
        distance = chance.randint(1, 3000) * self.table.instrument.tick_size
        return Trail(distance=distance, activation=begins)

    def target(self, ticks: int) -> Target:
        """A target at a price or in R, for all or a part, resting or conditional."""
        chance = self.chance
        part = Size(D(chance.choice([25, 50, 100])) / 100, SizeUnit.POSITION)
        size = chance.choice([None, None, part, Size(D("0.01") * self.unit)])
        if chance.random() < 0.4:
            return Target(r=D(chance.randint(1, 4)), size=size, market=chance.random() < 0.3)
        limit = self.typed(ticks + chance.randint(-20, 20)) if chance.random() < 0.2 else None
        return Target(price=self.typed(ticks), size=size, market=chance.random() < 0.3, limit=limit)

    def more_targets(self) -> tuple[Target, ...]:
        """None, one or two beside the first."""
        return tuple(self.target(-self.away()) for _ in range(self.chance.choice([0, 0, 0, 1, 2])))

    def order(self) -> SubmitOrder:
        """An order of any type: an entry with stop and targets, or an exit of its own."""
        chance = self.chance
        side = self.side()
        away = -side.sign * chance.randint(60, 3000)
        waits: dict[str, Any] = chance.choice(
            [
                *[lambda _: {}, lambda _: {}, self.at_limit, self.at_trigger],
                *[self.at_touch, self.behind, self.chasing],
            ]
        )(side)
        has_limit = waits.get("limit") is not None
        times = [TimeInForce.IOC, TimeInForce.FOK] if has_limit or not waits else [TimeInForce.GTC]
        tif = chance.choice([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTD, *times])
        targets = [self.target(-away) for _ in range(chance.choice([0, 1, 1, 2, 3]))]
        return SubmitOrder(
            symbol=self.table.symbol,
            side=side,
            size=self.size(),
            stop=self.stop(away) if chance.random() < 0.95 else None,
            target=targets[0] if targets else None,
            more_targets=tuple(targets[1:]),
            tif=tif,
            expire_after_ns=chance.choice([MS, 90 * SECOND, 9000 * SECOND]) if tif is TimeInForce.GTD else 0,
            trigger_by=self.source() or TriggerBy.LAST,
            post_only=has_limit and chance.random() < 0.15,
            reduce_only=chance.random() < 0.06,
            key=chance.choice(["", "", "k1", f"k{chance.randint(2, 999)}"]),
            **waits,
        )

    def side(self) -> Side:
        """Either side; on spot mostly one that there is something for."""
        flat = self.table.state.holding(self.table.symbol) is None
        if self.table.instrument.is_spot and flat and self.chance.random() < 0.9:
            return Side.BUY
        return self.chance.choice([Side.BUY, Side.SELL])

    def size(self) -> Size:
        """A size in any unit; all of the position mostly where there is one."""
        chance = self.chance
        flat = self.table.state.holding(self.table.symbol) is None
        everything = [Size(D(1), SizeUnit.POSITION)] if not flat or chance.random() < 0.1 else []
        return chance.choice(
            [
                *everything,
                Size(D(chance.choice(["0.001", "0.01", "0.1", "0.5"])) * self.unit),
                Size(D(chance.choice(["0.001", "0.01", "0.02"])) * self.unit),
                Size(D(chance.randint(50, 5000)), SizeUnit.QUOTE),
                Size(D("0.1"), SizeUnit.EQUITY),
                Size(D(chance.choice(["0.25", "1", "2"])), SizeUnit.RISK),
                Size(D(chance.choice(["0.25", "0.5"])), SizeUnit.RISK),
                Size(D(1), SizeUnit.POSITION),
            ]
        )

    def at_limit(self, _: Side) -> dict[str, Any]:
        """A limit near the market, on either side of it."""
        return {"limit": self.typed(self.chance.randint(-40, 40))}

    def at_trigger(self, side: Side) -> dict[str, Any]:
        """A stop order, with or without a limit."""
        ticks = side.sign * self.chance.randint(1, 60)
        return {"trigger": self.typed(ticks), "limit": self.beside(ticks)}

    def at_touch(self, side: Side) -> dict[str, Any]:
        """An order that waits for a better price."""
        ticks = -side.sign * self.chance.randint(1, 60)
        return {"trigger": self.typed(ticks), "limit": self.beside(ticks), "take_profit": True}

    def chasing(self, _: Side) -> dict[str, Any]:
        """A limit that follows the touch."""
        chance = self.chance
        distance = chance.choice([None, chance.randint(1, 60) * self.table.instrument.tick_size])
        return {
            "chase": Follow(distance=distance, most=chance.choice([None, 1, 3]), take=chance.random() < 0.5)
        }

    def behind(self, _: Side) -> dict[str, Any]:
        """An order whose trigger follows the price."""
        return {"trail": self.trail(), "limit": self.beside(0)}

    def beside(self, ticks: int) -> Decimal | None:
        return self.typed(ticks + self.chance.randint(-30, 30)) if self.chance.random() < 0.4 else None
