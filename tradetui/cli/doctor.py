"""`tradetui doctor`: everything that the program depends on, checked, with what to do."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from tradetui.cli.output import has_unicode
from tradetui.cli.parts import chosen_profile, journal_path, load_config, make_feed
from tradetui.config.load import Config
from tradetui.config.paths import data_folder
from tradetui.domain.profile import Profile
from tradetui.feeds.clean import clean
from tradetui.feeds.probe import Finding, Verdict, probe
from tradetui.runtime.checkup import check_disk, check_journal, check_terminal

_SIGNS: Final = {Verdict.GOOD: "✓", Verdict.WARNING: "!", Verdict.BAD: "✗"}
_ASCII: Final = {Verdict.GOOD: "ok", Verdict.WARNING: "!!", Verdict.BAD: "XX"}


def run(options: argparse.Namespace) -> int:
    """Check one after the other and say each as it comes; 1 where something is bad."""
    config = load_config(options)
    profile = chosen_profile(options, config)
    return asyncio.run(_run(options, config, profile))


async def _run(options: argparse.Namespace, config: Config, profile: Profile) -> int:
    say = _as_json if getattr(options, "json", False) else _as_text
    worst = 0
    async for finding in _findings(options, config, profile):
        say(finding)
        worst = max(worst, int(finding.verdict is Verdict.BAD))
    return worst


async def _findings(options: argparse.Namespace, config: Config, profile: Profile) -> AsyncIterator[Finding]:
    shown = str(config.path) if config.path else "no config file: every default holds"
    yield Finding("config", Verdict.GOOD, f"{shown}; profile {profile.name}")
    for finding in check_terminal(os.environ, is_terminal=sys.stdout.isatty()):
        yield finding
    folder = data_folder(getattr(options, "data_dir", None))
    yield check_disk(folder)
    yield await asyncio.to_thread(check_journal, journal_path(folder, profile.name))
    if profile.exchange == "sim":
        text = "the simulated market is inside the program; name an exchange with --profile"
        yield Finding("exchange", Verdict.GOOD, text)
        return
    feed = make_feed(profile, config=config, options=options)
    async for finding in probe(profile, feed):
        yield finding


def _as_json(finding: Finding) -> None:
    print(msgspec.json.encode(finding).decode(), flush=True)


def _as_text(finding: Finding) -> None:
    sign = (_SIGNS if has_unicode() else _ASCII)[finding.verdict]
    print(f"{sign} {finding.check:<12} {clean(finding.text)}", flush=True)
    if finding.mend:
        print(f"  {'':<12} {clean(finding.mend)}", flush=True)
