"""`tradetui` and `tradetui replay`: opens the cockpit on a profile or on a recording."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tradetui.cli.garbage import collected_later
from tradetui.cli.parts import (
    chosen_profile,
    engine_settings,
    growing,
    journal_path,
    load_config,
    make_feed,
    run_stamp,
)
from tradetui.config.load import Config
from tradetui.config.paths import data_folder, themes_folder
from tradetui.domain.market_data import Timeframe
from tradetui.domain.profile import Profile
from tradetui.domain.view import ViewRequest
from tradetui.errors import ConfigError, Fault, JournalError
from tradetui.journal.lock import JournalLock
from tradetui.runtime.inline import InlineLink, MakeHost

if TYPE_CHECKING:
    import argparse

    from tradetui.domain.command import AdoptLock
    from tradetui.engine import Engine
    from tradetui.feeds.protocol import Feed
    from tradetui.runtime.host import Host
    from tradetui.runtime.past import Cache
    from tradetui.runtime.recovery import Recovered
    from tradetui.trading.settings import EngineSettings

Say = Callable[[str], None]


def run(options: argparse.Namespace) -> int:
    """Open the cockpit; raises ConfigError or JournalError where it can not be opened."""
    with collected_later():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    _need_terminal()
    config = load_config(options)
    profile = chosen_profile(options, config)
    folder = data_folder(getattr(options, "data_dir", None))
    path = journal_path(folder, profile.name)
    first_run = config.path is None and not path.exists()
    _check_free(path)
    link = InlineLink(
        _host_maker(options, config, profile, folder),
        profile=profile.name,
        profiles=tuple(config.profiles),
        elsewhere=lambda name, running: _locks_elsewhere(config, folder, {name, *running}),
    )
    timeframe = config.settings.cockpit.timeframe
    return asyncio.run(_open(link, config, first_run=first_run, timeframe=timeframe))


def open_recording(options: argparse.Namespace) -> int:
    """Play a recording on the screen, with a throw-away account."""
    with collected_later():
        return _open_recording(options)


def _open_recording(options: argparse.Namespace) -> int:
    from tradetui.feeds.formats.detect import timeframe_of

    _need_terminal()
    config = load_config(options)
    link = InlineLink(_recording_maker(options), profile="replay", profiles=("replay", *config.profiles))
    # a recording has no past: on a short timeframe there is soon something to see and an ATR to stop by
    chosen = "cockpit.timeframe" in config.written
    timeframe = config.settings.cockpit.timeframe if chosen else timeframe_of(options.paths)
    return asyncio.run(_open(link, config, first_run=False, timeframe=timeframe))


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        mend = "the cockpit needs a terminal; without one there are `watch` and `replay --headless`"
        raise ConfigError("arguments", [Fault("terminal", "", mend)])


def _check_free(path: Path) -> None:
    """Refuse a second start, a damaged or a newer journal before anything is painted."""
    if not path.exists():
        return
    from tradetui.journal.schema import create_or_check

    lock = JournalLock.acquire(path)
    try:
        create_or_check(path)
    finally:
        lock.release()


async def _open(link: InlineLink, config: Config, *, first_run: bool, timeframe: str) -> int:
    from tradetui.ui.app import CockpitApp

    cockpit = config.settings.cockpit
    app = CockpitApp(
        link,
        keymap=config.settings.keys,
        theme=cockpit.theme,
        user_themes=themes_folder(config.path),
        fps=cockpit.frames_per_second,
        first_run=first_run,
        request=ViewRequest(timeframe=Timeframe(timeframe), overlays=cockpit.overlays, panes=cockpit.panes),
        size_presets=cockpit.size_presets,
        disarm_after_s=cockpit.disarm_after_s,
        profiles=tuple(config.profiles),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.exit)
    try:
        await app.run_async()
    finally:
        await link.stop()
    return app.return_code or 0


def _host_maker(options: argparse.Namespace, config: Config, first: Profile, folder: Path) -> MakeHost:
    async def make(name: str, say: Say) -> Host:
        profile = first if name == first.name else config.profiles[name]
        return await _make_host(profile, config=config, options=options, folder=folder, say=say)

    return make


async def _make_host(
    profile: Profile, *, config: Config, options: argparse.Namespace, folder: Path, say: Say
) -> Host:
    """Recover a profile's journal and put an engine and a feed behind it."""
    say("loading the engine")
    try:
        await asyncio.to_thread(_import_engine)
    finally:
        gc.enable()  # all is loaded: what comes now also goes
    from tradetui.runtime.recovery import recover

    recovered = await recover(journal_path(folder, profile.name), say)
    say("opening the market")
    try:
        feed, engine = _started(profile, recovered, config=config, options=options, folder=folder)
    except BaseException:
        recovered.lock.release()
        raise
    host = await _hosted(profile, recovered, feed=feed, engine=engine, config=config, folder=folder)
    if recovered.words:
        host.note("info", recovered.words)
    return host


def _started(
    profile: Profile, recovered: Recovered, *, config: Config, options: argparse.Namespace, folder: Path
) -> tuple[Feed, Engine]:
    """A profile's feed, and an engine that continues what was recovered."""
    from tradetui.engine import Engine

    state = None if recovered.is_new else recovered.state
    first = make_feed(
        profile,
        config=config,
        options=options,
        state_path=folder / "sim.json",
        not_before=recovered.state.last_ts,
    )
    feed = growing(first, profile, config=config, options=options, kept=recovered.state)
    return feed, Engine(_tested(engine_settings(profile, config, kept=state)), state=state)


async def _hosted(
    profile: Profile, recovered: Recovered, *, feed: Feed, engine: Engine, config: Config, folder: Path
) -> Host:
    """The host that runs them, with its journal open."""
    from tradetui.runtime.host import Host
    from tradetui.runtime.inputs import InputRecorder, inputs_folder
    from tradetui.runtime.past import Past
    from tradetui.runtime.recovery import open_journal
    from tradetui.runtime.tape import RECORDINGS, Tape

    journal = await open_journal(recovered, run_stamp(config))
    inputs = InputRecorder(inputs_folder(recovered.path)) if config.settings.journal.record_inputs else None
    return Host(
        profile,
        feed=feed,
        engine=engine,
        journal=journal,
        now=time.time_ns,
        inputs=inputs,
        tape=Tape(folder / RECORDINGS, profile.name),
        past=Past(feed, cache=_candle_cache(profile, folder)),
    )


def _candle_cache(profile: Profile, folder: Path) -> Cache | None:
    """Where an exchange's older candles are kept; the simulator makes them again at once."""
    if profile.exchange == "sim":
        return None
    from tradetui.runtime.candle_cache import FILE, CandleCache

    return CandleCache(folder / FILE, f"{profile.exchange} {profile.endpoint}".strip())


def _tested(settings: EngineSettings) -> EngineSettings:
    """The settings, once each of their loss limits has refused an entry on trial (R-RSK-2)."""
    from tradetui.engine.selftest import unwired

    faults = [
        Fault(
            f"risk.{name}", "", "does not refuse an entry after its breach: this is a bug, nothing was opened"
        )
        for name in unwired(settings)
    ]
    if faults:
        raise ConfigError("self-test", faults)
    return settings


def _locks_elsewhere(config: Config, folder: Path, known: set[str]) -> list[AdoptLock]:
    """The locks of the day in accounts that do not run; the simulator's days are its own."""
    from tradetui.runtime.sharing import kept

    others = [name for name, each in config.profiles.items() if each.exchange != "sim" and name not in known]
    paths = [journal_path(folder, name) for name in others]
    return kept(path for path in paths if path.exists())


def _import_engine() -> None:
    """Load what computes in another thread, so that the painted screen does not freeze."""
    import tradetui.engine
    import tradetui.feeds.simulated.feed
    import tradetui.runtime.recovery  # noqa: F401


def _recording_maker(options: argparse.Namespace) -> MakeHost:
    async def make(name: str, say: Say) -> Host:
        if name != "replay":
            raise JournalError("a recording is played alone; start the program again for a live profile")
        return await asyncio.to_thread(_recording_host, options, say)

    return make


def _recording_host(options: argparse.Namespace, say: Say) -> Host:
    from tradetui.cli.replay import begin, replay_settings
    from tradetui.engine import Engine
    from tradetui.feeds.replay import ReplayFeed
    from tradetui.runtime.host import Host
    from tradetui.runtime.null_journal import NullJournal

    gc.enable()
    feed = ReplayFeed(
        options.paths,
        instruments=options.instruments,
        decode=options.decode,
        speed=options.speed or 1.0,
        progress=lambda lines: say(f"scanning the recording: {lines:,} lines"),
    )
    begin(options, feed)
    engine = Engine(replay_settings(options, feed))
    profile = Profile(
        name="replay",
        exchange="replay",
        symbols=feed.symbols,
        currency=engine.settings.currency,
        balance=options.balance,
    )
    host = Host(profile, feed=feed, engine=engine, journal=NullJournal(), now=time.time_ns)
    for note in (*feed.recording.notes, *feed.recording.warnings):
        host.note("warning", note)
    return host
