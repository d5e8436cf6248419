"""Why an order was refused or ended, in a trader's words: what stands behind each reason's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tradetui.domain.number import canonical
from tradetui.domain.order import Order, OrderState
from tradetui.domain.reply import Reason, Refusal

WORDS: Final[Mapping[Reason, str]] = {
    Reason.NONE: "no reason is told",
    Reason.BAD_INPUT: "what was asked for makes no order",
    Reason.OFF_TICK: "its price does not lie on the instrument's tick",
    Reason.OFF_LOT: "its size is no whole number of lots",
    Reason.MIN_QTY: "its size is below the venue's smallest",
    Reason.MAX_QTY: "its size is above the venue's largest",
    Reason.MIN_NOTIONAL: "it is worth less than the venue's smallest order",
    Reason.UNKNOWN_SYMBOL: "the symbol is not known here",
    Reason.UNKNOWN_ORDER: "there was no such order any more",
    Reason.UNSUPPORTED_KIND: "instruments of this kind can not be traded here",
    Reason.UNSUPPORTED_TYPE: "the venue has no orders of this type",
    Reason.CONFLICTING_FLAGS: "its words contradict each other",
    Reason.DUPLICATE_COMMAND: "the same command had been given before",
    Reason.INSTRUMENT_HALTED: "the venue took no entries",
    Reason.STALE_DATA: "the data was not fresh enough to act on",
    Reason.NO_PRICE: "no price was known",
    Reason.REDUCE_ONLY: "it may only reduce, and there was nothing on the other side",
    Reason.NO_POSITION: "there was no position",
    Reason.WOULD_FLIP: "it would have turned the position over",
    Reason.NO_SHORT_ON_SPOT: "on spot nothing can be sold that is not held",
    Reason.STOP_REQUIRED: "an entry needs a stop",
    Reason.STOP_WRONG_SIDE: "its stop lay on the wrong side of the price",
    Reason.STOP_BEYOND_LIQUIDATION: "its stop lay beyond the liquidation price",
    Reason.STOP_NOT_REMOVABLE: "a position keeps its stop",
    Reason.STOP_EXECUTING: "the stop was closing the position already",
    Reason.TARGET_WRONG_SIDE: "its target lay on the wrong side of the price",
    Reason.WOULD_TRIGGER: "the price had passed its trigger already",
    Reason.POST_ONLY_WOULD_TAKE: "it was only to post, and would have taken",
    Reason.INSUFFICIENT_BALANCE: "the balance did not carry it",
    Reason.INSUFFICIENT_LIQUIDITY: "nobody offered enough",
    Reason.NO_LIQUIDITY: "nobody offered more",
    Reason.BAND: "the next prices were too far from the market",
    Reason.IOC_REMAINDER: "what did not fill at once was not to wait",
    Reason.FOK_UNFILLABLE: "not all of it could fill at once",
    Reason.SELF_TRADE: "it would have met an order of your own",
    Reason.LEVERAGE: "it needed more leverage than there is",
    Reason.RISK_PER_TRADE: "it risked more than a trade may",
    Reason.OPEN_RISK: "with what is open it risked too much",
    Reason.DAILY_BUDGET: "it risked more than may still be lost today",
    Reason.LOCKED: "entries were locked",
    Reason.RECOVERING: "the program had just started and had no fresh book yet",
    Reason.HALTED_JOURNAL: "the journal could not be written",
    Reason.HALTED_INVARIANT: "the engine had stopped on a broken rule",
    Reason.SIZE_TOO_SMALL: "what was left of it was too small to send",
    Reason.USER: "you asked for it",
    Reason.POSITION_CLOSED: "the position that it belonged to was closed",
    Reason.PARENT_CANCELED: "the order that it waited for went without a fill",
    Reason.REPLACED: "another one took its place",
    Reason.LIMIT_BREACH: "a limit was reached",
    Reason.WARM_UP: "not enough prices were known yet",
    Reason.PERCENT_PRICE: "its price was farther from the market than the venue allows",
    Reason.MAX_ORDERS: "as many orders were open as may be",
    Reason.MAX_POSITION: "the position would have become larger than it may",
    Reason.GAP_EVALUATION: "its price was passed while nobody watched",
    Reason.OTHER_CURRENCY: "it settles in another currency than the account's",
    Reason.LIQUIDATION: "the position was liquidated",
    Reason.DELISTED: "the venue dropped the instrument",
    Reason.ESCALATED: "its limit did not fill in time, and it went to market",
    Reason.MAX_TRADES: "as many trades were made today as may be",
    Reason.ORDER_RATE: "too many orders came in a short time",
    Reason.TRAIL_RATE: "its trail was wider or narrower than the venue allows",
    Reason.TARGET_SIZE: "its targets take more than it fills",
    Reason.GTD_ENDED: "its time was over",
    Reason.OTHER_FILLED: "its alternative filled",
    Reason.TRIGGER_SOURCE: "the instrument has no price of the kind that was to fire it",
    Reason.FLATTEN: "everything was being closed",
    Reason.NO_TIERS: "the venue does not tell what margin it needs",
}
"""Every reason; the refusal's own text, with its numbers, comes before these where it is known."""


def reason_words(reason: str) -> str:
    """The words of a reason by its name; a name from another version speaks for itself."""
    try:
        return WORDS[Reason(reason)]
    except ValueError:
        return reason.replace("_", " ").lower()


def refusal_words(refusal: Refusal | None) -> str:
    """A refusal with its numbers and what would have passed; empty for none."""
    if refusal is None:
        return ""
    return f"{refusal.text}; {refusal.mend}" if refusal.mend else refusal.text


def ending_words(order: Order, told: str = "") -> str:
    """How an order ended and why; `told` is what the refusal itself said."""
    state = order.state.value.split("_")[0]
    if order.state is OrderState.FILLED:
        return state
    part = "" if not order.filled else f" after {canonical(order.filled)} had filled"
    return f"{state}{part}: {told or reason_words(order.reason)}"
