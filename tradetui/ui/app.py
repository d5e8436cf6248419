"""The cockpit's shell: one frame clock, one layout, and keys that become commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import ClassVar

import msgspec
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tradetui.domain.command import (
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    Reverse,
    SetStop,
    Stop,
    SubmitOrder,
)
from tradetui.domain.market_data import Side, Timeframe
from tradetui.domain.view import Frame, ViewRequest
from tradetui.errors import ConfigError
from tradetui.runtime.link import Link
from tradetui.ui.actions import ACTIONS, BY_ID, check_keymap, textual_key
from tradetui.ui.panes.account import AccountPane
from tradetui.ui.panes.base import LivePane
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.fills import FillsPane
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.orders import OrdersPane
from tradetui.ui.panes.positions import PositionsPane
from tradetui.ui.panes.status_bar import StatusBar
from tradetui.ui.panes.tape import TapePane
from tradetui.ui.panes.ticket import TicketPane
from tradetui.ui.panes.watchlist import WatchlistPane

ARMED_S = 60.0
HELD_S = 0.7
FOOTER = (
    "arm",
    "buy",
    "sell",
    "flatten",
    "cancel_all",
    "half",
    "breakeven",
    "stop_here",
    "recenter",
    "leave",
)


class CockpitApp(App[None]):
    """Paints at once, then starts the engine behind the link."""

    CSS = """
    Screen { background: #0f151c; color: #c9d4e0; }
    #left { width: 34; } #right { width: 52; } #bottom { height: 13; } #note, #keys { height: 1; }
    #side { width: 52; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [Binding("ctrl+c", "quit", "", priority=True), ("ctrl+x", "do('flatten')", "")]

    def __init__(
        self,
        link: Link,
        *,
        keymap: Mapping[str, str] | None = None,
        fps: int = 15,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError with every clash of the keymap."""
        faults = check_keymap(keymap or {})
        if faults:
            raise ConfigError("keys", faults)
        super().__init__()
        self._link, self._fps, self._now = link, fps, now
        self._keys = {action.id: (keymap or {}).get(action.id, action.key) for action in ACTIONS}
        self._request = ViewRequest()
        self._view: Frame | None = None
        self._armed_until = 0.0
        self._last_press: dict[str, float] = {}
        self._failed = ""
        self._leaving = False

    def compose(self) -> ComposeResult:
        """The layout for wide terminals."""
        yield StatusBar()
        with Horizontal():
            with Vertical(id="left"):
                yield WatchlistPane()
                yield AccountPane()
            yield ChartPane()
            with Vertical(id="right"):
                yield LadderPane()
        with Horizontal(id="bottom"):
            yield TapePane()
            with Vertical():
                yield PositionsPane()
                yield OrdersPane()
            yield FillsPane()
            with Vertical(id="side"):
                yield TicketPane()
        yield Static(id="note")
        yield Static(Text("  ".join(f"{self._keys[i]} {BY_ID[i].label}" for i in FOOTER)), id="keys")

    def on_mount(self) -> None:
        """Bind the keys, start the clock, then the engine."""
        for action, key in self._keys.items():
            self.bind(textual_key(key), f"do('{action}')")
        self.set_interval(1 / self._fps, self._tick)
        self.run_worker(self._start(), exclusive=True)

    async def _start(self) -> None:
        try:
            await self._link.start()
        except Exception as error:  # noqa: BLE001 - whatever failed is shown in words
            self._failed = f"could not start: {error}"
        self._look()

    def _look(self) -> None:
        chart, ladder = self.query_one(ChartPane), self.query_one(LadderPane)
        self._request = msgspec.structs.replace(
            self._request,
            columns=max(1, chart.columns),
            offset=chart.offset_columns,
            ladder_rows=ladder.visible_rows,
            ladder_center=ladder.wanted_center,
            ladder_group=ladder.group,
        )
        self._link.show(self._request)

    def on_live_pane_request_changed(self, _message: LivePane.RequestChanged) -> None:
        """A pane looks elsewhere."""
        self._look()

    def _tick(self) -> None:
        if not self.query(StatusBar):
            return  # the app is closing: its widgets go before its timers
        armed = max(0, round(self._armed_until - self._now()))
        frame = self._link.frame()
        bar = self.query_one(StatusBar)
        bar.show_status(
            frame.status if frame else None, armed_s=armed, starting=self._failed or self._link.progress()
        )
        for notice in self._link.notices():
            self._say(notice.text, notice.severity)
        if frame is None or frame is self._view:
            return
        self._view = frame
        for pane in self.query(LivePane):
            pane.show_frame(frame)

    def _say(self, text: str, severity: str = "info") -> None:
        sign = {"error": "✗", "warning": "!", "success": "✓"}.get(severity, "·")
        self.query_one("#note", Static).update(Text(f" {sign} {text}"), layout=False)

    async def action_do(self, action: str) -> None:
        """Do one action of the table."""
        if self._is_held(action):
            return
        self._leaving = self._leaving and action == "leave"
        local = getattr(self, f"_do_{action}", None)
        if local is not None:
            local()
            return
        if BY_ID[action].adds_risk and self._now() >= self._armed_until:
            self._say(f"entries are not armed: press {self._keys['arm']} first", "warning")
            return
        if self._now() < self._armed_until:
            self._armed_until = self._now() + ARMED_S
        command = self._command(action)
        if command is not None:
            await self._send(command)

    def _is_held(self, action: str) -> bool:
        """The same order key is ignored until 700 ms after its last event."""
        if action in ("cursor_up", "cursor_down"):
            return False
        last, now = self._last_press.get(action, -HELD_S), self._now()
        self._last_press[action] = now
        return now - last < HELD_S

    async def _send(self, command: AnyCommand) -> None:
        reply = await self._link.submit(command)
        if reply.refusal is None:
            self._say(reply.text or "done", "success")
        else:
            self._say(f"{reply.refusal.text} {reply.refusal.mend}".rstrip(), "error")

    def _command(self, action: str) -> AnyCommand | None:
        if self._view is None:
            self._say("the engine is still starting", "warning")
            return None
        symbol = self._view.status.symbol
        if action in ("buy", "sell", "buy_limit", "sell_limit"):
            return self._entry(Side(action.removesuffix("_limit")), limit=action.endswith("limit"))
        if action == "cancel":
            order = self.query_one(OrdersPane).selected_order
            return CancelOrder(order_id=order.order_id) if order else None
        if action == "stop_here":
            price = self._cursor_price()
            return SetStop(symbol=symbol, stop=Stop(price=price)) if price else None
        plain: dict[str, AnyCommand] = {
            "flatten": Flatten(symbol=symbol),
            "flatten_all": Flatten(),
            "cancel_all": CancelAll(symbol=symbol),
            "half": Half(symbol=symbol),
            "reverse": Reverse(symbol=symbol, stop=self._default_stop()),
            "breakeven": BreakEven(symbol=symbol),
        }
        return plain[action]

    def _default_stop(self) -> Stop:
        return Stop(atr=Decimal(1), timeframe=self._request.timeframe.value)

    def _entry(self, side: Side, *, limit: bool) -> AnyCommand | None:
        view = self._view
        if view is None or (limit and view.ladder is None):
            return None
        price = None
        if limit and view.ladder is not None:
            best = view.ladder.best_bid if side is Side.BUY else view.ladder.best_ask
            price = self._cursor_price() or (None if best is None else best * view.ladder.tick_size)
            if price is None:
                self._say("no price to join: the book is empty", "warning")
                return None
        draft = self._request.draft
        stop = draft.stop if draft.stop.price is not None else self._default_stop()
        return SubmitOrder(
            symbol=view.status.symbol, side=side, size=draft.size, limit=price, stop=stop, target=draft.target
        )

    def _cursor_price(self) -> Decimal | None:
        tick = self.query_one(LadderPane).cursor_tick
        ladder = self._view.ladder if self._view else None
        return None if tick is None or ladder is None else tick * ladder.tick_size

    def _do_arm(self) -> None:
        self._armed_until = 0.0 if self._now() < self._armed_until else self._now() + ARMED_S

    def _do_cursor_up(self) -> None:
        self.query_one(LadderPane).move_cursor(1)

    def _do_cursor_down(self) -> None:
        self.query_one(LadderPane).move_cursor(-1)

    def _do_recenter(self) -> None:
        self.query_one(LadderPane).recenter()

    def _do_timeframe_down(self) -> None:
        self._timeframe(-1)

    def _do_timeframe_up(self) -> None:
        self._timeframe(1)

    def _timeframe(self, step: int) -> None:
        frames = list(Timeframe)
        at = max(0, min(len(frames) - 1, frames.index(self._request.timeframe) + step))
        self._request = msgspec.structs.replace(self._request, timeframe=frames[at])
        self._look()

    def _do_zoom(self) -> None:
        if self.screen.maximized is not None:
            self.screen.minimize()
        elif self.focused is not None:
            self.screen.maximize(self.focused)

    def _do_leave(self) -> None:
        if self._view is None or not self._view.positions or self._leaving:
            self.exit()
            return
        self._leaving = True
        self._say(
            "a position is open, and its stop works only while the program runs: q again to leave",
            "warning",
        )
