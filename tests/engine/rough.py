"""What a market and two clocks do seldom by chance, done on purpose: each kind of evidence is to occur."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.engine.market import MS, SECOND, Table
from tradetui.domain.command import Flatten, Size, SizeUnit, Stop, SubmitOrder, Target
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderRole

if TYPE_CHECKING:
    from tests.engine.test_any_market import Script

HOUR = 3600 * SECOND


class Rough:
    """Moves of a script whose odds are small where nobody aims."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.chance = script.chance

    @property
    def table(self) -> Table:
        return self.script.table

    def moves(self) -> list[Callable[[], None]]:
        return [self.work_queue] * 4 + [self.stay_crossed] + [self.plunge] + [self.set_clock]

    # --- the queue

    def work_queue(self) -> None:
        """Prints at the price of an own resting order; one is laid down where there is none."""
        resting = self._resting()
        if not resting:
            self.script.press(self.passive())
            resting = self._resting()
        if resting:
            order = self.chance.choice(resting)
            self.script.hold_against(lambda: self._work(order))

    def _resting(self) -> list[Order]:
        live = self.table.state.live_of(self.table.symbol)
        return [each for each in live if self.table.engine.queue_ahead(each.order_id) is not None]

    def passive(self) -> SubmitOrder:
        """An entry that rests just behind the middle."""
        script, side = self.script, self.script.wishes.side()
        away = side.sign * self.chance.randint(200, 2500)
        return SubmitOrder(
            symbol=self.table.symbol,
            side=side,
            size=Size(Decimal(self.chance.choice(["0.05", "0.2"])), SizeUnit.EQUITY),
            stop=Stop(script.typed(-away)),
            target=Target(price=script.typed(away)) if self.chance.random() < 0.5 else None,
            limit=script.typed(-side.sign * self.chance.randint(4, 9)),
        )

    def _work(self, order: Order) -> None:
        """The market comes to the order, and its queue is eaten: not all, just all, and more."""
        script, chance, price = self.script, self.chance, float(order.price or 0)
        if chance.random() < 0.7:
            ticks = order.side.sign * chance.randint(1, 4)
            script.middle = round(max(script.least, price + ticks * script.tick), script.digits)
            script.tell(*script.book())
        for _ in range(chance.randint(1, 3)):
            self._eat(order.order_id, order.side.opposite, price)
            self.table.tick(chance.choice([0, 0, 40, 1100]) * MS)

    def _eat(self, order_id: str, side: Side, price: float) -> None:
        ahead, lot = self.table.engine.queue_ahead(order_id), self.table.instrument.lot_size
        if ahead is not None:
            leaves = self.table.state.orders[order_id].leaves
            more = self.chance.choice([-lot, Decimal(0), lot, leaves // 2, leaves, 3 * leaves])
            self.table.trade(price, float(max(lot, ahead + more)), side)

    # --- books that stay crossed

    def stay_crossed(self) -> None:
        """The book crosses and stays so for moments or seconds, with an exit that waits for it or without."""
        script, chance = self.script, self.chance
        bids, asks = script.book()
        if bids and asks:
            by = 5 * chance.randint(1, 20) * script.tick
            if chance.random() < 0.5:
                bids = [(round(asks[0][0] + by, script.digits), bids[0][1]), *bids]
            else:
                asks = [(round(bids[0][0] - by, script.digits), asks[0][1]), *asks]
            script.tell(bids, asks)
            entered = script.entry_fills()
            self._wait_for_it()
            assert script.entry_fills() == entered, "I-16"
        if chance.random() < 0.8:
            script.tell(*script.book())

    def _wait_for_it(self) -> None:
        chance, table = self.chance, self.table
        for _ in range(chance.randint(1, 4)):
            kind = chance.random()
            if kind < 0.4:
                table.do(Flatten())
            elif kind < 0.6:
                self._fire()
            elif kind < 0.7:
                self.script.command()
            table.now += chance.choice([5, 300, 600, 1100]) * MS
            table.tell_clocks()

    def _fire(self) -> None:
        """A print at the stop or beyond."""
        stops = [o for o in self.table.state.live_of(self.table.symbol) if o.role is OrderRole.PROTECTIVE]
        if stops and stops[0].trigger is not None:
            beyond = stops[0].side.sign * self.chance.randint(0, 30) * self.script.tick
            price = round(max(self.script.least, float(stops[0].trigger) + beyond), self.script.digits)
            self.table.trade(price, 0.5, stops[0].side)

    # --- liquidations

    def plunge(self) -> None:
        """A mark, or a book where there is no mark, near the liquidation price or beyond it."""
        script, chance, table = self.script, self.chance, self.table
        held, ends = table.state.holding(table.symbol), table.engine.liquidation_price(table.symbol)
        if held is None or ends is None:
            return
        worse = chance.choice([-0.001, 0.0, 0.001, 0.004, 0.02])
        price = round(max(script.least, float(ends) * (1 - held.side.sign * worse)), script.digits)
        if script.marked:
            table.mark(price)
        else:
            script.middle = price
            script.tell(*script.book())

    # --- two clocks

    def set_clock(self) -> None:
        """The wall clock drifts from the steady one, is set forward or back, or lost what was slept."""
        chance, table = self.chance, self.table
        ns = chance.choice(
            [MS, 900 * MS, 1100 * MS, 3 * SECOND, chance.choice([20 * SECOND, HOUR, 30 * HOUR])]
        )
        kind = chance.choice(["forward", "back", "slept"])
        table.tell_clocks()
        if kind != "slept":
            table.now += ns if kind == "forward" else -ns
        table.set_by += ns if kind == "forward" else -ns
        if chance.random() < 0.7:
            table.tell_clocks()
        if ns > SECOND and chance.random() < 0.5:
            self.script.command()
            self.script.tell(*self.script.book())
