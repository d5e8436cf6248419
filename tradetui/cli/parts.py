"""Puts the parts together: config and options become profiles, feeds and the engine's settings."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from tradetui.config.load import Config, load
from tradetui.config.nearest import nearest
from tradetui.config.paths import config_path
from tradetui.domain.command import MarginMode
from tradetui.domain.profile import Profile
from tradetui.errors import ConfigError, Fault
from tradetui.feeds.protocol import Feed
from tradetui.version import __version__

if TYPE_CHECKING:
    import argparse

    from tradetui.feeds.ccxt.feed import CcxtFeed
    from tradetui.feeds.ccxt.market_file import MarketFile
    from tradetui.feeds.native.feed import NativeFeed
    from tradetui.journal.writer import RunStamp
    from tradetui.runtime.growing import LiveFeed
    from tradetui.state import State
    from tradetui.trading.limits import RiskLimits
    from tradetui.trading.settings import Borrowing, EngineSettings

_SECOND: Final = 1_000_000_000


def load_config(options: argparse.Namespace, *, path: Path | None = None) -> Config:
    """The config that the options name, or the user's; raises ConfigError with every fault."""
    return load(path or config_path(getattr(options, "config", None)))


def chosen_profile(options: argparse.Namespace, config: Config) -> Profile:
    """The profile to open, with the symbols of the options at the front of its watchlist."""
    name = getattr(options, "profile", None) or config.settings.cockpit.profile
    if name not in config.profiles:
        known = ", ".join(config.profiles)
        message = f"unknown profile{nearest(name, config.profiles)}; there are {known}"
        raise ConfigError("arguments", [Fault("--profile", name, message)])
    profile = config.profiles[name]
    wanted = tuple(dict.fromkeys(symbol.upper() for symbol in getattr(options, "symbol", None) or ()))
    return profile if not wanted else _with_symbols(profile, wanted)


def _with_symbols(profile: Profile, wanted: tuple[str, ...]) -> Profile:
    if profile.exchange == "sim":
        unknown = [symbol for symbol in wanted if symbol not in profile.symbols]
        if unknown:
            hint = nearest(unknown[0], profile.symbols)
            message = f"unknown symbol{hint}; the simulator has {', '.join(profile.symbols)}"
            raise ConfigError("arguments", [Fault("--symbol", unknown[0], message)])
        rest = tuple(symbol for symbol in profile.symbols if symbol not in wanted)
        return msgspec.structs.replace(profile, symbols=(*wanted, *rest))
    return msgspec.structs.replace(profile, symbols=wanted)


def make_feed(
    profile: Profile,
    *,
    config: Config,
    options: argparse.Namespace,
    state_path: Path | None = None,
    not_before: int = 0,
) -> Feed:
    """The feed of a profile; the simulated market keeps its clock at `state_path`."""
    if profile.exchange == "sim":
        from tradetui.feeds.simulated.feed import SimulatedFeed
        from tradetui.feeds.simulated.scenario import Scenario

        return SimulatedFeed(
            getattr(options, "seed", None),
            scenario=getattr(options, "scenario", None) or Scenario.NORMAL,
            state_path=state_path,
            not_before=not_before,
            symbols=profile.symbols,
        )
    made = _live_feed(profile, config)
    made.markets_file = _market_file(profile, options)
    return made


def _live_feed(profile: Profile, config: Config) -> NativeFeed | CcxtFeed:
    """The feed of an exchange, by its own streams where they are read here."""
    from tradetui.feeds import egress
    from tradetui.feeds.audit import Audits
    from tradetui.feeds.ccxt.feed import CcxtFeed, audit_every_s
    from tradetui.feeds.health import Judgment
    from tradetui.feeds.native.feed import NativeFeed
    from tradetui.feeds.native.venues import has_native, venue_of

    egress.install()
    feed = config.settings.feed
    judgment = Judgment(
        stale_intervals=feed.stale_after_intervals,
        lagging_messages=feed.lagging_after_messages,
        crossed_updates=feed.crossed_after_updates,
    )
    common: dict[str, Any] = {
        "stale_after_s": feed.stale_after_s,
        "lagging_after_s": feed.lagging_after_s,
        "judgment": judgment,
    }
    if has_native(profile):
        audits = Audits(every_s=feed.audit_every_s)
        return NativeFeed(profile, venue_of(profile), crossed_s=feed.crossed_after_s, audits=audits, **common)
    every_s = audit_every_s(profile.exchange, feed.audit_every_s)
    return CcxtFeed(profile, audits=Audits(every_s=every_s, are_cut=True), **common)


def _market_file(profile: Profile, options: argparse.Namespace) -> MarketFile | None:
    """Where an exchange's markets are kept; None where nothing can be written."""
    from tradetui.config.paths import data_folder
    from tradetui.feeds.ccxt.market_file import MarketFile

    try:
        folder = data_folder(getattr(options, "data_dir", None))
    except ConfigError:
        return None
    return MarketFile(folder / "markets", profile.exchange, f"{profile.name} {profile.endpoint}")


def growing(
    first: Feed, profile: Profile, *, config: Config, options: argparse.Namespace, kept: State
) -> Feed:
    """The feed of a profile with room for more symbols; those that something is open of come at once."""
    if profile.exchange == "sim":
        return first
    from tradetui.feeds.native.feed import NativeFeed
    from tradetui.runtime.growing import GrowingFeed, GrowingNativeFeed
    from tradetui.runtime.watching import staked

    stream = "native" if isinstance(first, NativeFeed) else "ccxt"

    def make(symbol: str) -> Any:
        one = msgspec.structs.replace(profile, symbols=(symbol,), scan=(), stream=stream)
        return make_feed(one, config=config, options=options)

    kind: type[GrowingFeed] = GrowingNativeFeed if stream == "native" else GrowingFeed
    feed = kind(cast("LiveFeed", first), make)
    for symbol in staked(kept):
        feed.add(symbol)
    return feed


def run_stamp(config: Config | None = None) -> RunStamp:
    """What a run of the journal says of the program that wrote it, its settings and its zone data."""
    import hashlib
    import importlib.metadata  # it takes longer than all the rest of this file

    from tradetui.journal.writer import RunStamp

    tzdata = importlib.metadata.version("tzdata")
    settings = config.settings if config is not None else None
    text = msgspec.json.encode((tzdata, settings), order="deterministic")
    return RunStamp(
        started_ns=time.time_ns(),
        code_version=__version__,
        config_hash=hashlib.sha256(text).hexdigest(),
        tzdata=tzdata,
    )


def engine_settings(profile: Profile, config: Config, *, kept: State | None = None) -> EngineSettings:
    """What the engine needs to know of a profile: its account, its day, its limits and latencies.

    Limits that were chosen in the cockpit (they are in `kept`) hold until the config names any.
    """
    from tradetui.cli.simulation import realism
    from tradetui.trading.guard import StopBuffer
    from tradetui.trading.settings import EngineSettings, FeeTier

    simulation, risk = config.settings.simulation, config.settings.risk
    settings = EngineSettings(
        account=profile.name,
        currency=profile.currency,
        balance=profile.balance,
        minimum_balance=profile.minimum_balance,
        leverage=profile.leverage,
        margin_mode=MarginMode(profile.margin_mode),
        maintenance=profile.maintenance,
        assumed_maintenance=profile.assumed_maintenance,
        fee_tiers=tuple(FeeTier(*row) for row in profile.fee_tiers),
        fee_asset=profile.fee_asset,
        fee_multiplier=profile.fee_multiplier,
        borrowing=_borrowing(profile),
        zone=profile.zone,
        roll=profile.roll,
        venue_clock=profile.exchange != "sim",
        **_waits(config),
        stop_buffer=StopBuffer(risk.stop_buffer_fees, risk.stop_buffer_ticks),
        chase_changes=simulation.chase_changes,
        liquidation_fee=simulation.liquidation_fee,
        close_fee_in_maintenance=simulation.close_fee_in_maintenance,
        margin_call_at=simulation.margin_call_at,
        limits=_limits(config, kept),
        warn_at=tuple(sorted(risk.warn_at)),
        disaster_stop=risk.disaster_stop,
        unstopped_risk=risk.unstopped_risk,
    )
    return settings.with_realism(realism(config))


def _waits(config: Config) -> dict[str, Any]:
    """How long the engine waits for what."""
    simulation = config.settings.simulation
    seconds = {
        "alarm_ns": simulation.stop_alarm_after_s,
        "jump_ns": simulation.clock_jump_s,
        "asleep_ns": simulation.asleep_after_s,
        "crossed_ns": config.settings.feed.crossed_after_s,
        "source_stale_ns": simulation.source_stale_s,
        "escalate_ns": simulation.escalate_after_s,
    }
    return {name: round(value * _SECOND) for name, value in seconds.items()}


def _borrowing(profile: Profile) -> Borrowing:
    """Spot with borrowed money, where the profile trades it."""
    from tradetui.trading.settings import Borrowing

    return Borrowing(
        enabled=profile.kind == "spot_margin",
        call_level=profile.margin_call_level,
        liquidation_level=profile.margin_liquidation_level,
        covered_level=profile.margin_covered_level,
        opening_fee=profile.opening_fee,
        rollover_fee=profile.rollover_fee,
        rollover_s=profile.rollover_hours * 3_600,
    )


def _limits(config: Config, kept: State | None) -> RiskLimits:
    from tradetui.config.limits import limits_of

    if kept is not None and kept.limits and not any(key.startswith("risk.") for key in config.written):
        return kept.day.next_limits or kept.risk_limits
    return limits_of(config.settings, config.written)[0]


def journal_path(folder: Path, profile: str) -> Path:
    """Where the journal of a profile lies: each profile has an account of its own."""
    return folder / "journal" / f"{profile}.db"
