"""The trading day: its roll, its loss limit, the lock (sections 3 and 13).

Equity is watched, open loss included. A breach is written, the day is locked until the next session,
entries are canceled and positions closed, all in the transaction of the input that caused it.
"""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.calendar import Session, TradingCalendar
from tradetui.domain.command import Reason
from tradetui.domain.event import AccountOpened, LimitBreached, LimitsChanged, Locked, SessionRolled, Unlocked
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, TimeInForce
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import money
from tradetui.state import WARNED
from tradetui.trading import ledger, risk
from tradetui.trading.settings import EngineSettings, RiskLimits

DAILY_LOSS = "daily_loss"


class DayWatch:
    """Opens the account, rolls sessions, and locks the day when its limit is reached."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, books: Books) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self._configured = False

    @property
    def end_ts(self) -> int:
        """When the next trading day begins; 0 before the first input."""
        return self.state.session.end_ts if self._configured and self.state.session is not None else 0

    # --- the day

    def begin(self, ts: int) -> None:
        """Open the account at the first input, or see to it that changed settings act when they may."""
        self._configured = True
        if not self.state.account:
            self._open(ts)
        else:
            self.wish(self.settings.limits, self.settings.zone, self.settings.roll)

    def _open(self, ts: int) -> None:
        settings = self.settings
        opened = AccountOpened(
            account=settings.account,
            currency=settings.currency,
            balance=settings.balance,
            leverage=settings.leverage,
            zone=settings.zone,
            roll=settings.roll,
            margin_mode=settings.margin_mode,
        )
        own = ledger.cash(settings.currency)
        self.scribe.write(
            opened, postings=ledger.transfer(ledger.EXTERNAL, own, settings.currency, settings.balance)
        )
        now = self._texts(settings.limits, settings.zone, settings.roll)
        self.scribe.write(LimitsChanged(now=now, next_session={}))
        session = self._calendar().session_at(ts)
        self._roll_to(session, start_ts=session.start_ts)

    def roll_through(self, ts: int) -> None:
        """Roll every session whose end has come, in order; missed ones with the best known equity."""
        while self.state.session is not None and self.state.session.end_ts <= ts:
            boundary = self.state.session.end_ts
            self.scribe.ts = max(self.scribe.ts, boundary)
            self.scribe.received_ts = boundary
            if self.state.next_limits:
                self.scribe.write(LimitsChanged(now=self.state.next_limits, next_session={}))
            self._roll_to(self._session_after(boundary), start_ts=boundary)
            if self.state.lock is not None and self.state.lock.until_ts <= boundary:
                self.scribe.write(Unlocked())

    def _session_after(self, boundary: int) -> Session:
        """The session that begins at a boundary: its id is above the last one's (R-TIM-7, R-TIM-8)."""
        calendar = self._calendar()
        session = calendar.session_at(boundary)
        last = self.state.session.session_id if self.state.session is not None else ""
        while session.session_id <= last or session.end_ts <= boundary:
            session = calendar.session_at(session.end_ts)
        return session

    def _roll_to(self, session: Session, *, start_ts: int) -> None:
        estimated = any(not self.books.is_priced(symbol) for symbol in self.state.positions)
        self.scribe.write(
            SessionRolled(
                session_id=session.session_id,
                start_ts=start_ts,
                end_ts=session.end_ts,
                anchor=self.books.equity(),
                estimated=estimated,
            )
        )

    def _calendar(self) -> TradingCalendar:
        return TradingCalendar(self.state.limits["zone"], self.state.limits["roll"])

    # --- limits

    def _texts(self, limits: RiskLimits, zone: str, roll: str) -> dict[str, str]:
        return {**limits.texts(), "zone": zone, "roll": roll}

    def wish(self, limits: RiskLimits, zone: str, roll: str) -> bool:
        """Take limits: tighter ones now, looser ones at the next roll (R-LCK-2); True if any changed."""
        anchor = self.state.session.anchor if self.state.session is not None else ZERO
        now = self.state.risk_limits.tightened(limits, anchor)
        texts = self._texts(now, self.state.limits["zone"], self.state.limits["roll"])
        wished = self._texts(limits, zone, roll)
        later = wished if wished != texts else {}
        if texts == self.state.limits and later == self.state.next_limits:
            return False
        self.scribe.write(LimitsChanged(now=texts, next_session=later))
        return True

    # --- the loss

    def evaluate(self) -> None:
        """Hold the day's profit or loss against the limit: warn, or breach and lock (13.3)."""
        if self.state.session is None:
            return
        pnl, limit = self.books.day_pnl(), self.books.daily_limit()
        if self.state.lock is not None:
            if pnl <= -limit * self.settings.forced_flatten:
                self.flatten_all()
        elif pnl <= -limit:
            self._breach(pnl, limit)
        else:
            self._warn(pnl, limit)

    def _warn(self, pnl: Decimal, limit: Decimal) -> None:
        used = -pnl / limit
        if used < self.settings.warn_at[0]:
            return
        reached = max((part for part in self.settings.warn_at if part <= used), default=ZERO)
        if reached > self.state.warned_at:
            numbers = {WARNED: reached, "day_pnl": pnl, "limit": limit}
            self.scribe.write(LimitBreached(rule=DAILY_LOSS, numbers=numbers, warning=True))

    def _breach(self, pnl: Decimal, limit: Decimal) -> None:
        numbers = {"day_pnl": pnl, "limit": limit, "overshoot": -pnl - limit}
        self.scribe.write(LimitBreached(rule=DAILY_LOSS, numbers=numbers))
        self._lock(f"daily loss of {money(limit)} {self.state.currency} reached")
        if self.settings.flatten_on_breach:
            self.flatten_all()

    def _lock(self, why: str) -> None:
        if self.state.session is None:
            return
        text = f"{why}: locked until the trading day after {self.state.session.session_id}"
        self.scribe.write(Locked(rule=DAILY_LOSS, until_ts=self.state.session.end_ts, text=text))
        self.cancel_entries()

    def lock_if_spent(self) -> None:
        """Lock the day when its head-room carries no order any more (R-RSK-5); asked when flat."""
        if self.state.lock is not None or self.state.session is None or self._is_at_risk():
            return
        smallest = [
            amount for symbol in self.flow.desks if (amount := self._smallest_risk(symbol)) is not None
        ]
        head_room = self.books.head_room()
        if smallest and head_room < min(smallest):
            numbers = {"head_room": head_room, "needed": min(smallest), "limit": self.books.daily_limit()}
            self.scribe.write(LimitBreached(rule=DAILY_LOSS, numbers=numbers))
            left = f"{money(head_room)} {self.state.currency} of the daily loss is left"
            self._lock(f"{left}, too little for any order")

    def _is_at_risk(self) -> bool:
        return any(self.state.holding(symbol) is not None for symbol in self.state.positions)

    def _smallest_risk(self, symbol: str) -> Decimal | None:
        """What the smallest order of an instrument risks with a stop one tick away."""
        desk = self.flow.desks[symbol]
        price = desk.best(Side.BUY)
        instrument = desk.instrument
        if price is None or instrument.settle != self.state.currency or price <= instrument.tick_size:
            return None
        stop = price - instrument.tick_size
        unit = risk.unit_risk(instrument, price, stop, fee_in=instrument.taker_fee, slip=self.settings.slip)
        return shape.smallest_qty(instrument, price) * unit

    # --- exits by force

    def cancel_entries(self, symbol: str | None = None) -> None:
        """Take every entry out at once, also those on their way."""
        for order in list(self.state.live.values()):
            wanted = order.role is OrderRole.ENTRY and symbol in (None, order.symbol)
            if wanted and order.order_id in self.state.live:
                self.flow.cancel_now(order, Reason.LOCKED if self.state.lock else Reason.USER)

    def flatten_all(self) -> None:
        """Close every position."""
        for symbol in list(self.state.positions):
            self.flatten(symbol)

    def flatten(self, symbol: str) -> Order | None:
        """Send one closing order for a position; None where nothing is left to close."""
        position = self.state.holding(symbol)
        closing = any(o.role is OrderRole.FLATTEN for o in self.state.live_of(symbol))
        if position is None or closing:
            return None
        desk = self.flow.desks[symbol]
        order = Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            symbol=symbol,
            side=position.side.opposite,
            type=OrderType.MARKET,
            qty=desk.exit_qty(),
            tif=TimeInForce.IOC,
            reduce_only=True,
            close_position=True,
            role=OrderRole.FLATTEN,
            arrival_mid=desk.mid(),
            state=OrderState.NEW,
        )
        return self.flow.send(order, latency_ns=self.settings.entry_ns)
