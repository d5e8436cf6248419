"""The link where engine and screen share one process: tests, replays, and the cockpit by itself.

Everything that computes is imported when `start` is called, so the screen is painted before. A
profile that is left behind keeps its host while it has something to watch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from tradetui.domain.command import AnyCommand
from tradetui.domain.market_data import FeedStatus
from tradetui.domain.reply import Reason, Refusal, Reply
from tradetui.domain.view import Frame, Notice, OrderStory, ProfileBadge, TradingState, ViewRequest
from tradetui.domain.view_review import ReviewView
from tradetui.errors import JournalError, TradeTuiError
from tradetui.runtime.collector import Collector

if TYPE_CHECKING:
    from tradetui.runtime.halt import Halt
    from tradetui.runtime.host import Host
    from tradetui.runtime.sharing import Elsewhere, LockSharing

Say = Callable[[str], None]
"""Called with what a start is doing, in words."""
MakeHost = Callable[[str, Say], Awaitable["Host"]]
"""Makes the host of a profile and says in words what it is busy with; raises TradeTuiError."""
OBSERVE_S: Final = 0.1
"""How often what the panes count over time is looked at."""


class Frames(Protocol):
    """Builds the frames of one host."""

    def build(
        self,
        request: ViewRequest,
        *,
        now: int,
        badges: tuple[ProfileBadge, ...],
        playback: str,
        recording: str,
        scenario: str,
        halted: TradingState | None,
        unlisted: FeedStatus | None,
    ) -> Frame:
        """The newest frame, the same object while nothing changed."""
        ...

    def observe(self) -> None:
        """Look at what is counted over time."""
        ...


MakeFrames = Callable[["Host", tuple[str, ...]], Frames]


class _Stage:
    """A host that runs, its task, and the frames built of it."""

    def __init__(self, host: Host, make_frames: MakeFrames, profiles: tuple[str, ...]) -> None:
        self.host = host
        self.task = asyncio.create_task(host.run(), name=f"host {host.profile.name}")
        self.task.add_done_callback(self._say_end)
        self._make_frames = make_frames
        self._profiles = profiles
        self._built_for = host.published
        self._frames = make_frames(host, profiles)
        self._source: Frame | None = None
        self._shown: Frame | None = None

    @property
    def frames(self) -> Frames:
        """The builder of this host; a new one when its engine is new."""
        if self._built_for is not self.host.published:
            self._built_for = self.host.published
            self._frames = self._make_frames(self.host, self._profiles)
        return self._frames

    def frame(self, request: ViewRequest, badges: tuple[ProfileBadge, ...]) -> Frame:
        """The newest frame, with what only the host knows in it."""
        host = self.host
        frame = self.frames.build(
            self._known(request),
            now=host.clock,
            badges=badges,
            playback=host.playback_words,
            recording=host.tape.words,
            scenario=host.scenario,
            halted=host.halt.state if host.halt is not None else None,
            unlisted=host.feed_status(request.symbol or next(iter(host.feed.symbols), "")),
        )
        if host.halt is None:
            return frame
        if frame is not self._source or self._shown is None:
            self._source, self._shown = frame, _halted(frame, host.halt)
        return self._shown

    def _known(self, request: ViewRequest) -> ViewRequest:
        """The request; of this profile's first symbol when it names one of another profile."""
        host, symbol = self.host, request.symbol
        if not symbol or symbol in host.feed.symbols or symbol in host.engine.markets:
            return request
        return msgspec.structs.replace(request, symbol="", ladder_center=None, offset=0)

    def _say_end(self, task: asyncio.Task[None]) -> None:
        """A host that ends by itself is a bug, and no secret."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.host.note("error", f"the engine stopped: {error}; open tradetui again")

    async def end(self) -> None:
        """Stop the host in good order."""
        self.host.stop()
        await asyncio.wait((self.task,))


class InlineLink:
    """A `Link` to hosts in the same process."""

    def __init__(
        self,
        make_host: MakeHost,
        *,
        profile: str,
        profiles: tuple[str, ...],
        make_frames: MakeFrames | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """`profiles` are those that can be switched to; `profile` is shown first.

        `elsewhere` tells of locks in accounts that do not run; without it no lock is shared.
        """
        self._elsewhere = elsewhere
        self._sharing: LockSharing | None = None
        self._make_host = make_host
        self._profiles = profiles
        self._profile = profile
        self._make_frames = make_frames
        self._stages: dict[str, _Stage] = {}
        self._request = ViewRequest()
        self._progress = "starting"
        self._badges: tuple[ProfileBadge, ...] = ()
        self._observed = 0.0
        self._switching = asyncio.Lock()
        self._collector = Collector()

    async def start(self) -> None:
        """Load and start the first profile; raises what making it raised."""
        async with self._switching:
            await self._begin(self._profile)
        self._collector.start()

    async def stop(self) -> None:
        """Stop every host in good order."""
        self._collector.stop()
        async with self._switching:
            for name in list(self._stages):
                await self._end(name)

    async def submit(self, command: AnyCommand, *, profile: str = "") -> Reply:
        """Give a command to the profile that it was meant for; returns when its events are committed."""
        stage = self._stages.get(profile or self._profile)
        if stage is None and profile not in ("", self._profile):
            words = f"{profile} has been left, with nothing open in it: nothing was done"
            return _refused(Reason.BAD_INPUT, words, f"press again for {self._profile}")
        if stage is None:
            return _refused(Reason.RECOVERING, "the engine is still starting")
        return await stage.host.submit(command)

    def show(self, request: ViewRequest) -> None:
        """Say what the screen looks at."""
        self._request = request

    def frame(self) -> Frame | None:
        """The newest frame of the profile shown; None while the engine starts."""
        stage = self._stages.get(self._profile)
        if stage is None:
            return None
        self._observe()
        return stage.frame(self._request, self._running())

    def notices(self) -> tuple[Notice, ...]:
        """Notices of every profile since the last call."""
        found: list[Notice] = []
        for name, stage in list(self._stages.items()):
            prefix = "" if name == self._profile else f"{name}: "
            found += (
                Notice(n.ts, n.severity, prefix + n.text, prefix + n.topic if n.topic else "")
                for n in stage.host.notices()
            )
        return tuple(found)

    def progress(self) -> str:
        """What is being done while a profile starts; empty when it runs."""
        return self._progress

    async def switch(self, profile: str) -> Reply:
        """Show another profile; the one left behind goes on while it has something to watch."""
        async with self._switching:
            return await self._switch(profile)

    async def watch(self, symbol: str) -> Reply:
        """Add a symbol to the profile shown, for this run."""
        stage = self._stages.get(self._profile)
        if stage is None:
            return _refused(Reason.RECOVERING, "the engine is still starting")
        from tradetui.runtime.watching import watch  # it computes

        return await watch(stage.host, symbol)

    async def unwatch(self, symbol: str) -> Reply:
        """Take a symbol that was added away again."""
        stage = self._stages.get(self._profile)
        if stage is None:
            return _refused(Reason.RECOVERING, "the engine is still starting")
        from tradetui.runtime.watching import unwatch  # it computes

        return await unwatch(stage.host, symbol)

    def scanned(self) -> tuple[str, ...]:
        """Symbols of which only tickers are read."""
        stage = self._stages.get(self._profile)
        table = stage.host.vitals.scan if stage is not None else None
        return table.symbols if table is not None else ()

    async def review(self) -> ReviewView | None:
        """The closed trades of the account shown."""
        stage = self._stages.get(self._profile)
        if stage is None:
            return None
        try:
            return await stage.host.review()
        except JournalError as error:
            stage.host.note("error", str(error))
            return None

    async def stories(self) -> tuple[OrderStory, ...]:
        """Why the orders of the account shown filled, wait or did not fill."""
        stage = self._stages.get(self._profile)
        return stage.host.stories() if stage is not None else ()

    def record(self) -> None:
        """Begin to record the market of the profile shown, or end it."""
        stage = self._stages.get(self._profile)
        if stage is not None:
            stage.host.record()

    def playback(self, action: str, amount: float = 0.0) -> None:
        """Steer a recording; nothing where the market is not one."""
        stage = self._stages.get(self._profile)
        feed = stage.host.feed if stage is not None else None
        steer = getattr(feed, {"speed": "set_speed"}.get(action, action), None)
        if action in ("seek", "speed") and steer is not None:
            steer(amount)
        elif action in ("pause", "step") and steer is not None:
            steer()

    # --- hosts

    async def _switch(self, profile: str) -> Reply:
        if profile not in self._profiles:
            known = ", ".join(self._profiles)
            return _refused(Reason.BAD_INPUT, f"unknown profile {profile}", f"there are {known}")
        if profile not in self._stages:
            try:
                await self._begin(profile)
            except TradeTuiError as error:
                return _refused(Reason.BAD_INPUT, f"{profile} could not start: {error}")
        self._profile = profile
        self._request = msgspec.structs.replace(self._request, ladder_center=None, offset=0)
        for name, stage in list(self._stages.items()):
            if name != profile and not stage.host.is_needed:
                await self._end(name)
        return Reply(text=f"profile {profile}")

    async def _begin(self, profile: str) -> None:
        try:
            self._progress = "loading the engine"
            if self._make_frames is None:
                self._make_frames = await asyncio.to_thread(_load_frames)
            host = await self._make_host(profile, self._say)
            stage = _Stage(host, self._make_frames, self._profiles)
            await self._share_locks(host)
            self._stages[profile] = stage
        finally:
            self._progress = ""

    async def _share_locks(self, host: Host) -> None:
        if self._elsewhere is None:
            return
        if self._sharing is None:
            self._sharing = await asyncio.to_thread(_load_sharing, self._elsewhere)
        await self._sharing.join(host)

    async def _end(self, name: str) -> None:
        if self._sharing is not None:
            self._sharing.leave(name)
        await self._stages[name].end()
        del self._stages[name]

    def _say(self, words: str) -> None:
        self._progress = words

    def _running(self) -> tuple[ProfileBadge, ...]:
        """A badge for each host; the same object while nothing changed."""
        badges = tuple(
            ProfileBadge(name, stage.host.position_count, name == self._profile)
            for name, stage in self._stages.items()
        )
        if badges != self._badges:
            self._badges = badges
        return self._badges

    def _observe(self) -> None:
        now = time.monotonic()
        if now - self._observed < OBSERVE_S:
            return
        self._observed = now
        for stage in self._stages.values():
            stage.frames.observe()


def _load_frames() -> MakeFrames:
    """Import what builds frames: it computes, so it is not loaded before the screen stands."""
    from tradetui.runtime.views.builder import FrameBuilder

    return lambda host, profiles: FrameBuilder(
        host.engine,
        host.published,
        host.profile,
        profiles=profiles,
        vitals=host.vitals,
        past=host.past,
        watched=lambda: host.feed.symbols,
    )


def _load_sharing(elsewhere: Elsewhere) -> LockSharing:
    from tradetui.runtime.sharing import LockSharing

    return LockSharing(elsewhere)


def _halted(frame: Frame, halt: Halt) -> Frame:
    """The frame of a host that decides nothing any more: why, and no prices for orders."""
    status = msgspec.structs.replace(frame.status, lock_text=halt.text)
    return msgspec.structs.replace(frame, status=status, ticket=None)


def _refused(reason: Reason, text: str, mend: str = "") -> Reply:
    return Reply(refusal=Refusal(reason, text, mend=mend))
