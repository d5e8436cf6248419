"""The keys that work here, most needed first; what does not fit stays in the help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tradetui.ui.actions import BY_ID
from tradetui.ui.paint.rows import Row, Run, width_of
from tradetui.ui.panes.bar import Bar

Hint = tuple[tuple[str, ...], str]
"""Action ids, and one label for all of them."""

FLATTEN: Final[Hint] = (("flatten",), "flatten")
SAFE: Final[tuple[Hint, ...]] = (
    (("arm",), "arm"),
    FLATTEN,
    (("stop_here",), "stop here"),
    (("stop_nearer", "stop_farther"), "stop ±"),
    (("breakeven",), "breakeven"),
    (("half",), "half"),
    (("cancel", "cancel_all"), "cancel"),
)
ARMED: Final[tuple[Hint, ...]] = (
    (("arm",), "disarm"),
    (("buy", "sell"), "buy sell"),
    FLATTEN,
    (("buy_limit", "sell_limit"), "join"),
    (("stop_here",), "stop here"),
    (("stop_nearer", "stop_farther"), "stop ±"),
    (("breakeven",), "breakeven"),
    (("half",), "half"),
    (("cancel", "cancel_all"), "cancel"),
)
VIEW: Final[tuple[Hint, ...]] = (
    (("ticket",), "ticket"),
    (("timeframe_down", "timeframe_up"), "timeframe"),
    (("symbols",), "symbol"),
    (("command_line",), "command"),
    (("layout",), "layout"),
    (("profiles",), "profile"),
    (("review",), "review"),
    (("indicators",), "indicators"),
    (("next_pane",), "next pane"),
    (("zoom",), "zoom"),
)
NEED_POSITION: Final = ("breakeven", "half")
NEED_ORDER: Final = ("cancel",)
STOPS: Final = ("stop_here", "stop_nearer")
"""They set the stop of what is held, or of the next entry, at a ladder or chart that can be seen."""
NEXT_PANE: Final[Hint] = (("next_pane",), "next pane")
REPLAY: Final[tuple[Hint, ...]] = (
    (("pause",), "pause"),
    (("step",), "step"),
    (("seek_back",), "back"),
    (("seek_far_back", "seek_ahead"), "five minutes"),
)
ALWAYS: Final[tuple[Hint, ...]] = ((("help",), "help"), (("leave",), "leave"))
TYPING: Final[tuple[Hint, ...]] = ((("flatten_anywhere",), "flatten"), (("leave_now",), "leave now"))
FIELD_KEYS: Final = (("enter", "accept"), ("esc", "back"), ("tab", "complete"))


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What decides which keys are offered."""

    is_armed: bool = False
    is_locked: bool = False
    """Whether entries are locked: arming does nothing."""
    is_replay: bool = False
    is_typing: bool = False
    holds: bool = True
    """Whether a position is open: half of it, or a stop at its price, needs one."""
    works: bool = True
    """Whether an order stands that could be canceled."""
    is_alone: bool = False
    """Whether a pane is shown that stands in no layout."""
    is_single: bool = False
    """Whether one pane is shown at a time."""


class Footer(Bar):
    """One line of keys."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._bound: Mapping[str, str] = {}
        self._where = Context()

    def show_keys(self, keys: Mapping[str, str], context: Context) -> None:
        """Offer the keys (action ids to keys) that work in a context."""
        if keys is not self._bound or context != self._where:
            self._bound, self._where = keys, context
            self.repaint()

    def rows_at(self, width: int) -> Sequence[Row]:
        """The line."""
        return (footer_row(self._bound, self._where, width),)


def footer_row(keys: Mapping[str, str], context: Context, width: int) -> Row:
    """As many hints as fit; help and leave always stand at the end."""
    if context.is_typing:
        hints = [_hint(key, label) for key, label in FIELD_KEYS] + _hints(TYPING, keys)
        return _fitting(hints, [], width)
    idle = {*(() if context.holds else NEED_POSITION), *(() if context.works else NEED_ORDER)}
    idle |= {"arm"} if context.is_locked else set()
    idle |= set(STOPS) if context.is_alone or (context.is_locked and not context.holds) else set()
    orders = [hint for hint in (ARMED if context.is_armed else SAFE) if not idle.intersection(hint[0])]
    at = 1 + next(at for at, hint in enumerate(orders) if hint == FLATTEN)
    back = [_hint("esc", "back")] if context.is_alone else []
    replay = REPLAY if context.is_replay else ()
    turns = (NEXT_PANE, *replay) if context.is_single else ()
    first = (*orders[:at], *turns, *orders[at:], *(() if turns else replay))
    view = [hint for hint in VIEW if hint not in turns]
    exits = _hints((FLATTEN,), keys)
    return _fitting([*back, *_hints((*first, *view), keys)], _hints(ALWAYS, keys), width, sure=exits)


def _hints(hints: Sequence[Hint], keys: Mapping[str, str]) -> list[Row]:
    rows = []
    for ids, label in hints:
        known = [keys.get(each, BY_ID[each].key) for each in ids if each in BY_ID]
        if known:
            rows.append(_hint(" ".join(known), label))
    return rows


def _hint(key: str, label: str) -> Row:
    return (key, "accent!"), (f" {label}", "text")


def _fitting(hints: Sequence[Row], last: Sequence[Row], width: int, *, sure: Sequence[Row] = ()) -> Row:
    """Hints up to the first that has no room; those that are sure keep theirs."""
    gap = 2
    room = width - 1 - sum(width_of(hint) + gap for hint in (*sure, *last))
    row: list[Run] = [(" ", "text")]
    for hint in hints:
        if hint not in sure:
            room -= width_of(hint) + gap
            if room < 0:
                continue
        row += [*hint, (" " * gap, "text")]
    for hint in last:
        row += [*hint, (" " * gap, "text")]
    return tuple(row)
