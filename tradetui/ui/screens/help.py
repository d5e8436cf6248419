"""Help: every key by its group, the commands, and what matters in the pane that has the focus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Static

from tradetui.ui.actions import ACTIONS, Action, Group
from tradetui.ui.paint.rows import Row, fit
from tradetui.ui.panes.docked import painted

COMMANDS: Final = (
    "buy|sell SIZE [SYMBOL] [limit P] [trigger P] [touch P] [stop P]",
    "         [target P|2r]… [post] [ioc|fok|until +10m|14:30] [reduce]",
    "         trigger with limit: stop_limit; touch fires on the other side",
    "         scale A B N: N limits from A to B · chase [D] [xN] [take]",
    "ORDER oco ORDER        ORDER then ORDER…",
    "SIZE     0.25 (base or contracts) · 500usdt · 10% (of equity) · 0.5r · all",
    "stop P [SYMBOL]        target P|2r [50%] [target …] [SYMBOL]",
    "target P/market goes to market at P, P/Q rests at Q from then on",
    "stop P/Q rests at Q after its trigger, and goes to market after 3 s",
    "trail [V [from A]]     V: 1% or a distance; also stop P trail V, and",
    "                       trigger trail V for an order that trails itself",
    "cancel ID|all [SYMBOL] flatten [SYMBOL|all]",
    "by mark               behind a price that fires: last mark index bid_ask",
    "amend ID [qty Q] [limit P] [trigger P]",
    "half [SYMBOL]          reverse [SYMBOL] [stop P]    breakeven [SYMBOL]",
    "leverage N [SYMBOL]    margin add|remove AMOUNT [SYMBOL]",
    "margin cross|isolated  deposit|withdraw AMOUNT [ASSET]",
    "limit NAME VALUE|off [SYMBOL], e.g. limit daily_loss 150; tighter holds",
    "at once, looser tomorrow    limits    unlock [NAME]",
    "symbol S · timeframe 5m · overlay NAME · pane NAME",
    "theme NAME · profile NAME · layout NAME · diagnostics · review",
    "watch SYMBOL · unwatch SYMBOL: any of the exchange, for this run",
    "why [ORDER]            why it filled, what it waits for, or why it did not",
    "away                   what happened while nobody watched; acknowledge",
    "The palette offers leverage, margin, deposit, limit … as begun lines.",
)
RULES: Final = (
    "Entries by key need ARM; exits never do and never ask.",
    "A typed command needs no ARM: writing it out is deliberate.",
    "It brings its own stop: none is invented. Words may be shortened.",
    "A held key orders once; press it again after 0.7 s.",
    "Everything is on paper: no order ever leaves this machine.",
)
CONTEXTS: Final[Mapping[str, str]] = {
    "chart": "left and right move the crosshair, pageup and pagedown go through history, end comes back",
    "ladder": "up and down set the cursor; limits, stops, cancels and moves act on its price",
    "ticket": "what buy and sell would do now, fees included; its key opens the fields",
    "positions": "size, entry, mark, result in money and R, the stop and how fresh its last check is",
    "orders": "up and down select the order that cancel means, and that the key of why tells of",
    "fills": "each fill with its receipt: levels or print, queue, slippage, fee",
    "tape": "prints as they come; large ones are lit",
    "watchlist": "up and down select, Enter opens, also a mover; Delete drops an added one",
    "diagnostics": "delays are from the exchange's clock to ours; what is not as it should be is lit",
    "review": "closed trades after fees; R is in units of the planned risk, factor is gains by losses",
    "account": "balances, and each limit with what is left of it today",
}
COLUMN: Final = 75
KEY_CELLS: Final = 11


class HelpScreen(Screen[None]):
    """Shown until any key is pressed."""

    CSS: ClassVar[str] = """
    HelpScreen { background: $pane; }
    HelpScreen VerticalScroll { padding: 1 2; scrollbar-size: 0 0; }
    HelpScreen Static { height: auto; }
    HelpScreen #below { dock: bottom; height: 1; padding: 0 2; background: $bar; color: $dim; }
    """
    SCROLLS: ClassVar = {"up": -1, "down": 1, "pageup": -15, "pagedown": 15}

    def __init__(self, keys: Mapping[str, str], pane: str) -> None:
        """`keys` is action id to key, `pane` the one that has the focus."""
        super().__init__()
        self._keys, self._pane = keys, pane

    def compose(self) -> ComposeResult:
        """One page that scrolls where the terminal is low."""
        with VerticalScroll():
            yield Static(id="page")
        yield Static(id="below")

    def on_mount(self) -> None:
        """Write the page."""
        self._write()
        scroll = self.query_one(VerticalScroll)
        self.watch(scroll, "scroll_y", self._tell_below, init=False)
        self.watch(scroll, "virtual_size", self._tell_below, init=False)

    def on_resize(self) -> None:
        """Another width may have room for two columns."""
        self._write()

    def _write(self) -> None:
        width = max(20, self.app.size.width - 5)
        rows = help_rows(self._keys, self._pane, width)
        text = Text("\n", no_wrap=True).join(painted(self, row, "pane") for row in rows)
        self.query_one("#page", Static).update(text)
        self.call_after_refresh(self._tell_below)

    def _tell_below(self) -> None:
        """How much of the page lies below the last line shown."""
        scroll = self.query_one(VerticalScroll)
        left = round(scroll.max_scroll_y - scroll.scroll_y)
        self.query_one("#below", Static).update(below_words(left, scroll.max_scroll_y > 0))

    def on_key(self, event: Key) -> None:
        """Arrows scroll, every other key closes; keys that came behind it find the page closed already."""
        event.stop()
        event.prevent_default()
        step = self.SCROLLS.get(event.key)
        if step is not None:
            self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)
        elif self.is_current:
            self.dismiss()


def below_words(left: int, scrolls: bool) -> str:
    """What the last line says: how many lines are still to come, or that this is the end."""
    if left > 0:
        return f"↓ {left} more below"
    return "end of the help" if scrolls else ""


def help_rows(keys: Mapping[str, str], pane: str, width: int) -> list[Row]:
    """The page in two columns where there is room, else in one."""
    groups = {group: group_rows(group, keys) for group in Group}
    first = [*groups[Group.TRADE], (), *groups[Group.STOPS]]
    second = [*groups[Group.VIEW], (), *groups[Group.SYSTEM]]
    head: list[Row] = [
        (("tradetui", "accent!"), ("  keys and commands · up and down scroll, any other key closes", "dim")),
        (),
    ]
    if pane in CONTEXTS:
        head += [((f"{pane}: ", "bright!"), (CONTEXTS[pane], "text")), ()]
    if width < 2 * COLUMN:
        return [*head, *first, (), *second, (), *words_rows()]
    left, right = [*first, (), *command_rows()], [*second, (), *rules_rows()]
    height = max(len(left), len(right))
    left, right = ([*rows, *[()] * (height - len(rows))] for rows in (left, right))
    return head + [(*fit(one, COLUMN + 2), *two) for one, two in zip(left, right, strict=True)]


def group_rows(group: Group, keys: Mapping[str, str]) -> list[Row]:
    """One group of actions under its name."""
    actions = [action for action in ACTIONS if action.group is group]
    rows: list[Row] = [((group.value, "bright!"),)]
    sizes = [action for action in actions if action.id.startswith("size_")]
    for action in actions:
        if action not in sizes:
            rows.append(_action_row(keys.get(action.id, action.key), action))
        elif action is sizes[0]:
            shown = " ".join(keys.get(each.id, each.key) for each in sizes)
            shown = "1…9" if shown == "1 2 3 4 5 6 7 8 9" else shown
            rows.append(_words(shown, "size presets of the config"))
    return rows


def _action_row(key: str, action: Action) -> Row:
    return _words(key, action.help, needs_arm=action.adds_risk)


def _words(key: str, meaning: str, *, needs_arm: bool = False) -> Row:
    mark = ("▲ ", "warn") if needs_arm else ("  ", "text")
    return ((f" {key:<{KEY_CELLS - 1}}", "accent!"), mark, (meaning, "text"))


def words_rows() -> list[Row]:
    """Rules, then commands."""
    return [*rules_rows(), (), *command_rows()]


def rules_rows() -> list[Row]:
    """What always holds."""
    marked: Row = ((" ▲ needs ARM", "warn"),)
    return [(("rules", "bright!"),), *[((f" {rule}", "text"),) for rule in RULES], marked]


def command_rows() -> list[Row]:
    """The command line's grammar."""
    return [
        (("command line", "bright!"),),
        *[((f" {words}", "text"),) for words in COMMANDS],
    ]
