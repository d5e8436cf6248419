"""The frame around the panes: theme, layout, frame clock, notices; knows no keys and no commands."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from textual.app import App, ComposeResult
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widget import Widget

from tradetui.domain.view import Frame
from tradetui.runtime.link import Link
from tradetui.ui.frame_clock import FrameClock, writes_queued
from tradetui.ui.layout import ALONE, Choice, Desk, LayoutName
from tradetui.ui.locked import is_locked
from tradetui.ui.palette import MIDNIGHT
from tradetui.ui.panes.account import AccountPane
from tradetui.ui.panes.base import LivePane
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.fills import FillsPane
from tradetui.ui.panes.footer import Context, Footer
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.notices import Notices, Weight
from tradetui.ui.panes.orders import OrdersPane
from tradetui.ui.panes.position_line import PositionLine
from tradetui.ui.panes.positions import PositionsPane
from tradetui.ui.panes.status_bar import StatusBar
from tradetui.ui.panes.tape import TapePane
from tradetui.ui.panes.ticket import TicketPane
from tradetui.ui.panes.watchlist import WatchlistPane
from tradetui.ui.terminal import facts_of, is_small, sentences, small_sentence
from tradetui.ui.theming import FALLBACK, REQUIRED, check_theme_name, load_theme, load_themes, textual_theme

NOT_STARTED: Final = "this profile did not start"


class Ground(Screen[None]):
    """The screen below everything; bars and panes cover it."""

    BLANK = True


class Shell(App[None], inherit_css=False):
    """Paints at once; subclasses start the engine and bind keys.

    It inherits no styles: Textual's for headers, key tables and maximized widgets took longer to read
    than all that the cockpit shows.
    """

    CSS = """
    Shell { background: $background; color: $foreground; }
    Screen { background: $pane; color: $text; layers: base above; overflow: hidden; }
    """
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    _has_theme = _has_all_themes = False

    def __init__(
        self,
        link: Link,
        *,
        theme: str = FALLBACK,
        user_themes: Path | None = None,
        fps: int = 15,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        # nothing here has a tooltip, and notices are the cockpit's own; Textual has no public switch
        self._disable_tooltips = self._disable_notifications = True
        self._link, self._fps, self._now = link, fps, now
        self._view: Frame | None = None
        self._failed = ""
        self._substitute = ""
        self._ticket_wanted = False
        self._said_small = False
        self.frame_clock = FrameClock(
            is_current=self._is_current, writes_queued=lambda: writes_queued(self), paint=self._paint
        )
        self._user_themes, self._wanted_theme = user_themes, theme
        self._shown: frozenset[str] = frozenset()
        self._take_theme()

    # Theme.

    def _take_theme(self) -> None:
        """Use the wanted theme before anything is styled; to change it later costs a second parse."""
        theme = load_theme(self._wanted_theme, self._user_themes)
        if theme is not None:
            self.register_theme(textual_theme(theme))
            self.set_reactive(App.theme, theme.name)
            self._refresh_truecolor_filter(self.ansi_theme)
        self._has_theme = True
        self.stylesheet.set_variables(self.get_css_variables())

    def take_other_themes(self) -> None:
        """Register every other sound theme once, and say in words what was wrong; no paint waits for it."""
        if self._has_all_themes:
            return
        self._has_all_themes = True
        themes, faults = load_themes(self._user_themes)
        for theme in themes:
            if theme.name != self.theme:
                self.register_theme(textual_theme(theme))
        for fault in faults:
            self.say(f"theme {fault}", "warning")
        missing = check_theme_name(self._wanted_theme, user_folder=self._user_themes)
        if missing is not None:
            self.say(f"{missing}; {FALLBACK} is used", "warning")

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colors for the stylesheet; none before a theme is chosen: blending takes time."""
        return super().get_css_variables() if self._has_theme else {}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colors that every theme names, for Textual's own themes; others are blended from these."""
        return {name: MIDNIGHT[name] for name in REQUIRED}

    # Panes.

    def get_default_screen(self) -> Screen[None]:
        """The screen that holds bars and panes."""
        return Ground(id="_default")

    def compose(self) -> ComposeResult:
        """Status bar, desk of panes, position line, notices, footer."""
        yield StatusBar(id="status")
        yield Desk(*self.make_panes(), choice=Choice())
        yield PositionLine(id="position-line")
        yield from self.compose_below()
        yield Footer(id="footer")
        yield Notices(id="notices")

    def make_panes(self) -> Iterable[Widget]:
        """The panes, each with its name in the layout as id."""
        yield ChartPane(id="chart")
        yield LadderPane(id="ladder")
        yield TicketPane(id="ticket")
        yield PositionsPane(id="positions")
        yield OrdersPane(id="orders")
        yield FillsPane(id="fills")
        yield TapePane(id="tape")
        yield WatchlistPane(id="watchlist")
        yield AccountPane(id="account")

    def compose_below(self) -> ComposeResult:
        """What a subclass puts between the panes and the footer."""
        yield from ()

    def on_mount(self) -> None:
        """Start the clock, and say what is wrong with themes and terminal."""
        self.set_interval(1 / self._fps, self._tick)
        self.arrange()
        for text in sentences(facts_of(self)):
            self.say(text, "warning")

    # Layout.

    @property
    def desk(self) -> Desk:
        """Where the panes stand."""
        return self._main.query_one(Desk)

    def next_pane(self, step: int = 1) -> None:
        """Focus the next pane; where one is shown at a time, show it."""
        desk = self.desk
        self.focus_pane(desk.plan.pane_after(desk.choice.pane, step))

    def action_focus_next(self) -> None:
        """Tab goes from pane to pane."""
        self.next_pane(1)

    def action_focus_previous(self) -> None:
        """Shift+tab goes back."""
        self.next_pane(-1)

    def focus_pane(self, name: str) -> None:
        """Focus a pane by its name in the layout."""
        self.arrange(msgspec.structs.replace(self.desk.choice, pane=name))

    def cycle_layout(self) -> LayoutName:
        """The next layout; its main pane gets the focus."""
        name = self.desk.choice.name.following
        self.arrange(msgspec.structs.replace(self.desk.choice, name=name, pane=name.main_pane, zoomed=False))
        return name

    def toggle_zoom(self) -> None:
        """Show the focused pane alone, or all again."""
        choice = self.desk.choice
        self.arrange(msgspec.structs.replace(choice, zoomed=not choice.zoomed))

    def open_ticket(self, *, wanted: bool) -> None:
        """Make room for the ticket where it is not always shown."""
        self._ticket_wanted = wanted
        self.arrange(msgspec.structs.replace(self.desk.choice, ticket_open=wanted or self.armed_s > 0))

    def arrange(self, choice: Choice | None = None) -> None:
        """Place the panes for the present size; the focus stays where it can be seen."""
        desk = self.desk
        before = desk.plan
        desk.arrange_as(choice or desk.choice)
        plan = desk.plan
        typed = self._pane_typed_into()
        if typed not in ("", *plan.boxes):
            desk.arrange_as(msgspec.structs.replace(desk.choice, pane=typed))
            plan = desk.plan
        if plan != before:
            self.call_after_refresh(self.post_message, LivePane.RequestChanged())
        self._main.query_one(PositionLine).display = plan.has_position_line
        self._main.query_one(Footer).display = plan.has_footer
        self.place_notices()
        focused = self._main.focused
        if focused is None or isinstance(focused, LivePane):
            self._focus_in(desk, plan.focus_for(desk.choice))

    def _pane_typed_into(self) -> str:
        """The pane whose text field has the focus; it stays on the screen."""
        focused = self._main.focused
        panes = focused.ancestors if focused is not None else []
        return next((pane.id or "" for pane in panes if isinstance(pane, LivePane)), "")

    @property
    def rows_below(self) -> int:
        """Rows of the bars below the desk, which nothing may cover."""
        plan = self.desk.plan
        return plan.has_footer + plan.has_position_line

    def place_notices(self) -> None:
        """Keep what is said off the figures, and above the bars and whatever is typed into."""
        place, screen = self.desk.plan.quiet.translate((0, 1)), self.size
        lowest = screen.height - self.rows_below - self.rows_typed_into
        over = max(0, place.bottom - lowest)
        self._main.query_one(Notices).lie_in(place.shrink((0, 0, over, 0)), screen)

    @property
    def rows_typed_into(self) -> int:
        """Rows of lists and lines that lie above the bars; a subclass knows."""
        return 0

    def _focus_in(self, desk: Desk, name: str) -> None:
        self._substitute = "" if name == desk.choice.pane else name
        self._main.set_focus(desk.query_one(f"#{name}"))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Remember the pane that the trader chose, not one that stands in for it."""
        if not self.screen_stack:
            return  # the focus moved for the last time while the screen went
        name = event.widget.id or ""
        if isinstance(event.widget, LivePane) and name != self._substitute:
            self._substitute = ""
            self.arrange(msgspec.structs.replace(self.desk.choice, pane=name))

    def on_resize(self, _event: Resize) -> None:
        """Another size may have room for other panes; Textual takes the size after this."""
        self.call_later(self._take_size)

    def _take_size(self) -> None:
        if not self.is_running or not self._main.query(Desk):
            return
        self.desk.place_again()
        self.arrange()
        self._main.query_one(Notices).place()
        if is_small(self.size) and not self._said_small:
            self._said_small = True
            self.say(small_sentence(self.size), "warning")

    # The frame clock.

    @property
    def _main(self) -> Screen[object]:
        return self.screen_stack[0]

    @property
    def armed_s(self) -> float:
        """Seconds until entries are disarmed; a subclass knows."""
        return 0.0

    @property
    def footer_keys(self) -> Mapping[str, str]:
        """Action ids to keys; a subclass knows."""
        return {}

    def _is_current(self) -> bool:
        return self.is_running and len(self.screen_stack) == 1 and bool(self._main.query(Notices))

    def _tick(self) -> None:
        self.frame_clock.tick()

    def _paint(self) -> None:
        """Take what the engine published since the last frame to the panes that are shown."""
        main, frame = self._main, self._link.frame()
        self.look_over(frame)
        main.query_one(Notices).pass_time(self._now())
        for notice in self._link.notices():
            main.query_one(Notices).say(notice.text, notice.severity, topic=notice.topic)
        self._paint_bars(frame)
        shown = frozenset(self.desk.plan.boxes)
        if frame is None or (frame is self._view and shown == self._shown):
            return
        self._view, self._shown = frame, shown
        for pane in main.query(LivePane):
            if pane.id in shown:
                pane.show_frame(frame)
        main.query_one(PositionLine).show_frame(frame)

    def look_over(self, frame: Frame | None) -> None:
        """Act on what a frame says before it is shown; a subclass knows how."""

    def tell_failure(self, text: str) -> None:
        """Why nothing starts, so that no pane waits for it; empty where it is tried again."""
        self._failed, words = text, NOT_STARTED if text else ""
        for pane in self._main.query(LivePane):
            pane.tell_lack(words)
        self._main.query_one(PositionLine).tell_lack(words)

    @property
    def why_nothing(self) -> str:
        """Why a key finds nothing to act on."""
        return self._failed or "the engine is still starting"

    def _paint_bars(self, frame: Frame | None) -> None:
        main, armed_s = self._main, math.ceil(self.armed_s)
        is_armed = armed_s > 0
        if self.desk.choice.ticket_open != (is_armed or self._ticket_wanted):
            self.open_ticket(wanted=self._ticket_wanted)
        main.query_one(StatusBar).show_status(
            frame.status if frame else None,
            armed_s=armed_s,
            starting=self._failed or self._link.progress(),
            dropped=self.frame_clock.dropped_lately,
        )
        context = Context(
            is_armed=is_armed,
            is_locked=is_locked(frame.status if frame else None),
            holds=frame is None or bool(frame.positions),
            works=frame is None or bool(frame.orders),
            is_replay=bool(frame and frame.status.playback),
            is_alone=self.desk.choice.pane in ALONE and self.desk.choice.pane in self.desk.plan.boxes,
            is_single=len(self.desk.plan.boxes) == 1,
            is_typing=main.focused is not None and not isinstance(main.focused, LivePane),
        )
        main.query_one(Footer).show_keys(self.footer_keys, context)

    def say(self, text: str, severity: str = "info", *, weight: Weight = Weight.FACT) -> None:
        """Say something once: severity is info, success, warning or error."""
        self._main.query_one(Notices).say(text, severity, weight=weight)
