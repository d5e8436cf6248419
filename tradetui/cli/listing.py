"""`tradetui profiles` and `tradetui config check`."""

from __future__ import annotations

import argparse
import sys

import msgspec

from tradetui.cli.parts import load_config
from tradetui.config.paths import config_path
from tradetui.domain.number import canonical
from tradetui.domain.profile import Profile
from tradetui.errors import ConfigError


def run(options: argparse.Namespace) -> int:
    """Run either command."""
    return _profiles(options) if options.command == "profiles" else _check(options)


def _profiles(options: argparse.Namespace) -> int:
    config = load_config(options)
    rows = [_row(profile) for profile in config.profiles.values()]
    if getattr(options, "json", False):
        for row in rows:
            print(msgspec.json.encode(row).decode())
        return 0
    width = max(len(profile) for profile in config.profiles)
    for profile in config.profiles.values():
        shown = " ".join(profile.symbols)
        where = f"  via {profile.endpoint}" if profile.endpoint else ""
        print(f"{profile.name:<{width}}  {profile.exchange:<12} {profile.kind:<12} {shown}{where}")
    return 0


def _row(profile: Profile) -> dict[str, object]:
    fees = (
        None
        if profile.maker_fee is None or profile.taker_fee is None
        else [profile.maker_fee, profile.taker_fee]
    )
    return {
        "name": profile.name,
        "exchange": profile.exchange,
        "kind": profile.kind,
        "symbols": profile.symbols,
        "currency": profile.currency,
        "balance": canonical(profile.balance),
        "fees": fees,
        "leverage": canonical(profile.leverage),
        "endpoint": profile.endpoint,
        "stream": profile.stream,
    }


def _check(options: argparse.Namespace) -> int:
    path = config_path(options.file or getattr(options, "config", None))
    try:
        load_config(options, path=path)
    except ConfigError as error:
        if not getattr(options, "json", False):
            raise
        faults = [{"where": f.where, "value": f.value, "message": f.message} for f in error.faults]
        print(msgspec.json.encode({"file": error.source, "faults": faults}).decode())
        print(f"tradetui: {len(faults)} faults in {error.source}", file=sys.stderr)
        return 2
    shown = str(path) if path else "no config file: every default holds"
    if getattr(options, "json", False):
        print(msgspec.json.encode({"file": str(path) if path else None, "faults": []}).decode())
    else:
        print(f"{shown}: good" if path else shown)
    return 0
