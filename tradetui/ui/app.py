"""The cockpit: a link's frames on the shell's panes, and keys and words that become commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import msgspec
from textual.events import AppBlur, Event, Key, Paste, Resize

from tradetui.domain.command import AnyCommand
from tradetui.domain.grammar import GrammarError
from tradetui.domain.reply import STILL_OPEN, Reason, Refusal, Reply
from tradetui.domain.view import Frame, StatusView, ViewRequest
from tradetui.errors import ConfigError
from tradetui.runtime.link import Link
from tradetui.ui.actions import ACTIONS, BY_ID, WHILE_TYPING, check_keymap, textual_key
from tradetui.ui.controls import Controls, refused_words, taken_words
from tradetui.ui.controls_screen import ScreenKeys
from tradetui.ui.controls_view import with_symbol, with_timeframe
from tradetui.ui.controls_words import Wish, offered, read_line
from tradetui.ui.layout import DIAGNOSTICS
from tradetui.ui.locked import is_locked
from tradetui.ui.panes.base import LivePane
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.chooser import Chooser
from tradetui.ui.panes.command_line import CommandLine
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.notices import Weight
from tradetui.ui.panes.prompt import KEYS as PROMPT_KEYS
from tradetui.ui.panes.prompt import FirstPrompt
from tradetui.ui.panes.ticket import TicketPane
from tradetui.ui.panes.ticket_fields import TicketFields
from tradetui.ui.theming import FALLBACK

SIZE_PRESETS: Final = ("0.25r", "0.5r", "1r", "1.5r", "2r")


class CockpitApp(ScreenKeys, inherit_bindings=False):
    """Paints at once, then starts the engine behind the link."""

    BINDINGS: ClassVar = []

    def __init__(
        self,
        link: Link,
        *,
        keymap: Mapping[str, str] | None = None,
        theme: str = FALLBACK,
        fps: int = 15,
        first_run: bool = False,
        request: ViewRequest | None = None,
        size_presets: Sequence[str] = SIZE_PRESETS,
        disarm_after_s: float = 60.0,
        user_themes: Path | None = None,
        profiles: Sequence[str] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a cockpit on a link; `first_run` asks once for the limits of a trade and a day.

        Raises:
            ConfigError: every clash and unknown name of the keymap.
        """
        faults = check_keymap(keymap or {})
        if faults:
            raise ConfigError("keys", faults)
        super().__init__(link, theme=theme, user_themes=user_themes, fps=fps, now=now)
        self._keys = {action.id: (keymap or {}).get(action.id, action.key) for action in ACTIONS}
        self._first_run, self.profiles = first_run, tuple(profiles)
        started_at = request or ViewRequest()
        self.request = with_timeframe(started_at, started_at.timeframe)
        self.controls = Controls(
            keys=self._keys, size_presets=size_presets, disarm_after_s=disarm_after_s, now=now
        )
        self._actions = {textual_key(key): action for action, key in self._keys.items()}

    def on_mount(self) -> None:
        """All that is typed into comes behind the first paint, which must not wait for it."""
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Mount the lines and lists that are typed into, hidden until asked for; then start the engine."""
        line = CommandLine(lambda text: offered(text, self.vocabulary()), self._read)
        await self._main.mount(FirstPrompt(self.submit), Chooser(), line, before="#footer")
        await self._main.query_one(TicketPane).mount(TicketFields(self.take_draft))
        self._has_fields = True
        if self._first_run:
            self._main.query_one(FirstPrompt).open()
        self.place_notices()
        self.run_worker(self._start(), exclusive=True)

    async def _start(self) -> None:
        try:
            await self._link.start()
        except Exception as error:  # noqa: BLE001 - whatever failed is shown in words
            self.tell_failure(f"could not start: {said(error)}")
            leave, other = self._keys["leave"], self._keys["profiles"]
            self.say(f"{self._failed} ({other} offers another profile, {leave} leaves)", "error")
        self.look()
        self.take_other_themes()

    # what is looked at

    def look(self, request: ViewRequest | None = None) -> None:
        """Tell the engine what is looked at now: the request with the room that the panes have."""
        if not self.is_running or not self._main.query(LadderPane):
            return
        chart, ladder = self._main.query_one(ChartPane), self._main.query_one(LadderPane)
        wanted = request or self.request
        if wanted.symbol != self.request.symbol or wanted.timeframe != self.request.timeframe:
            chart.offset_columns, chart.crosshair = 0, None
        self.request = msgspec.structs.replace(
            wanted,
            columns=max(1, chart.columns),
            offset=chart.offset_columns,
            ladder_rows=ladder.visible_rows,
            ladder_center=ladder.wanted_center if wanted.symbol == self.request.symbol else None,
            ladder_group=ladder.group,
            health=DIAGNOSTICS in self.desk.plan.boxes,
        )
        self._link.show(self.request)

    def on_live_pane_request_changed(self, _message: LivePane.RequestChanged) -> None:
        """A pane looks elsewhere."""
        self.look()

    def on_resize(self, _event: Resize) -> None:
        """The panes have another size once they are placed."""
        self.call_after_refresh(self.look)

    @property
    def armed_s(self) -> float:
        """Seconds until entries are disarmed."""
        return self.controls.armed_s

    @property
    def footer_keys(self) -> Mapping[str, str]:
        """Action ids to keys."""
        return self._keys

    def look_over(self, frame: Frame | None) -> None:
        """Keep armed only what the trader armed: not a locked day, and no other account."""
        status = frame.status if frame is not None else None
        closed, is_other = is_locked(status), self._is_other_account(status)
        if is_other:
            self.forget_order()
        self.follow_order(frame)
        if closed:
            self.controls.disarm()
        elif self.armed_s and is_other:
            self.controls.disarm()
            self.say("entries are not armed any more: this is another account")
        self._main.query_one(TicketPane).show_arm(self._keys, is_armed=self.armed_s > 0, is_locked=closed)

    def _is_other_account(self, status: StatusView | None) -> bool:
        """Whether another profile is shown than on the screen until now: what was armed was not this one."""
        seen = self._view
        return seen is not None and status is not None and status.profile != seen.status.profile

    # keys

    async def on_event(self, event: Event) -> None:
        """See every key first, and be done with it before the next: what it means depends on those before."""
        if isinstance(event, AppBlur):
            return  # or the first keys after the return would not go to the line that is typed into
        if isinstance(event, Key) and not event.is_forwarded:
            self.controls.touch()
            if self._takes_anywhere(event.key) or await self.takes_typed(event) or self.do_key(event.key):
                return
        elif isinstance(event, Paste) and not event.is_forwarded and await self.takes_typed(event):
            return
        await super().on_event(event)

    def _takes_anywhere(self, key: str) -> bool:
        action = self._actions.get(key)
        if action not in WHILE_TYPING:
            return False
        if len(self.screen_stack) > 1:
            self.pop_screen()
        self.run_key(action)
        return True

    def do_key(self, key: str) -> bool:
        """Do what a key means outside of text fields; whether it means anything."""
        if len(self.screen_stack) > 1:
            return False
        if self.is_leaving and key == "y":
            self.exit()
            return True
        self.is_leaving = self.is_leaving and key == textual_key(self._keys["leave"])
        prompt = self._main.query(FirstPrompt)
        if key in PROMPT_KEYS and prompt and prompt.first().display:
            prompt.first().take(key)
            return True
        if (action := self._actions.get(key)) is not None:
            self.run_key(action)
            return True
        return key.startswith("alt+") and self._do_hurried(key.removeprefix("alt+"))

    def _do_hurried(self, key: str) -> bool:
        """Esc and a key in one breath arrive as alt and the key: what adds no risk is done."""
        key = key.removeprefix("shift+").upper() if key.startswith("shift+") else key
        action = self._actions.get(key)
        if action is None or BY_ID[action].adds_risk:
            return False
        return self.do_key("escape") and self.do_key(key)

    def run_key(self, action: str) -> None:
        """Do one action of the table."""
        local: Callable[[], None] | None = getattr(self, f"_do_{action}", None)
        if local is not None:
            local()
            return
        if (sight := self.sight()) is None:
            self.say(self.why_nothing, "warning")
            return
        outcome = self.controls.press(action, sight)
        if outcome.text:
            kind = ("info", Weight.PASSING) if outcome.draft else ("warning", Weight.FACT)
            self.say(outcome.text, kind[0], weight=kind[1])
        if outcome.draft is not None:
            self.look(msgspec.structs.replace(self.request, draft=outcome.draft))
        if outcome.command is not None:
            self.submit(outcome.command)
            self.mind_order(action)

    # commands

    def submit(self, command: AnyCommand, *, profile: str = "") -> None:
        """Give a command to the engine of a profile, the one on the screen; what becomes of it is said."""
        seen = self._view.status.profile if self._view is not None else ""
        self.run_worker(self._send(command, profile or seen))

    async def _send(self, command: AnyCommand, profile: str) -> None:
        # shielded: leaving at once must not stop a command half way to the journal
        try:
            reply = await asyncio.shield(self._link.submit(command, profile=profile))
            self._tell(reply, taken_words(command))
        except Exception as error:  # noqa: BLE001 - whatever failed is shown in words, and the screen stays
            self.say(f"the command did not reach the engine: {said(error)}", "error")

    def _tell(self, reply: Reply, otherwise: str = "done") -> None:
        if reply.refusal is None:
            weight = Weight.REMARK if reply.text else Weight.PASSING
            severity = "warning" if STILL_OPEN in reply.text else "success"
            self.say(reply.text or otherwise, severity, weight=weight)
        else:
            self.say(refused_words(reply.refusal), "error")

    def switch_profile(self, name: str) -> None:
        """Show another profile."""
        self.run_worker(self._switch(name))

    async def _switch(self, name: str) -> None:
        try:
            reply = await self._link.switch(name)
        except Exception as error:  # noqa: BLE001 - whatever failed is shown in words, and the screen stays
            self.say(f"profile {name} could not be shown: {said(error)}", "error")
            return
        self._tell(reply)
        if reply.accepted:
            self.tell_failure("")
            shown = self.request.symbol or (self._view.status.symbol if self._view is not None else "")
            self.look(with_symbol(msgspec.structs.replace(self.request, symbol=shown), ""))

    # symbols

    def open_symbol(self, symbol: str) -> None:
        """Show a symbol; one that is not watched is added first."""
        if symbol in self.symbols:
            self.look(with_symbol(self.request, symbol))
        else:
            self.run_worker(self._watch(symbol))

    async def _watch(self, symbol: str) -> None:
        before = self.request.symbol
        self.say(f"opening {symbol}: its history and its book are being loaded")
        self.look(with_symbol(self.request, symbol))
        reply = await self._asked(self._link.watch(symbol))
        if not reply.accepted and self.request.symbol == symbol:
            self.look(with_symbol(self.request, before))

    def drop_symbol(self, symbol: str) -> None:
        """Take a symbol that was added away again."""
        self.run_worker(self._unwatch(symbol))

    async def _unwatch(self, symbol: str) -> None:
        reply = await self._asked(self._link.unwatch(symbol))
        if reply.accepted and self.request.symbol == symbol:
            self.look(with_symbol(self.request, ""))

    async def _asked(self, answer: Awaitable[Reply]) -> Reply:
        """Say what the engine answers; whatever fails becomes words."""
        try:
            reply = await answer
        except Exception as error:  # noqa: BLE001 - the screen stays
            reply = Reply(refusal=Refusal(Reason.BAD_INPUT, said(error)))
        self._tell(reply)
        return reply

    # lines

    def _read(self, text: str) -> None:
        """A line: a command for the engine, or a wish for the view."""
        line = self._main.query_one(CommandLine)
        try:
            meant = read_line(text, self.vocabulary())
        except GrammarError as error:
            line.show_error(error)
            return
        line.accept(text)
        if isinstance(meant, Wish):
            self.fulfill(meant)
        else:
            self.submit(meant)


def said(error: Exception) -> str:
    """The words of an error; its kind where it has none."""
    return str(error) or type(error).__name__
