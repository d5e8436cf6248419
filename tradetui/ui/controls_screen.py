"""What keys do to the panes: cursors, chart, layout, recordings, leaving; nothing here trades."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, Protocol, runtime_checkable

import msgspec
from textual.widget import Widget

from tradetui.domain.view import Frame
from tradetui.ui.controls import MOVES, Controls
from tradetui.ui.controls_lists import ScreenLists
from tradetui.ui.controls_orders import Sight
from tradetui.ui.controls_view import stepped_timeframe
from tradetui.ui.layout import ALONE, DIAGNOSTICS, REVIEW, Choice
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.notices import Notices, Weight
from tradetui.ui.panes.orders import OrdersPane
from tradetui.ui.panes.watchlist import WatchlistPane
from tradetui.ui.screens.help import HelpScreen

GROUPINGS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Ticks to a row of the ladder."""
SEEK_S: Final = 10.0
SEEK_FAR_S: Final = 300.0
CANCELABLE: Final = frozenset({"buy", "sell", "target"})
"""Kinds of own marks on the ladder that `cancel` may mean."""


@runtime_checkable
class Selects(Protocol):
    """A pane whose rows can be selected."""

    def move_selected(self, rows: int) -> None:
        """Move the selection down by so many rows."""
        ...


def made(name: str) -> Widget:
    """A pane that stands in no layout."""
    if name == REVIEW:
        from tradetui.ui.panes.review import ReviewPane

        return ReviewPane(id=name)
    from tradetui.ui.panes.diagnostics import DiagnosticsPane

    return DiagnosticsPane(id=name)


class ScreenKeys(ScreenLists):
    """The shell with everything that only changes what is seen."""

    controls: Controls
    is_leaving = False
    _before_alone: Choice | None = None
    _minded = ""
    """The order that the ladder's cursor follows: the one that was moved under it."""

    def sight(self) -> Sight | None:
        """What the trader looks at; None while the engine starts."""
        if self._view is None:
            return None
        tick, ladder = self._cursor_tick, self._view.ladder
        cursor = None if tick is None or ladder is None else tick * ladder.tick_size
        return Sight(frame=self._view, request=self.request, cursor=cursor, order_id=self.order_meant())

    @property
    def _cursor_tick(self) -> int | None:
        """The tick under the ladder's cursor, if that was set for the symbol shown."""
        shown = self._view.status.symbol if self._view is not None else ""
        return self._main.query_one(LadderPane).cursor_on(shown)

    def order_meant(self) -> str:
        """The order under the ladder's cursor, else the one selected in the list."""
        tick = self._cursor_tick
        minded = self._minded if tick is not None else ""  # not another one where that has just filled
        if at_cursor := self.order_at(tick) or minded:
            return at_cursor
        orders = self._view.orders if self._view is not None else ()
        at = min(self._main.query_one(OrdersPane).selected, len(orders) - 1)
        return orders[at].order.order_id if orders else ""

    def order_at(self, tick: int | None) -> str:
        """The order on a row of the ladder that can be canceled; empty where none is."""
        ladder = self._view.ladder if self._view is not None else None
        rows = ladder.rows if ladder is not None and tick is not None else ()
        marks = [mark for row in rows if row.tick == tick for mark in row.own if mark.kind in CANCELABLE]
        return marks[0].order_id if marks else ""

    def mind_order(self, action: str) -> None:
        """The ladder's cursor is to stay on the order under it that is being moved."""
        if action in MOVES:
            self._minded = self.order_at(self._cursor_tick)

    def forget_order(self) -> None:
        """Mean none that was meant: in another account the same row and the same id are another order."""
        self._minded = ""
        self._main.query_one(LadderPane).recenter()
        self._main.query_one(OrdersPane).selected = 0

    def follow_order(self, view: Frame | None) -> None:
        """Put the cursor where the order that was moved stands now: it arrives later than the key."""
        ladder = view.ladder if view is not None else None
        if not self._minded or ladder is None:
            return
        ticks = [row.tick for row in ladder.rows if any(own.order_id == self._minded for own in row.own)]
        pane = self._main.query_one(LadderPane)
        if ticks and pane.cursor_tick not in (None, ticks[0]):
            pane.move_cursor((ticks[0] - (pane.cursor_tick or 0)) // ladder.group)

    def _do_help(self) -> None:
        pane = self.desk.choice.pane
        self.push_screen(HelpScreen(self.footer_keys, pane))

    def _do_review(self) -> None:
        self._toggle_alone(REVIEW)

    def _do_diagnostics(self) -> None:
        self._toggle_alone(DIAGNOSTICS)

    def _toggle_alone(self, name: str) -> None:
        """Show a pane that stands in no layout, or what was there before."""
        choice = self.desk.choice
        if name in self.desk.plan.boxes:
            self._leave_alone()
            return
        if choice.pane not in ALONE:
            self._before_alone = choice
        self.run_worker(self._show_alone(name), group=name)

    def _leave_alone(self) -> None:
        before = msgspec.structs.replace(self.desk.choice, pane="chart", zoomed=False)
        self.arrange(self._before_alone or before)

    async def _show_alone(self, name: str) -> None:
        """The pane is made when it is first asked for: it must not cost the first paint anything."""
        desk = self.desk
        if not desk.query(f"#{name}"):
            await desk.mount(made(name))
        self.arrange(msgspec.structs.replace(desk.choice, pane=name, zoomed=True))

    def on_review_pane_wanted(self) -> None:
        """The trades are to be read."""
        self.run_worker(self._read_review(), group="reading", exclusive=True)

    async def _read_review(self) -> None:
        from tradetui.ui.panes.review import ReviewPane

        review = await self._link.review()
        for pane in self._main.query(ReviewPane):
            pane.show_review(review)

    def _do_dismiss(self) -> None:
        notices = self._main.query_one(Notices)
        if notices.lines or self.desk.choice.pane not in ALONE:
            notices.dismiss()
        else:
            self._leave_alone()

    # panes

    def _do_arm(self) -> None:
        text = self.controls.toggle_arm(self._view.status if self._view is not None else None)
        if text:
            self.say(text, "warning")

    def _do_cursor_up(self) -> None:
        self._move(-1)

    def _do_cursor_down(self) -> None:
        self._move(1)

    def _move(self, rows: int) -> None:
        self._minded = ""
        focused: object = self.focused
        if isinstance(focused, Selects):
            focused.move_selected(rows)
        else:
            self.query_one(LadderPane).move_cursor(-rows)

    def _do_open_symbol(self) -> None:
        if (symbol := self._selected_symbol()) is not None:
            self.open_symbol(symbol)

    def _do_drop_symbol(self) -> None:
        if (symbol := self._selected_symbol()) is not None:
            self.drop_symbol(symbol)

    def _selected_symbol(self) -> str | None:
        """The symbol under the watchlist's cursor, while it has the focus."""
        focused: object = self.focused
        return focused.selected_symbol if isinstance(focused, WatchlistPane) else None

    def _do_recenter(self) -> None:
        self._minded = ""
        self.query_one(LadderPane).recenter()

    def _do_group_finer(self) -> None:
        self._group(-1)

    def _do_group_coarser(self) -> None:
        self._group(1)

    def _group(self, step: int) -> None:
        ladder = self.query_one(LadderPane)
        at = bisect_right(GROUPINGS, ladder.group) - 1
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
        self.say(f"layout {self.cycle_layout()}", weight=Weight.PASSING)
        self.call_after_refresh(self.look)

    # recordings

    def _do_record(self) -> None:
        self._link.record()

    def _do_pause(self) -> None:
        self._steer("pause")

    def _do_step(self) -> None:
        self._steer("step", 1)

    def _do_seek_back(self) -> None:
        self._steer("seek", -SEEK_S)

    def _do_seek_far_back(self) -> None:
        self._steer("seek", -SEEK_FAR_S)

    def _do_seek_ahead(self) -> None:
        self._steer("seek", SEEK_FAR_S)

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
