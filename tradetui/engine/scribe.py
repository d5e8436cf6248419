"""Writes events: numbers them, applies each to the state at once, and hands them over."""

from __future__ import annotations

import msgspec

from tradetui.domain.event import AnyBody, Event, Noted, OrderChanged, Posting
from tradetui.domain.order import Order, OrderState
from tradetui.domain.reply import Reason, Refusal
from tradetui.state import State


class Scribe:
    """The one place where events are made; what one input causes is one transaction."""

    def __init__(self, state: State, *, account: str, realism: str = "") -> None:
        self.state = state
        self.realism = realism
        """Stamped on each new order."""
        self.account = state.account or account
        self.ts = state.last_ts
        """Engine time, nanoseconds UTC; never goes back (R-TIM-1)."""
        self.steady_ahead = 0
        """How far steady time is ahead of engine time: above zero only after the wall clock was set back."""
        self.key = ""
        """The idempotency key of the command that is being carried out."""
        self.received_ts = 0
        self.fills_before = state.fill_count
        """How many fills there were when the present transaction began."""
        self._written: list[Event] = []
        self._order_number = state.order_number

    @property
    def steady_ts(self) -> int:
        """The time that latencies are counted in."""
        return self.ts + self.steady_ahead

    @property
    def has_written(self) -> bool:
        """Whether this input has led to anything so far."""
        return bool(self._written)

    def wrote_only_orders(self, *, since: int) -> bool:
        """Whether all after an event are of this input and tell of orders."""
        first = len(self._written) - (self.state.seq - since)
        is_whole = 0 <= first <= len(self._written)
        return is_whole and all(type(event.body) is OrderChanged for event in self._written[first:])

    def take(self) -> tuple[Event, ...]:
        """The events since the last call."""
        if not self._written:
            return ()
        written, self._written = tuple(self._written), []
        self.fills_before = self.state.fill_count
        return written

    def write(
        self,
        body: AnyBody,
        *,
        symbol: str = "",
        order_id: str = "",
        postings: tuple[Posting, ...] = (),
        key: str = "",
    ) -> None:
        """Make an event and apply it; `key` is that of something that happens once without a command."""
        event = Event(
            seq=self.state.seq + 1,
            ts=self.ts,
            account=self.account,
            body=body,
            symbol=symbol,
            order_id=order_id,
            key=key or self.key,
            ts_received=self.received_ts,
            postings=postings,
        )
        self.state.apply(event)
        self._written.append(event)

    def order(self, order: Order, refusal: Refusal | None = None) -> Order:
        """Write an order as it is now."""
        if not order.realism and order.order_id not in self.state.orders:
            order = msgspec.structs.replace(order, realism=self.realism)
        self.write(OrderChanged(order=order, refusal=refusal), symbol=order.symbol, order_id=order.order_id)
        return order

    def move(self, order: Order, state: OrderState, reason: Reason | str = "", **changes: object) -> Order:
        """Write an order's step to another state."""
        moved = order.to(state, str(reason))
        return self.order(msgspec.structs.replace(moved, **changes) if changes else moved)

    def note(self, what: str, text: str, *, symbol: str = "", refusal: Refusal | None = None) -> None:
        """Write something that changes no state."""
        self.write(Noted(what=what, text=text, refusal=refusal), symbol=symbol)

    def note_once(self, what: str, text: str, *, symbol: str, order_id: str) -> None:
        """Write a note about an order, unless this input led to one of its kind."""
        told = ((event.order_id, event.body) for event in self._written)
        if not any(name == order_id and isinstance(body, Noted) and body.what == what for name, body in told):
            self.write(Noted(what=what, text=text), symbol=symbol, order_id=order_id)

    def next_order_id(self) -> str:
        """The next id; the same in every run of the same inputs."""
        self._order_number = max(self._order_number, self.state.order_number) + 1
        return f"O-{self._order_number}"

    def next_fill_id(self) -> str:
        """The next fill's id."""
        return f"F-{self.state.fill_count + 1}"
