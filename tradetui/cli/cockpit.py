"""`tradetui`: opens the cockpit on a profile."""

from __future__ import annotations

import asyncio
import gc
import time
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
from tradetui.cli.screen import need_terminal, open_screen
from tradetui.config.load import Config
from tradetui.config.paths import data_folder
from tradetui.domain.profile import Profile
from tradetui.errors import ConfigError, Fault
from tradetui.journal.lock import JournalLock
from tradetui.runtime.inline import InlineLink, MakeHost, Say

if TYPE_CHECKING:
    import argparse

    from tradetui.domain.command import AdoptLock
    from tradetui.engine import Engine
    from tradetui.feeds.protocol import Feed
    from tradetui.runtime.host import Host
    from tradetui.runtime.past import Cache
    from tradetui.runtime.recovery import Recovered
    from tradetui.trading.settings import EngineSettings


def run(options: argparse.Namespace) -> int:
    """Open the cockpit; raises ConfigError or JournalError where it can not be opened."""
    with collected_later():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    need_terminal()
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
    return asyncio.run(open_screen(link, config, first_run=first_run, timeframe=timeframe))


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
    from tradetui.runtime.locked_journal import open_journal
    from tradetui.runtime.past import Past
    from tradetui.runtime.tape import RECORDINGS, Tape

    journal = await open_journal(recovered, run_stamp(config))
    inputs = InputRecorder(inputs_folder(recovered.path)) if config.settings.journal.record_inputs else None
    return Host(
        profile,
        feed=feed,
        engine=engine,
        journal=journal,
        now=time.time_ns,
        buffer_s=config.settings.journal.buffer_s,
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
