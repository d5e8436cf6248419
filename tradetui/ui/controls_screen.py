"""What keys and words do to the screen: panes, view, lists, recordings; nothing here trades."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from textual.theme import BUILTIN_THEMES

from tradetui.domain.market_data import Timeframe
from tradetui.domain.view import ViewRequest
from tradetui.ui.actions import ACTIONS
from tradetui.ui.controls import Controls
from tradetui.ui.controls_view import (
    LOWER_PANES,
    OVERLAYS,
    stepped_timeframe,
    with_indicator,
    with_symbol,
    with_timeframe,
)
from tradetui.ui.controls_words import Vocabulary, Wish
from tradetui.ui.layout import LayoutName
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.chooser import ROWS, Choice, Chooser
from tradetui.ui.panes.command_line import CommandLine
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.notices import Notices
from tradetui.ui.panes.prompt import FirstPrompt
from tradetui.ui.panes.ticket import TicketPane
from tradetui.ui.screens.help import HelpScreen
from tradetui.ui.shell import Shell

GROUPINGS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Ticks to a row of the ladder."""
SEEK_S: Final = 10.0
CHOOSER_ROWS: Final = ROWS + 1


@runtime_checkable
class Selects(Protocol):
    """A pane whose rows can be selected."""

    def move_selected(self, rows: int) -> None:
        """Move the selection down by so many rows."""
        ...


class ScreenKeys(Shell):
    """The shell with everything that only changes what is seen."""

    request: ViewRequest
    controls: Controls
    profiles: tuple[str, ...] = ()
    """Names that may be shown before the engine has told its own."""
    is_leaving = False

    # what the cockpit does below

    def look(self, request: ViewRequest | None = None) -> None:
        """Tell the engine what is looked at."""
        raise NotImplementedError

    def run_key(self, action: str) -> None:
        """Do one action of the table."""
        raise NotImplementedError

    def switch_profile(self, name: str) -> None:
        """Show another profile."""
        raise NotImplementedError

    # names

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
        if verb == "symbol":
            self.look(with_symbol(self.request, name))
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

    # lists

    def _choose(self, what: str, names: Sequence[str], current: str, verb: str) -> None:
        choices = [Choice(name, name, "shown" if name == current else "", name == current) for name in names]
        self._open_list(what, choices, lambda name: self.fulfill(Wish(verb, name)))

    def _open_list(self, what: str, choices: Sequence[Choice], picked: Callable[[str], None]) -> None:
        self.close_fields()
        self.query_one(Chooser).open(what, choices=lambda: choices, picked=picked)
        self.place_notices()

    def close_fields(self) -> None:
        """Close whatever is typed into."""
        self.query_one(Chooser).close()
        self.query_one(CommandLine).close()
        self.query_one(TicketPane).fields.close(applied=False)

    def place_notices(self) -> None:
        """Keep what is said, and the first question, above what is typed."""
        main = self._main
        rows = 1 + sum(
            height
            for pane, height in ((main.query_one(Chooser), CHOOSER_ROWS), (main.query_one(CommandLine), 2))
            if pane.display
        )
        prompt = main.query_one(FirstPrompt)
        prompt.styles.offset = (0, -rows)
        main.query_one(Notices).styles.offset = (0, -rows - prompt.display)

    def on_chooser_closed(self) -> None:
        """The list is gone."""
        self._after_typing()

    def on_command_line_closed(self) -> None:
        """The line is gone."""
        self._after_typing()

    def on_first_prompt_closed(self) -> None:
        """The question is answered, or left for later."""
        self._after_typing()

    def on_ticket_fields_closed(self) -> None:
        """The ticket is not typed into any more."""
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
        for name in self.symbols:
            row = rows.get(name)
            note = "" if row is None or row.change_pct is None else f"{row.change_pct:+.2f} %"
            choices.append(Choice(name, name, note, name == shown))
        self._open_list("symbol", choices, lambda name: self.fulfill(Wish("symbol", name)))

    def _do_profiles(self) -> None:
        if not self.profile_names:
            self.open_command_line("profile ")
            return
        shown = self._view.status.profile if self._view else ""
        self._choose("profile", self.profile_names, shown, "profile")

    def _do_themes(self) -> None:
        self._choose("theme", self.theme_names, self.theme, "theme")

    def _do_indicators(self) -> None:
        self.close_fields()

        def choices() -> list[Choice]:
            request = self.request
            over = dict.fromkeys((*OVERLAYS, *request.overlays), "over the candles")
            below = dict.fromkeys((*LOWER_PANES, *request.panes), "below the candles")
            shown = {*request.overlays, *request.panes}
            return [Choice(name, name, note, name in shown) for name, note in (over | below).items()]

        def picked(name: str) -> None:
            self.look(with_indicator(self.request, name))

        self.query_one(Chooser).open("indicators", choices=choices, picked=picked, stays=True)
        self.place_notices()

    def _do_palette(self) -> None:
        keys = self.footer_keys
        choices = [Choice(a.id, a.label, f"{keys[a.id]:<9} {a.help}") for a in ACTIONS if a.id != "palette"]
        choices += [Choice(f"theme:{name}", f"theme {name}", "") for name in self.theme_names]
        self._open_list("do", choices, self._pick_action)

    def _pick_action(self, value: str) -> None:
        kind, _, name = value.partition(":")
        if name:
            self.fulfill(Wish(kind, name))
        else:
            self.run_key(value)

    # lines and screens

    def open_command_line(self, text: str = "") -> None:
        """Open the command line with words already in it."""
        self.close_fields()
        self.query_one(CommandLine).open(text)
        self.place_notices()

    def _do_command_line(self) -> None:
        self.open_command_line()

    def _do_ticket(self) -> None:
        if self._view is None:
            self.say("the engine is still starting", "warning")
            return
        self.close_fields()
        self.open_ticket(wanted=True)
        if self.desk.choice.zoomed or "ticket" not in self.desk.plan.boxes:
            self.focus_pane("ticket")
        symbol = self._view.status.symbol
        self.query_one(TicketPane).fields.open(self.request.draft, symbol, self.request.timeframe.value)

    def _do_help(self) -> None:
        pane = self.desk.choice.pane
        self.push_screen(HelpScreen(self.footer_keys, pane))

    def show_layout(self, name: LayoutName) -> None:
        """Another layout; its main pane gets the focus."""
        self.arrange(replace(self.desk.choice, name=name, pane=name.main_pane, zoomed=False))
        self.call_after_refresh(self.look)

    def _do_review(self) -> None:
        self.say("the review of the journal comes later; until then: tradetui journal trades")

    def _do_trail(self) -> None:
        self.say("trailing comes later; until then move the stop by tick, by ATR or to the cursor")

    # panes

    def _do_arm(self) -> None:
        self.controls.toggle_arm()

    def _do_cursor_up(self) -> None:
        self._move(-1)

    def _do_cursor_down(self) -> None:
        self._move(1)

    def _move(self, rows: int) -> None:
        focused: object = self.focused
        if isinstance(focused, Selects):
            focused.move_selected(rows)
        else:
            self.query_one(LadderPane).move_cursor(-rows)

    def _do_recenter(self) -> None:
        self.query_one(LadderPane).recenter()

    def _do_group_finer(self) -> None:
        self._group(-1)

    def _do_group_coarser(self) -> None:
        self._group(1)

    def _group(self, step: int) -> None:
        ladder = self.query_one(LadderPane)
        at = GROUPINGS.index(ladder.group) if ladder.group in GROUPINGS else 0
        ladder.set_group(GROUPINGS[max(0, min(len(GROUPINGS) - 1, at + step))])
        self.look()

    def _do_timeframe_down(self) -> None:
        self.look(stepped_timeframe(self.request, -1))

    def _do_timeframe_up(self) -> None:
        self.look(stepped_timeframe(self.request, 1))

    def _do_chart_left(self) -> None:
        self.query_one(ChartPane).move_crosshair(-1)

    def _do_chart_right(self) -> None:
        self.query_one(ChartPane).move_crosshair(1)

    def _do_chart_back(self) -> None:
        chart = self.query_one(ChartPane)
        chart.scroll_back(max(1, chart.columns // 2))

    def _do_chart_forward(self) -> None:
        chart = self.query_one(ChartPane)
        chart.scroll_back(-max(1, chart.columns // 2))

    def _do_chart_now(self) -> None:
        chart = self.query_one(ChartPane)
        chart.hide_crosshair()
        chart.scroll_to_now()

    def _do_heikin_ashi(self) -> None:
        self.query_one(ChartPane).toggle_heikin_ashi()

    def _do_log_scale(self) -> None:
        self.query_one(ChartPane).toggle_log()

    def _do_next_pane(self) -> None:
        self.next_pane()

    def _do_previous_pane(self) -> None:
        self.next_pane(-1)

    def _do_zoom(self) -> None:
        self.toggle_zoom()
        self.call_after_refresh(self.look)

    def _do_layout(self) -> None:
        self.say(f"layout {self.cycle_layout()}")
        self.call_after_refresh(self.look)

    # recordings

    def _do_pause(self) -> None:
        self._steer("pause")

    def _do_step(self) -> None:
        self._steer("step", 1)

    def _do_seek_back(self) -> None:
        self._steer("seek", -SEEK_S)

    def _steer(self, action: str, amount: float = 0.0) -> None:
        if self._view is None or not self._view.status.playback:
            self.say("no recording is being replayed", "warning")
            return
        self._link.playback(action, amount)

    # leaving

    def _do_leave_now(self) -> None:
        self.exit()

    def _do_leave(self) -> None:
        words = self._open_things()
        if not words or self.is_leaving:
            self.exit()
            return
        self.is_leaving = True
        key = self.footer_keys["leave"]
        self.say(f"{words}; stops of open positions wait until the next start: {key} or y leaves", "warning")

    def _open_things(self) -> str:
        """What would be left behind, in words; empty where nothing is."""
        view = self._view
        if view is None:
            return ""
        elsewhere = sum(each.positions for each in view.status.profiles if not each.active)
        parts = [
            f"{count} {name}{'s' * (count > 1)} open"
            for count, name in ((len(view.positions) + elsewhere, "position"), (len(view.orders), "order"))
            if count
        ]
        return " and ".join(parts)
