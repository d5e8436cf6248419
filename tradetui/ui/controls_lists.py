"""What is listed and typed: symbols, profiles, themes, indicators, the palette, and lines of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from textual.theme import BUILTIN_THEMES

from tradetui.domain.command import AcknowledgeGaps, AnyCommand
from tradetui.domain.market_data import Timeframe
from tradetui.domain.view import Draft, ViewRequest
from tradetui.ui.actions import ACTIONS
from tradetui.ui.controls_view import LOWER_PANES, OVERLAYS, with_indicator, with_timeframe
from tradetui.ui.controls_words import ALONE, Vocabulary, Wish
from tradetui.ui.layout import LayoutName
from tradetui.ui.panes.chooser import HINT, WIDEST, Choice, Chooser
from tradetui.ui.panes.command_line import CommandLine
from tradetui.ui.panes.orders import OrdersPane
from tradetui.ui.panes.prompt import FirstPrompt
from tradetui.ui.panes.ticket import TicketPane
from tradetui.ui.typed import TypedKeys

LINES: Final = (
    ("leverage ", "leverage of this symbol, also of an open position: leverage 10"),
    ("margin add ", "put more behind the isolated position: margin add 100"),
    ("margin remove ", "take some of it back: margin remove 100"),
    ("margin cross", "let the whole wallet back all positions, while none is open"),
    ("margin isolated", "let each position have its own margin, while none is open"),
    ("deposit ", "bring money into the paper account: deposit 1000 usdt"),
    ("withdraw ", "take money out of the paper account: withdraw 200"),
    ("limit ", "change a limit: limit daily_loss 150; tighter holds at once, looser tomorrow"),
    ("limits", "say every limit that holds"),
    ("unlock ", "end a lock that waits for a hand"),
)
"""What has no key: lines that the palette begins, for the trader to complete and enter."""
WHY_HINT: Final = "type to filter, up and down go through the orders, Esc closes"


def is_called(order_id: str, typed: str) -> bool:
    """Whether an order is meant by what was typed: its id, or the number in it."""
    return typed.lower() in (order_id.lower(), order_id.rpartition("-")[2].lower())


class ScreenLists(TypedKeys):
    """The shell with everything that is chosen from a list or typed."""

    request: ViewRequest
    profiles: tuple[str, ...] = ()
    """Names that may be shown before the engine has told its own."""
    _pane_before_ticket = ""

    # what the cockpit does below

    def submit(self, command: AnyCommand, *, profile: str = "") -> None:
        """Give a command, to the profile on the screen or the one named, and say what became of it."""
        raise NotImplementedError

    def look(self, request: ViewRequest | None = None) -> None:
        """Tell the engine what is looked at."""
        raise NotImplementedError

    def order_meant(self) -> str:
        """The order under the ladder's cursor, else the one selected in the list."""
        raise NotImplementedError

    def run_key(self, action: str) -> None:
        """Do one action of the table."""
        raise NotImplementedError

    def switch_profile(self, name: str) -> None:
        """Show another profile."""
        raise NotImplementedError

    def open_symbol(self, symbol: str) -> None:
        """Show a symbol; one that is not watched is added first."""
        raise NotImplementedError

    def drop_symbol(self, symbol: str) -> None:
        """Take a symbol that was added away again."""
        raise NotImplementedError

    # names

    @property
    def scanned(self) -> Sequence[str]:
        """Symbols of which only tickers are read."""
        return self._link.scanned()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the profile."""
        return self._view.symbols if self._view is not None else ()

    @property
    def profile_names(self) -> tuple[str, ...]:
        """Every profile."""
        return self._view.profiles if self._view is not None else self.profiles

    @property
    def theme_names(self) -> list[str]:
        """The program's own themes and the user's."""
        self.take_other_themes()
        return sorted(name for name in self.available_themes if name not in BUILTIN_THEMES)

    def vocabulary(self) -> Vocabulary:
        """The names that the command line may use now."""
        view = self._view
        return Vocabulary(
            symbol=view.status.symbol if view else "",
            symbols=self.symbols,
            orders=[row.order.order_id for row in view.orders] if view else [],
            names={
                "symbol": self.symbols,
                "watch": self.scanned,
                "unwatch": self.symbols,
                "why": [row.order.order_id for row in view.orders] if view else [],
                "timeframe": list(Timeframe),
                "theme": self.theme_names,
                "profile": self.profile_names,
                "layout": list(LayoutName),
            },
        )

    # words of the command line

    def fulfill(self, wish: Wish) -> None:
        """Change the view as a line asks."""
        verb, name = wish
        if verb == "why":
            self.tell_orders(name)
        elif verb in ALONE:
            self.run_key(verb)
        elif verb in ("symbol", "watch"):
            self.open_symbol(name)
        elif verb == "unwatch":
            self.drop_symbol(name)
        elif verb == "timeframe":
            self.look(with_timeframe(self.request, Timeframe(name)))
        elif verb == "theme":
            self.theme = name
        elif verb == "profile":
            self.switch_profile(name)
        elif verb == "layout":
            self.show_layout(LayoutName(name))
        else:
            self.look(with_indicator(self.request, name))

    def show_layout(self, name: LayoutName) -> None:
        """Another layout; its main pane gets the focus."""
        self.arrange(msgspec.structs.replace(self.desk.choice, name=name, pane=name.main_pane, zoomed=False))
        self.call_after_refresh(self.look)

    # lists

    def _choose(self, what: str, names: Sequence[str], current: str, verb: str) -> None:
        choices = [Choice(name, name, "shown" if name == current else "", name == current) for name in names]
        self._open_list(what, choices, lambda name: self.fulfill(Wish(verb, name)))

    def _open_list(
        self, what: str, choices: Sequence[Choice], picked: Callable[[str], None], *, hint: str = HINT
    ) -> None:
        if self.wait_for_fields(lambda: self._open_list(what, choices, picked, hint=hint)):
            return
        self.close_fields()
        self._chooser().open(what, choices=lambda: choices, picked=picked, hint=hint)
        self.place_notices()

    def close_fields(self) -> None:
        """Close whatever is typed into."""
        if not self.is_furnished:
            return
        self.query_one(Chooser).close()
        self.query_one(CommandLine).close()
        self.query_one(TicketPane).fields.close(applied=False)

    def place_notices(self) -> None:
        """Keep what is typed into above the bars, and the first question above that."""
        if self.is_furnished:
            chooser, line = self._main.query_one(Chooser), self._main.query_one(CommandLine)
            prompt = self._main.query_one(FirstPrompt)
            chooser.fit(self.list_cells)
            chooser.styles.offset = line.styles.offset = (0, -self.rows_below)
            prompt.styles.offset = (0, prompt.display - self.rows_below - self.rows_typed_into)
        super().place_notices()

    @property
    def list_cells(self) -> int:
        """Columns of a list: up to the edge of a pane, so that it covers no half of one."""
        desk = self.desk.plan.boxes.values()
        lowest = max(box.bottom for box in desk)
        return min(
            (box.right for box in desk if box.bottom == lowest and box.right >= WIDEST),
            default=self.size.width,
        )

    @property
    def rows_typed_into(self) -> int:
        """Rows of the list, the command line and the first question, as far as they are shown."""
        if not self.is_furnished:
            return 0
        chooser, line = self._main.query_one(Chooser), self._main.query_one(CommandLine)
        rows = (chooser.rows if chooser.display else 0) + (2 if line.display else 0)
        return rows + self._main.query_one(FirstPrompt).display

    def on_chooser_closed(self) -> None:
        """The list is gone."""
        self._after_typing()

    def on_command_line_closed(self) -> None:
        """The line is gone."""
        self._after_typing()

    def on_first_prompt_closed(self) -> None:
        """The question is answered, or left for later."""
        self._after_typing()

    def take_draft(self, draft: Draft) -> None:
        """The ticket's words describe another order: have it priced."""
        self.look(msgspec.structs.replace(self.request, draft=draft))

    def on_ticket_fields_closed(self) -> None:
        """The ticket is not typed into any more."""
        before, self._pane_before_ticket = self._pane_before_ticket, ""
        if before:  # first, or the ticket takes the focus once more
            self.focus_pane(before)
        self.open_ticket(wanted=False)
        self._after_typing()

    def _after_typing(self) -> None:
        self.place_notices()
        if self.focused is None:
            self.arrange()

    def _do_symbols(self) -> None:
        rows = {row.symbol: row for row in self._view.watchlist} if self._view else {}
        shown = self._view.status.symbol if self._view else ""
        choices = []
        for name in dict.fromkeys((*self.symbols, *self.scanned)):
            row = rows.get(name)
            note = "" if row is None or row.change_pct is None else f"{row.change_pct:+.2f} %"
            note += "" if name in self.symbols else "  scanned"
            choices.append(Choice(name, name, note.strip(), name == shown))
        self._open_list("symbol", choices, lambda name: self.fulfill(Wish("symbol", name)))

    def _chooser(self) -> Chooser:
        chooser = self.query_one(Chooser)
        chooser.fit(self.list_cells)
        return chooser

    def _do_away(self) -> None:
        gaps = self._view.gaps if self._view is not None else ()
        if not gaps or isinstance(self.focused, OrdersPane):
            self.tell_orders(self.order_meant())
            return
        choices = [Choice(str(at), f"{gap.symbol} {gap.when}", text=gap.text) for at, gap in enumerate(gaps)]
        hint = "Enter acknowledges all of it, Esc leaves it for later"
        seen = self._view.status.profile if self._view is not None else ""  # these are of no other account
        self._open_list(
            "while away", choices, lambda _: self.submit(AcknowledgeGaps(), profile=seen), hint=hint
        )

    def tell_orders(self, meant: str = "") -> None:
        """Why orders filled, wait or did not fill, with the one that is meant first in sight."""
        self.run_worker(self._tell_orders(meant), group="telling", exclusive=True)

    async def _tell_orders(self, meant: str) -> None:
        stories = await self._link.stories()
        if not stories:
            self.say("no orders yet, and nothing happened while nobody watched")
            return
        found = next((each.order_id for each in stories if meant and is_called(each.order_id, meant)), "")
        if meant and not found:
            self.say(f"no order {meant} among the newest; tradetui journal orders lists all", "warning")
            return
        first = found or stories[0].order_id
        choices = [Choice(s.order_id, s.title, is_on=s.order_id == first, text=s.text) for s in stories]
        self._open_list("why", choices, lambda _: None, hint=WHY_HINT)

    def _do_profiles(self) -> None:
        if not self.profile_names:
            self.open_command_line("profile ")
            return
        shown = self._view.status.profile if self._view else ""
        self._choose("profile", self.profile_names, shown, "profile")

    def _do_themes(self) -> None:
        self._choose("theme", self.theme_names, self.theme, "theme")

    def _do_indicators(self) -> None:
        if self.wait_for_fields(self._do_indicators):
            return
        self.close_fields()

        def choices() -> list[Choice]:
            request = self.request
            over = dict.fromkeys((*OVERLAYS, *request.overlays), "over the candles")
            below = dict.fromkeys((*LOWER_PANES, *request.panes), "below the candles")
            shown = {*request.overlays, *request.panes}
            return [Choice(name, name, note, name in shown) for name, note in (over | below).items()]

        def picked(name: str) -> None:
            self.look(with_indicator(self.request, name))

        self._chooser().open("indicators", choices=choices, picked=picked, stays=True)
        self.place_notices()

    def _do_palette(self) -> None:
        keys = self.footer_keys
        choices = [Choice(a.id, a.label, f"{keys[a.id]:<9} {a.help}") for a in ACTIONS if a.id != "palette"]
        order = self.order_meant()
        amend = [(f"amend {order} ", "change quantity, limit or trigger of this order")] if order else []
        choices += [Choice(f"line:{line}", f":{line}", note) for line, note in (*LINES, *amend)]
        choices += [Choice(f"theme:{name}", f"theme {name}", "") for name in self.theme_names]
        self._open_list("palette", choices, self._pick_action)

    def _pick_action(self, value: str) -> None:
        kind, _, name = value.partition(":")
        if kind == "line":
            self.open_command_line(name)
        elif name:
            self.fulfill(Wish(kind, name))
        else:
            self.run_key(value)

    # lines and screens

    def open_command_line(self, text: str = "") -> None:
        """Open the command line with words already in it."""
        if self.wait_for_fields(lambda: self.open_command_line(text)):
            return
        self.close_fields()
        self.query_one(CommandLine).open(text)
        self.place_notices()

    def _do_command_line(self) -> None:
        self.open_command_line()

    def _do_ticket(self) -> None:
        if self.wait_for_fields(self._do_ticket):
            return
        if self._view is None:
            self.say(self.why_nothing, "warning")
            return
        self.close_fields()
        self.open_ticket(wanted=True)
        if "ticket" not in self.desk.plan.boxes:
            self._pane_before_ticket = self.desk.choice.pane
            self.focus_pane("ticket")
        symbol = self._view.status.symbol
        self.query_one(TicketPane).fields.open(self.request.draft, symbol, self.request.timeframe.value)
