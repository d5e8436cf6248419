"""Puts the parts together: config and options become profiles, feeds and the engine's settings."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from tradetui.config.load import Config, load, nearest
from tradetui.config.paths import config_path
from tradetui.domain.profile import Profile
from tradetui.errors import ConfigError, Fault


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
            known = {symbol.lower(): symbol for symbol in profile.symbols}
            hint = nearest(unknown[0], known).upper().replace("DID YOU MEAN", "did you mean")
            message = f"unknown symbol{hint}; the simulator has {', '.join(profile.symbols)}"
            raise ConfigError("arguments", [Fault("--symbol", unknown[0], message)])
        rest = tuple(symbol for symbol in profile.symbols if symbol not in wanted)
        return msgspec.structs.replace(profile, symbols=(*wanted, *rest))
    return msgspec.structs.replace(profile, symbols=wanted)
