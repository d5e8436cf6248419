"""What has happened, in sentences that a trader reads once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from tradetui.domain.event import (
    AnyBody,
    ClockJumped,
    Event,
    Filled,
    GapEvaluated,
    LimitBreached,
    Locked,
    Noted,
    OrderChanged,
    SessionRolled,
    StopLoosened,
    TriggerSourceFallback,
    Unlocked,
)
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedState, FeedStatus, Side
from tradetui.domain.number import MONEY, ZERO, canonical, money_scale
from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.reply import Reason, Refusal
from tradetui.domain.view import Notice
from tradetui.engine.stuck import UNFILLED
from tradetui.engine.vigil import SILENT
from tradetui.runtime.databoard import DATA, LOSS, SOURCE, STOP
from tradetui.runtime.lockwords import limit_words, lock_words, rule_name
from tradetui.runtime.notices_money import money_words
from tradetui.runtime.reasons import reason_words
from tradetui.state import State

_SECOND: Final = 1_000_000_000
_TOGETHER_NS: Final = 2_000_000_000
_LOST: Final = frozenset(
    {FeedState.DOWN, FeedState.GAP, FeedState.STALE, FeedState.CROSSED, FeedState.HALTED}
)
_DONE: Final = frozenset({OrderState.CANCELED, OrderState.EXPIRED, OrderState.EXPIRED_IN_MATCH})
_QUIET: Final = frozenset(
    {Reason.REPLACED, Reason.POSITION_CLOSED, Reason.PARENT_CANCELED, Reason.LIQUIDATION}
)
"""Why orders go that nobody has to be told about: the fill that led to it is told."""
_CALM: Final = frozenset({Reason.OTHER_FILLED, Reason.GTD_ENDED})
"""Why orders go as they were meant to."""
_NOTED: Final = {
    "alarm": "warning",
    "ignored_terminal": "info",
    "amend_rejected": "warning",
    "chase_ended": "info",
    "assumed": "info",
    "left_out": "warning",
}
"""Notes that are told, and how loud."""
_WHY: Final[dict[OrderRole, str]] = {
    OrderRole.TAKE_PROFIT: "target reached: ",
    OrderRole.FLATTEN: "closed: ",
    OrderRole.LIQUIDATION: "liquidated: ",
}


def describe(events: Sequence[Event], state: State, *, asked: bool = False) -> tuple[Notice, ...]:
    """What one transaction means; `state` is the state after it.

    With `asked` somebody waits for the reply to a command and reads its refusal there.
    """
    return (*_fills(events, state), *_others(events, state, asked=asked))


def refusal_text(refusal: Refusal) -> str:
    """A refusal with what would have passed."""
    return f"refused: {refusal.text}{f'; {refusal.mend}' if refusal.mend else ''}"


class FeedWatch:
    """Says when the data of a symbol is lost and when it is back."""

    def __init__(self) -> None:
        self._states: dict[str, FeedState] = {}
        self.latest: dict[str, FeedStatus] = {}
        """The newest status of each symbol, also of one that is not listed yet."""
        self._said: tuple[FeedState, str] = (FeedState.CONNECTING, "")
        self._said_ts = 0
        self._words: dict[str, str] = {}

    def changed(self, status: FeedStatus) -> Notice | None:
        """What a status means to the trader; None where it says nothing new.

        A lost connection loses every symbol at once and is told once, for the first of them.
        """
        self.latest[status.symbol] = status
        before = self._states.get(status.symbol, FeedState.CONNECTING)
        lost = before in _LOST
        words = status.text if status.state is FeedState.STREAMING else ""
        before_words, self._words[status.symbol] = self._words.get(status.symbol, ""), words
        if words and words != before_words and not lost:
            self._states[status.symbol] = status.state
            return self._once(status, _of_data(status, "warning", f"{status.symbol}: {words}"))
        if status.state is before:
            return None
        if status.state in _LOST:
            self._states[status.symbol] = status.state
            return self._once(status, _of_data(status, "warning", _lost_words(status), kind=LOSS))
        if status.state is FeedState.CONNECTING and lost:
            return None  # still lost; told when it is back
        self._states[status.symbol] = status.state
        if not lost:
            return None
        return self._once(status, _of_data(status, "info", f"{status.symbol}: data is back"))

    def _once(self, status: FeedStatus, notice: Notice) -> Notice | None:
        said, recent = (status.state, status.text), status.ts_received - self._said_ts < _TOGETHER_NS
        if said == self._said and recent:
            return None
        self._said, self._said_ts = said, status.ts_received
        return notice


def _of_data(status: FeedStatus, severity: str, text: str, *, kind: str = DATA) -> Notice:
    """What is newly known of the data of a symbol."""
    return Notice(status.ts_received, severity, text, f"{kind}{status.symbol}")


def _lost_words(status: FeedStatus) -> str:
    why = f": {status.text}" if status.text else ""
    again = f"; next try in {status.retry_s:.0f} s" if status.retry_s else ""
    return f"{status.symbol} {status.state.value}{why}{again}"


# --- fills: the levels of one execution are one sentence


def _fills(events: Sequence[Event], state: State) -> Iterator[Notice]:
    by_order: dict[str, list[Fill]] = {}
    for event in events:
        if isinstance(event.body, Filled):
            by_order.setdefault(event.body.fill.order_id, []).append(event.body.fill)
    for order_id, fills in by_order.items():
        yield _filled(state.orders[order_id], fills, state)


def _filled(order: Order, fills: list[Fill], state: State) -> Notice:
    last = fills[-1]
    qty = sum((fill.qty for fill in fills), ZERO)
    price = _price(state, last.symbol, _average(state.instruments[last.symbol], fills))
    verb = "bought" if last.side is Side.BUY else "sold"
    text = f"{_why(order, state)}{verb} {canonical(qty)} {last.symbol} at {price}"
    text += " avg" if len({fill.price for fill in fills}) > 1 else ""
    text += f", fee {_amount(sum((fill.fee for fill in fills), ZERO))}"
    text += "" if last.fee_asset == state.currency else f" {last.fee_asset}"
    pnl = sum((fill.realized_pnl for fill in fills), ZERO)
    text += f", result {pnl:+,.{money_scale(state.currency)}f} before fees" if pnl else ""
    text += "" if order.state.is_terminal else f" ({canonical(order.leaves)} to go)"
    text += ", filled while canceling" if order.pending_cancel else ""
    return Notice(last.ts, _severity(order), text)


def _average(instrument: Instrument, fills: list[Fill]) -> Decimal:
    """The average price; of inverse contracts by their worth."""
    price, held = fills[0].price, fills[0].qty
    for fill in fills[1:]:
        price = instrument.average_price(held, price, fill.qty, fill.price)
        held += fill.qty
    return price


def _why(order: Order, state: State) -> str:
    if order.role is OrderRole.PROTECTIVE and order.trigger is not None:
        return f"stop fired at {_price(state, order.symbol, order.trigger)}: "
    return _WHY.get(order.role, "")


def _severity(order: Order) -> str:
    if order.role is OrderRole.LIQUIDATION:
        return "error"
    return "warning" if order.role is OrderRole.PROTECTIVE else "success"


# --- everything else


def _others(events: Sequence[Event], state: State, *, asked: bool) -> Iterator[Notice]:
    rolled = any(isinstance(event.body, SessionRolled) for event in events)
    for event in events:
        found: tuple[str, str] | None = None
        match event.body:
            case OrderChanged():
                found = _order_words(event.body, state, asked=asked)
            case LimitBreached():
                found = limit_words(event.body, state)
            case Locked():
                found = "error", lock_words(event.body, state)
            case Unlocked():
                found = "success", _unlocked_words(event.body, rolled=rolled)
            case StopLoosened():
                grown = _amount(event.body.added_risk)
                found = "warning", f"the stop of {event.symbol} was loosened: {grown} more at risk"
            case TriggerSourceFallback():
                found = _source_words(event.body)
            case Noted():
                found = _note_words(event, event.body, state, asked=asked)
            case _:
                found = _time_words(event.body) or money_words(event.body, state)
        if found is not None and found[1]:
            yield Notice(event.ts, *found, topic=_topic(event))


def _topic(event: Event) -> str:
    """What a notice is the state of, where a later one takes its place."""
    body = event.body
    if isinstance(body, TriggerSourceFallback):
        return f"{SOURCE}{body.symbol} {body.by.value}"
    return f"{STOP}{event.symbol}" if isinstance(body, Noted) and _is_of_stop(body) else ""


def _is_of_stop(body: Noted) -> bool:
    """Whether a note is the alarm of an exit that sees no price, or that can not execute."""
    return SILENT in body.text or UNFILLED in body.text


def _time_words(body: AnyBody) -> tuple[str, str] | None:
    """What became of time itself: a clock that was set, a machine that slept, data that was lost."""
    match body:
        case GapEvaluated():
            return "warning", f"while away, {body.symbol}: {body.text}"
        case ClockJumped(delta_ns=delta) if delta < 0:
            back = -delta // _SECOND
            return (
                "warning",
                f"the clock went back by {back} s: the trading day waits until it is there again",
            )
        case ClockJumped(delta_ns=delta, was_set=True):
            ahead = f"the clock was set forward by {delta // _SECOND} s"
            return "warning", f"{ahead}: this trading day and its locks end as much later"
        case ClockJumped(delta_ns=delta):
            ahead = f"the clock is {delta // _SECOND} s ahead of the last look at it"
            return "warning", f"{ahead}: positions are checked against what was missed"
        case _:
            return None


def _order_words(body: OrderChanged, state: State, *, asked: bool) -> tuple[str, str] | None:
    order = body.order
    if order.state in (OrderState.DENIED, OrderState.REJECTED):
        if body.refusal is None:
            return "error", f"{_named(order, state)} {order.state.value}: {reason_words(order.reason)}"
        return None if asked else ("error", refusal_text(body.refusal))
    if order.state in _DONE and order.reason not in _QUIET:
        by_user = order.reason == Reason.USER
        why = "" if by_user or not order.reason else f": {reason_words(order.reason)}"
        calm = by_user or order.reason in _CALM
        return "info" if calm else "warning", f"{order.state.value.split('_')[0]} {_named(order, state)}{why}"
    return None


def _named(order: Order, state: State) -> str:
    price = order.price if order.price is not None else order.trigger
    at = f" at {_price(state, order.symbol, price)}" if price is not None else ""
    qty = order.leaves or order.qty - order.filled - order.prevented
    return f"{order.side.value} {canonical(qty)} {order.symbol}{at}"


def _unlocked_words(body: Unlocked, *, rolled: bool) -> str:
    if rolled or not body.rule:
        return "unlocked: a new trading day began"
    what = f"{body.symbol} " if body.symbol else ""
    return f"{what}unlocked: {rule_name(body.rule)} is over"


def _source_words(body: TriggerSourceFallback) -> tuple[str, str]:
    """That orders look at another price, or at none."""
    if not body.source:
        return (
            "error",
            f"{body.symbol}: its orders by {body.by.value} wait: no price is live",
        )
    if body.source == body.by.value:
        return "info", f"{body.symbol}: its orders look at the {body.by.value} price again"
    return (
        "warning",
        f"{body.symbol}: its orders by {body.by.value} look at the {body.source} price meanwhile",
    )


def _note_words(event: Event, body: Noted, state: State, *, asked: bool) -> tuple[str, str] | None:
    if body.refusal is not None:
        return None if asked else ("error", refusal_text(body.refusal))
    text, stop = body.text, state.stop_of(event.symbol) if _is_of_stop(body) else None
    if stop is not None and stop.trigger is not None:
        shown = _price(state, event.symbol, stop.trigger)
        text = text.replace(f"stop at {canonical(stop.trigger)}", f"stop at {shown}", 1)
    return (_NOTED[body.what], text) if body.what in _NOTED else None


def _price(state: State, symbol: str, price: Decimal) -> str:
    return f"{price:,.{state.instruments[symbol].price_scale}f}"


def _amount(amount: Decimal) -> str:
    """Money to the cent; what is smaller to three digits."""
    if amount and abs(amount) < Decimal("0.01"):
        return canonical(MONEY.create_decimal(f"{amount:.3g}"))
    return f"{amount:,.2f}"
