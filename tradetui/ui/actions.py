"""Every action of the cockpit in one table: bindings, footer, help, palette and config read it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from textual.keys import KEY_NAME_REPLACEMENTS

from tradetui.errors import Fault


class Group(StrEnum):
    """Under which heading an action stands in the help."""

    TRADE = "trade"
    STOPS = "stops"
    VIEW = "view"
    SYSTEM = "system"


class Action(NamedTuple):
    """One thing a key does."""

    id: str
    key: str
    label: str
    help: str
    group: Group = Group.VIEW
    adds_risk: bool = False
    """Whether it needs entries to be armed."""
    is_order: bool = False
    """Whether holding its key must not repeat it."""


def _entry(name: str, key: str, label: str, meaning: str) -> Action:
    return Action(name, key, label, meaning, Group.TRADE, adds_risk=True, is_order=True)


def _exit(name: str, key: str, label: str, meaning: str) -> Action:
    return Action(name, key, label, meaning, Group.TRADE, is_order=True)


def _stop(name: str, key: str, label: str, meaning: str) -> Action:
    return Action(name, key, label, meaning, Group.STOPS, is_order=True)


def _nudge(name: str, key: str, label: str, meaning: str) -> Action:
    """A step of the stop: pressed in quick succession on purpose, so a held key may repeat it."""
    return Action(name, key, label, meaning, Group.STOPS)


def _move(name: str, key: str, label: str, meaning: str) -> Action:
    """A step of an order: an entry needs to be armed, and a held key may repeat it."""
    return Action(name, key, label, meaning, Group.TRADE, adds_risk=True)


def _system(name: str, key: str, label: str, meaning: str) -> Action:
    return Action(name, key, label, meaning, Group.SYSTEM)


ACTIONS: Final = (
    Action("arm", "a", "arm", "arm or disarm entries; they disarm after a while without a key", Group.TRADE),
    _entry("buy", "b", "buy", "buy with the ticket's size, stop and target"),
    _entry("sell", "s", "sell", "sell with the ticket's size, stop and target"),
    _entry("buy_limit", "B", "join bid", "buy limit at the ladder cursor, or join the bid"),
    _entry("sell_limit", "S", "join ask", "sell limit at the ladder cursor, or join the ask"),
    _exit("flatten", "x", "flatten", "close this symbol's position; never asks"),
    _exit("flatten_all", "X", "flatten all", "close every position; never asks"),
    _exit("flatten_anywhere", "ctrl+x", "flatten", "as flatten, also while a text field has the focus"),
    _exit("cancel", "c", "cancel", "cancel the order at the ladder cursor, else the selected one"),
    _exit("cancel_all", "C", "cancel all", "cancel every order of this symbol"),
    _move("order_up", "u", "order up", "move the order at the cursor, or the selected one, up a row"),
    _move("order_down", "d", "order down", "the same down a row of the ladder; exits need no ARM"),
    _exit("half", "h", "half", "close half of the position"),
    _entry("reverse", "r", "reverse", "close, and open the same quantity the other way"),
    *(
        Action(f"size_{number}", str(number), "size", f"size preset {number}", Group.TRADE)
        for number in range(1, 10)
    ),
    Action(
        "ticket",
        "t",
        "ticket",
        "type size, limit, stop, target and how of the ticket",
        Group.TRADE,
    ),
    _stop("stop_here", "z", "stop here", "set the stop at the ladder cursor"),
    _nudge("stop_nearer", "[", "stop nearer", "move the stop nearer by a tick"),
    _nudge("stop_farther", "]", "stop farther", "move the stop farther by a tick"),
    _nudge("stop_nearer_atr", "{", "nearer 0.1 ATR", "move the stop nearer by 0.1 ATR"),
    _nudge("stop_farther_atr", "}", "farther 0.1 ATR", "move the stop farther by 0.1 ATR"),
    _stop("breakeven", "e", "breakeven", "move the stop to where closing costs nothing, fees included"),
    _stop("trail", "v", "trail", "let the stop follow the price at the distance it has now"),
    Action("cursor_up", "up", "cursor", "move the ladder's cursor, or the selected row, up"),
    Action("cursor_down", "down", "cursor", "move the ladder's cursor, or the selected row, down"),
    Action("recenter", "space", "recentre", "center the ladder on the market and drop its cursor"),
    Action("timeframe_down", ",", "faster", "the next shorter timeframe"),
    Action("timeframe_up", ".", "slower", "the next longer timeframe"),
    Action("chart_left", "left", "crosshair", "move the chart's crosshair left"),
    Action("chart_right", "right", "crosshair", "move the chart's crosshair right"),
    Action("chart_back", "pageup", "history", "scroll the chart back into history"),
    Action("chart_forward", "pagedown", "history", "scroll the chart towards now"),
    Action("chart_now", "end", "now", "show the newest candle and hide the crosshair"),
    Action("heikin_ashi", "k", "Heikin-Ashi", "averaged candles on or off"),
    Action("log_scale", "l", "log", "logarithmic price scale on or off"),
    Action("group_finer", "-", "finer", "fewer ticks to a row of the ladder"),
    Action("group_coarser", "+", "coarser", "more ticks to a row of the ladder"),
    Action("symbols", "/", "symbol", "search a symbol, also one that is only scanned"),
    Action("open_symbol", "enter", "open", "show the watchlist's selected symbol; a scanned one is added"),
    Action("drop_symbol", "delete", "drop", "take an added symbol off the watchlist again"),
    Action("indicators", "i", "indicators", "indicators on the chart and below it"),
    Action("next_pane", "tab", "next pane", "focus the next pane"),
    Action("previous_pane", "shift+tab", "last pane", "focus the pane before"),
    Action("zoom", "Z", "zoom", "show the focused pane alone, and back"),
    Action("layout", "L", "layout", "the next layout"),
    Action("themes", "T", "theme", "choose a theme"),
    _system("command_line", ":", "command", "type a command; it needs no arming"),
    _system("palette", "ctrl+p", "palette", "every action, theme and begun command in one list"),
    _system("profiles", "p", "profile", "show another profile"),
    _system("review", "R", "review", "review the closed trades: sums, days, each trade"),
    _system("away", "w", "why", "why orders filled or did not; what happened while away"),
    _system("diagnostics", "D", "diagnostics", "how the data is: delays, channels, connections, clock"),
    _system("record", "ctrl+r", "record", "record this market, or end the recording"),
    _system("dismiss", "escape", "dismiss", "take away what is said, or leave diagnostics and review"),
    _system("pause", "P", "pause", "pause or continue a recording"),
    _system("step", ">", "step", "one step of a recording"),
    _system("seek_back", "<", "back", "back by ten seconds in a recording"),
    _system("seek_far_back", "(", "far back", "back by five minutes in a recording"),
    _system("seek_ahead", ")", "ahead", "ahead by five minutes in a recording"),
    _system("help", "?", "help", "every key, and the commands"),
    _system("leave", "q", "leave", "leave; asks while a position or an order is open"),
    _system("leave_now", "ctrl+c", "leave now", "leave without being asked"),
)
BY_ID: Final = {action.id: action for action in ACTIONS}
WHILE_TYPING: Final = frozenset({"flatten_anywhere", "leave_now"})
"""What works while a text field has the focus."""
NAMED_KEYS: Final = frozenset(
    ["up", "down", "left", "right", "home", "end", "pageup", "pagedown", "enter", "escape", "tab"]
    + ["space", "backspace", "delete", "insert"]
    + [f"f{number}" for number in range(1, 25)]
)


def check_keymap(overrides: Mapping[str, str]) -> list[Fault]:
    """Every fault of the keys in a config: unknown action, unknown key, and each clash by its names."""
    faults = [fault for action, key in overrides.items() if (fault := _fault(action, key))]
    owners: dict[str, list[str]] = {}
    for action in ACTIONS:
        owners.setdefault(overrides.get(action.id, action.key), []).append(action.id)
    for key, ids in owners.items():
        if len(ids) > 1:
            faults.append(Fault(f"keys.{ids[-1]}", key, f"key is taken: {' and '.join(ids)}; choose another"))
    return faults


def _fault(action: str, key: str) -> Fault | None:
    if action not in BY_ID:
        near = difflib.get_close_matches(action, BY_ID, 1)
        return Fault(f"keys.{action}", key, "no such action" + (f"; nearest is {near[0]}" if near else ""))
    plain = key.removeprefix("ctrl+").removeprefix("shift+").removeprefix("alt+")
    if len(plain) == 1 or plain in NAMED_KEYS:
        return None
    return Fault(f"keys.{action}", key, "no such key; a character, or a name such as up, space, f5, ctrl+x")


def textual_key(key: str) -> str:
    """The name that Textual has for a key of the table."""
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key, key).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)
