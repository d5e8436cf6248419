"""What the account is worth and what is at risk, at the prices known now."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FundingRate, Side
from tradetui.domain.number import ZERO
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.position import Position
from tradetui.domain.rule import LOSSES, Action, Rule
from tradetui.engine.desk import Desk
from tradetui.engine.margins import Margins
from tradetui.state import State
from tradetui.trading import account, costs, risk
from tradetui.trading.daybook import DayBook
from tradetui.trading.limits import DAILY_LOSS, RiskLimits
from tradetui.trading.risk import Budget
from tradetui.trading.settings import EngineSettings
from tradetui.trading.thresholds import Standing, amount_of, room_of


class Books:
    """Equity, the day's profit or loss, and the budget that is left."""

    def __init__(self, settings: EngineSettings, state: State, desks: dict[str, Desk]) -> None:
        self.settings = settings
        self.state = state
        self.desks = desks
        self.margins = Margins(self.state, settings.margin_rules, self.valuation)

    def valuation(self, symbol: str) -> Decimal | None:
        """The price that a position is valued at: of the market, else of the last own fill."""
        desk = self.desks.get(symbol)
        if desk is not None and desk.value is not None:
            return desk.value
        return self.state.last_prices.get(symbol)

    def is_priced(self, symbol: str) -> bool:
        """Whether the valuation comes from this run's market."""
        desk = self.desks.get(symbol)
        return desk is not None and desk.value is not None

    def unrealized(self, symbol: str) -> Decimal:
        """Open profit of a position; what is frozen on spot is lost."""
        position = self.state.positions.get(symbol)
        price = self.valuation(symbol)
        if position is not None and self._is_frozen(symbol):
            price = ZERO
        if position is None or price is None:
            return ZERO
        return account.unrealized(position, self.state.instruments[symbol], price)

    def equity(self) -> Decimal:
        """Cash, margins and open profit; on spot the worth of what is held."""
        total = self.state.cash(self.state.currency) + self.fee_asset_worth()
        for symbol, position in self.state.positions.items():
            instrument = self.state.instruments[symbol]
            if instrument.settle != self.state.currency:
                continue
            if self._is_frozen(symbol):
                continue
            if instrument.is_spot:
                total += position.signed_qty * (self.valuation(symbol) or position.entry_price)
            else:
                total += position.margin + self.unrealized(symbol)
        return total

    def asset_price(self, asset: str) -> Decimal | None:
        """What a unit of an asset is worth in the account's currency; None where that was never known."""
        desk = self.desks.get(f"{asset}/{self.state.currency}")
        bid = desk.best(Side.SELL) if desk is not None else None
        return bid or self.state.funds.prices.get(asset)

    def fee_asset_left(self) -> Decimal:
        """How much of the asset that pays fees is there beside what positions hold of it."""
        asset = self.settings.third_asset
        if not asset:
            return ZERO
        held = (self.state.instruments[symbol] for symbol in self.state.positions)
        bound = (
            self.state.positions[each.symbol].signed_qty
            for each in held
            if each.is_spot and each.base == asset
        )
        return max(ZERO, self.state.cash(asset) - sum(bound, ZERO))

    def fee_asset_worth(self) -> Decimal:
        """What that is worth."""
        left = self.fee_asset_left()
        return left * (self.asset_price(self.settings.third_asset) or ZERO) if left else ZERO

    def fee_choice(self, instrument: Instrument) -> account.FeeChoice:
        """In what the fees of an instrument are paid now."""
        settings = self.settings
        asset = settings.third_asset
        if not asset or not instrument.is_spot or instrument.quote != self.state.currency:
            return account.FeeChoice(settings.fee_asset if not asset else account.RECEIVED)
        price, left = self.asset_price(asset), self.fee_asset_left()
        return account.FeeChoice(asset, settings.fee_multiplier, price, left)

    def balance(self) -> Decimal:
        """Equity without open profit."""
        return self.equity() - self._open_profit()

    def _open_profit(self) -> Decimal:
        total = ZERO
        for symbol in self.state.positions:
            if self.state.instruments[symbol].settle == self.state.currency:
                total += self.unrealized(symbol)
        return total

    def is_fresh(self) -> bool:
        """Whether every position is valued at a price of this moment."""
        return all(self._is_fresh(s) for s in self.state.positions if not self._is_frozen(s))

    def _is_frozen(self, symbol: str) -> bool:
        """Whether it is spot that no venue buys any more (E-08)."""
        instrument = self.state.instruments[symbol]
        return instrument.is_spot and instrument.is_gone

    def _is_fresh(self, symbol: str) -> bool:
        desk = self.desks.get(symbol)
        return desk is not None and desk.value is not None and desk.is_fresh and not desk.recovering

    def standing(self) -> Standing:
        """Where the account stands, for the rules; before it is open, with the deposit to come."""
        state, unit = self.state, self.limits.risk_per_trade
        if not state.account:
            deposit = self.settings.balance
            book = DayBook().opened(deposit)
            return Standing(equity=deposit, balance=deposit, flows=ZERO, book=book, risk_per_trade=unit)
        equity = self.equity()
        return Standing(
            equity=equity,
            balance=equity - self._open_profit(),
            flows=state.flows,
            book=state.day.book,
            risk_per_trade=unit,
        )

    def day_pnl(self) -> Decimal:
        """Equity now less the equity at the start of the trading day and what was paid in since."""
        session = self.state.session
        return self.equity() - session.anchor - self.state.day_flows if session is not None else ZERO

    def daily_limit(self) -> Decimal:
        """L: what may be lost in this trading day."""
        rule = self.limits.rule(DAILY_LOSS)
        return amount_of(rule, self.standing()) if rule is not None else self.head_room()

    @property
    def limits(self) -> RiskLimits:
        """The limits that hold now."""
        return self.state.risk_limits if self.state.limits else self.settings.limits

    def head_room(self) -> Decimal:
        """H: what may still be lost until the nearest limit is reached."""
        return self.tightest()[1]

    def tightest(self) -> tuple[Rule | None, Decimal]:
        """The loss limit that is nearest, and what is left until it; never more than all of equity."""
        return self._tightest(self.standing())

    def _tightest(self, standing: Standing) -> tuple[Rule | None, Decimal]:
        rooms = [
            (room_of(rule, standing), rule.name, rule)
            for rule in self.limits.rules
            if rule.kind in LOSSES and Action.BLOCK in rule.actions
        ]
        if not rooms:
            return None, standing.equity
        room, _, rule = min(rooms, key=lambda found: found[:2])
        return rule, min(room, standing.equity)

    def r_value(self) -> Decimal:
        """Money of 1 R of size."""
        return self.limits.risk_per_trade * self.equity()

    def budget(self) -> Budget:
        """Everything that a new order is held against; the account is open by then."""
        limits, standing = self.limits, self.standing()
        return Budget(
            head_room=self._tightest(standing)[1],
            open_risk=self.open_risk(),
            r_value=limits.risk_per_trade * standing.equity,
            max_risk_per_trade=limits.max_risk_per_trade,
            max_open_risk=limits.max_open_risk,
        )

    def open_risk(self, *, moved: str = "", stop: Decimal | None = None) -> Decimal:
        """R_open: from marks to stops, and the planned risk of entries; `moved` asks with another stop."""
        total = ZERO
        for symbol, position in self.state.positions.items():
            trigger = stop if symbol == moved else self._stop_price(symbol)
            total += self._position_risk(position, trigger) + self.funding_due(position)
        for order in self.state.live.values():
            if order.role is OrderRole.ENTRY and order.planned_risk:
                total += risk.left_at_risk(order)
        return total

    def funding_rate(self, symbol: str) -> FundingRate | None:
        """What is predicted for a symbol's next funding time."""
        desk = self.desks.get(symbol)
        return desk.market.funding if desk is not None else None

    def funding_due(self, position: Position) -> Decimal:
        """What a position will pay before the day ends, as far as known; zero where it receives (R-RSK-4)."""
        waiting = self.state.funds.pending.get(position.symbol)
        due = max(ZERO, -waiting.amount) if waiting is not None else ZERO
        rate, session = self.funding_rate(position.symbol), self.state.session
        if rate is None or session is None or not self.state.last_ts < rate.next_ts < session.end_ts:
            return due
        received = costs.funding(
            self.state.instruments[position.symbol],
            signed_qty=position.signed_qty,
            mark=self.margins.mark(position),
            rate=Decimal(repr(rate.rate)),
        )
        return due + max(ZERO, -received)

    def _stop_price(self, symbol: str) -> Decimal | None:
        """Where a position's stop stands, or one that is on its way will: the farther of them."""
        stop = self.state.stop_of(symbol)
        if stop is None or stop.trigger is None or stop.pending_cancel:
            return None
        sent = [
            order.trigger
            for order in self.state.live.values()
            if order.symbol == symbol
            and order.role is OrderRole.PROTECTIVE
            and order.state is OrderState.SUBMITTED
            and order.trigger is not None
        ]
        return min(stop.trigger, *sent, key=lambda price: -stop.side.sign * price) if sent else stop.trigger

    def _position_risk(self, position: Position, trigger: Decimal | None) -> Decimal:
        instrument = self.state.instruments[position.symbol]
        mark = self.valuation(position.symbol) or position.entry_price
        if self.state.is_dust(position.symbol) or instrument.is_gone:
            return ZERO
        if trigger is None:
            return instrument.notional(position.qty, mark) * self.settings.unstopped_risk
        return risk.stop_risk(
            instrument, position.signed_qty, mark=mark, stop=trigger, slip=self.settings.slip
        )

    def liquidation_price(self, symbol: str) -> Decimal | None:
        """Where a position would be liquidated, exactly; None on spot and when flat."""
        position = self.state.positions.get(symbol)
        return self.margins.liquidation_of(position) if position is not None else None
