"""The rules between a key and a command: entries need ARM, a held key orders once, refusals have words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from tradetui.domain.command import (
    AmendOrder,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    Reverse,
    SetRiskLimits,
    SetStop,
    SetTarget,
    Size,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
)
from tradetui.domain.grammar import GrammarError, parse
from tradetui.domain.market_data import Side
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Refusal
from tradetui.domain.view import StatusView
from tradetui.ui.actions import BY_ID
from tradetui.ui.controls_orders import Outcome, Sight, outcome_of
from tradetui.ui.locked import is_locked, locked_words

CLOSING: Final = {Side.BUY: ("sell", "sell_limit"), Side.SELL: ("buy", "buy_limit")}
"""The side of a position to the keys that are against it."""
MOVES: Final = ("order_up", "order_down")
HELD_S: Final = 0.7
"""The same order key is ignored until so long after its last event."""

TAKEN: Final[Mapping[type, str]] = {
    SubmitOrder: "{0.side.value} order of {0.symbol} is on its way",
    SubmitOco: "two alternatives in {0.first.symbol} are on their way",
    SubmitOto: "{0.first.side.value} order of {0.first.symbol} is on its way, with what follows it",
    SubmitScale: "{0.count} orders of {0.order.symbol} are on their way",
    CancelOrder: "order {0.order_id} is being canceled",
    AmendOrder: "order {0.order_id} is being changed",
    CancelAll: "orders of {0.symbol} are being canceled",
    Flatten: "{0.symbol} is being closed",
    Half: "half of {0.symbol} is being closed",
    Reverse: "{0.symbol} is being reversed",
    SetStop: "stop of {0.symbol} at {0.stop.price:,f}",
    SetTarget: "target of {0.symbol} is set",
    BreakEven: "stop of {0.symbol} at breakeven",
    SetRiskLimits: "limits are set; looser ones hold from the next trading day",
}
"""What is said of each command where the engine says nothing itself."""


class Controls:
    """Turns actions and the newest frame into outcomes; knows time only through `now`."""

    def __init__(
        self,
        *,
        keys: Mapping[str, str],
        size_presets: Sequence[str],
        disarm_after_s: float,
        now: Callable[[], float],
    ) -> None:
        """`keys` is action id to key, for words that name a key."""
        self._keys, self._presets = keys, tuple(size_presets)
        self._disarm_after_s, self._now = disarm_after_s, now
        self._armed_until = -math.inf
        self._last_press: dict[str, float] = {}

    @property
    def armed_s(self) -> float:
        """Seconds until entries are disarmed; 0 when they are."""
        return max(0.0, self._armed_until - self._now())

    def toggle_arm(self, status: StatusView | None = None) -> str:
        """Arm, or disarm at once; the words of the lock where entries are locked."""
        closed = status is not None and is_locked(status)
        self._armed_until = -math.inf if self.armed_s or closed else self._now() + self._disarm_after_s
        return locked_words(status) if status is not None and closed else ""

    def disarm(self) -> None:
        """Entries need ARM again."""
        self._armed_until = -math.inf

    def touch(self) -> None:
        """Any key: entries that are armed stay armed for another while."""
        if self.armed_s:
            self._armed_until = self._now() + self._disarm_after_s

    def press(self, action: str, sight: Sight) -> Outcome:
        """What an order key or a size key leads to; an empty outcome for a key that is held down."""
        if action.startswith("size_"):
            return self._resize(int(action.removeprefix("size_")), sight)
        if text := self._closed_words(action, sight):
            return Outcome(text=text)
        outcome = outcome_of(action, sight)
        return Outcome() if self._is_held(action, orders=outcome.command is not None) else outcome

    def _closed_words(self, action: str, sight: Sight) -> str:
        """Why an entry's key does nothing now; empty for an exit, and where the engine is asked."""
        if not BY_ID[action].adds_risk or (action in MOVES and not _moves_entry(sight)):
            return ""
        if is_locked(sight.frame.status):
            held = sight.position  # against it a key can only close: the engine takes no more while locked
            closes = held is not None and action in CLOSING[held.side]
            return "" if closes else locked_words(sight.frame.status)
        return "" if self.armed_s else f"entries are not armed: press {self._keys['arm']} first"

    def _is_held(self, action: str, *, orders: bool) -> bool:
        now = self._now()
        held = BY_ID[action].is_order and now - self._last_press.get(action, -math.inf) < HELD_S
        if held or orders:
            self._last_press[action] = now
        return held

    def _resize(self, number: int, sight: Sight) -> Outcome:
        if number > len(self._presets):
            return Outcome(text=f"no size on {number}: there are {len(self._presets)} presets")
        preset = self._presets[number - 1]
        try:
            size = read_size(preset, sight.symbol)
        except GrammarError as error:
            return Outcome(text=f"size preset {number}, {preset!r}: {error.message}")
        draft = msgspec.structs.replace(sight.request.draft, size=size)
        return Outcome(draft=draft, text=f"size {preset}")


def _moves_entry(sight: Sight) -> bool:
    """Whether the order that is meant opens something: to move a stop or a target needs no arming."""
    return sight.order is not None and sight.order.role is OrderRole.ENTRY


def read_size(text: str, symbol: str) -> Size:
    """A size as the command line has it: 0.25, 500usdt, 10% or 0.5r; raises GrammarError."""
    if len(text.split()) > 1:
        raise GrammarError(text, 0, len(text), f"expected one word such as 0.5r, was {text!r}")
    command = parse(f"buy {text}", symbol=symbol, symbols=(symbol,))
    assert isinstance(command, SubmitOrder)  # noqa: S101 - the verb above makes no other command
    return command.size


def taken_words(command: AnyCommand) -> str:
    """What is said of a command that the engine took without words of its own."""
    if isinstance(command, CancelAll | Flatten) and command.symbol is None:
        command = msgspec.structs.replace(command, symbol="every symbol")
    if isinstance(command, SetStop) and (command.stop.trail is not None or command.stop.price is None):
        return f"stop of {command.symbol} {'trails' if command.stop.trail is not None else 'is set'}"
    return TAKEN.get(type(command), "done").format(command)


def refused_words(refusal: Refusal) -> str:
    """A refusal, and the smallest change that would pass."""
    if not refusal.mend:
        return refusal.text
    return f"{refusal.text}{' ' if refusal.text.endswith('.') else '; '}{refusal.mend}"
