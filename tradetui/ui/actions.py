"""Every action of the cockpit in one table: bindings, footer, help, palette and config read it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final, NamedTuple

from textual.keys import _character_to_key

from tradetui.errors import Fault


class Action(NamedTuple):
    """One thing a key does."""

    id: str
    key: str
    label: str
    help: str
    adds_risk: bool = False


ACTIONS: Final = (
    Action("arm", "a", "arm", "arm or disarm entries; disarms itself after 60 s without a key"),
    Action("buy", "b", "buy", "buy at market with the ticket's size and stop", adds_risk=True),
    Action("sell", "s", "sell", "sell at market with the ticket's size and stop", adds_risk=True),
    Action("buy_limit", "B", "join bid", "buy limit at the ladder cursor, or join the bid", adds_risk=True),
    Action("sell_limit", "S", "join ask", "sell limit at the ladder cursor, or join the ask", adds_risk=True),
    Action("flatten", "x", "flatten", "close this symbol's position; never asks"),
    Action("flatten_all", "X", "flatten all", "close every position; never asks"),
    Action("cancel", "c", "cancel", "cancel the selected order"),
    Action("cancel_all", "C", "cancel all", "cancel every order of this symbol"),
    Action("half", "h", "half", "close half of the position"),
    Action("reverse", "r", "reverse", "close and open the other way", adds_risk=True),
    Action("breakeven", "e", "breakeven", "stop to where closing costs nothing"),
    Action("stop_here", "z", "stop here", "set the stop at the ladder cursor"),
    Action("cursor_up", "up", "cursor", "move the ladder cursor up"),
    Action("cursor_down", "down", "cursor", "move the ladder cursor down"),
    Action("recenter", "space", "recentre", "center the ladder on the market"),
    Action("timeframe_down", ",", "faster", "the next shorter timeframe"),
    Action("timeframe_up", ".", "slower", "the next longer timeframe"),
    Action("zoom", "Z", "zoom", "show the focused pane alone"),
    Action("leave", "q", "leave", "leave the cockpit"),
)
BY_ID: Final = {action.id: action for action in ACTIONS}
NAMED_KEYS: Final = frozenset(
    [
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "enter",
        "escape",
        "tab",
        "space",
        "backspace",
        "delete",
        "insert",
    ]
) | {f"f{number}" for number in range(1, 25)}


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
    return _character_to_key(key) if len(key) == 1 else key
