"""The screen that both a profile and a recording are opened on."""

from __future__ import annotations

import asyncio
import signal
import sys

from tradetui.config.load import Config
from tradetui.config.paths import themes_folder
from tradetui.domain.market_data import Timeframe
from tradetui.domain.view import ViewRequest
from tradetui.errors import ConfigError, Fault
from tradetui.runtime.inline import InlineLink


def need_terminal() -> None:
    """Raise ConfigError where there is none."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        mend = "the cockpit needs a terminal; without one there are `watch` and `replay --headless`"
        raise ConfigError("arguments", [Fault("terminal", "", mend)])


async def open_screen(link: InlineLink, config: Config, *, first_run: bool, timeframe: str) -> int:
    """Show the cockpit until it is left; returns the program's exit code."""
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
