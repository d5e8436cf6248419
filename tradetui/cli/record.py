"""`tradetui record`: writes a profile's market to a file that `tradetui replay` plays."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tradetui.cli.parts import chosen_profile, load_config, make_feed
from tradetui.config.load import Config
from tradetui.config.paths import data_folder
from tradetui.domain.market_data import BookSnapshot, FeedStatus, InstrumentListed, MarketMessage
from tradetui.domain.profile import Profile
from tradetui.errors import RecordingError
from tradetui.feeds.protocol import GivesFrames
from tradetui.feeds.recorder import Recorder, in_bytes
from tradetui.runtime.tape import RECORDINGS, recording_path
from tradetui.runtime.watch import watch

_MINUTE_S: Final = 60


def run(options: argparse.Namespace) -> int:
    """Record until the minutes are over or the user stops it; 1 where a symbol did not stream at the end."""
    config = load_config(options)
    profile = chosen_profile(options, config)
    if getattr(options, "symbol", None):
        profile = msgspec.structs.replace(profile, symbols=profile.symbols[: len(set(options.symbol))])
    folder = data_folder(getattr(options, "data_dir", None)) / RECORDINGS
    path: Path = options.out or recording_path(folder, profile.name, time.time_ns())
    recorder = Recorder(path, profile=profile.name, venue=_venue(profile))
    taken = _Taken(recorder, as_json=getattr(options, "json", False))
    return asyncio.run(_record(options, config, profile, taken))


def _venue(profile: Profile) -> tuple[str, bool]:
    """Whose raw frames will be kept: the exchange, and whether the symbols are contracts."""
    if profile.exchange == "sim":
        return "", False
    from tradetui.feeds.native.venues import has_native

    return (profile.exchange, ":" in profile.symbols[0]) if has_native(profile) else ("", False)


class _Taken:
    """What is recorded, and what is said of it while it grows."""

    def __init__(self, recorder: Recorder, *, as_json: bool) -> None:
        self.recorder = recorder
        self._as_json = as_json
        self._error: RecordingError | None = None
        self._is_listed = False
        self._heard = ""
        """What was said last of the data."""
        self.stop: asyncio.Task[bool] | None = None

    def take(self, message: MarketMessage) -> None:
        """Keep one message; the first failure of the disk ends the recording."""
        if isinstance(message, FeedStatus):
            self._heard = f"{message.symbol} is {message.state}" + f": {message.text}" * bool(message.text)
        self._is_listed |= isinstance(message, InstrumentListed)
        self._keep(lambda: self.recorder.take(message))

    def frame(self, connection: int, frame: bytes, ts_received: int) -> None:
        """Keep what a venue sent."""
        self._keep(lambda: self.recorder.frame(connection, frame, ts_received))

    def opened(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Note that a connection was opened."""
        self._keep(lambda: self.recorder.opened(connection, symbols, ts_received))

    def renewed(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Note that another connection goes on with the books of one."""
        self._keep(lambda: self.recorder.renewed(connection, symbols, ts_received))

    def asked(self, book: BookSnapshot) -> None:
        """Keep a book that was asked for."""
        self._keep(lambda: self.recorder.asked(book))

    def _keep(self, write: Callable[[], None]) -> None:
        if self._error is not None:
            return
        try:
            write()
        except RecordingError as error:
            self._fail(error)

    def say(self, row: dict[str, Any]) -> None:
        """A line a second and symbol: how the data stands and how much is on the disk."""
        if row.get("final") or self._error is not None:
            return
        try:
            self.recorder.flush()
        except RecordingError as error:
            self._fail(error)
            return
        if self._as_json:
            kept = {key: row[key] for key in ("ts", "symbol", "state", "trades", "book_updates", "gaps")}
            kept |= {"messages": self.recorder.messages, "bytes": self.recorder.size}
            print(msgspec.json.encode(kept).decode(), flush=True)
        elif sys.stdout.isatty():
            size = in_bytes(self.recorder.size)
            counts = f"trades {row['trades']:<7} book {row['book_updates']:<8} gaps {row['gaps']}"
            print(f"{row['symbol']:<14} {row['state']:<11} {counts}  {size}", flush=True)

    def finish(self) -> bool:
        """Close the file and say where it lies, or that nothing came; raises what kept it from being written.

        False where nothing of the market came: then there is nothing to play, and no file is left.
        """
        if self._error is None and not self._is_listed:
            self.recorder.discard()
            why = f": {self._heard}" * bool(self._heard)
            print(f"tradetui: nothing was recorded{why}; `tradetui doctor` says what to do", file=sys.stderr)
            return False
        if self._error is None:
            self.recorder.close()
            path = self.recorder.path
            print(f"recorded {self.recorder.words}: {path}", file=sys.stderr)
            print(f"play it: tradetui replay {path}", file=sys.stderr)
            return True
        kept = f"; what was written by then is kept, {in_bytes(self.recorder.size)}"
        raise RecordingError(f"{self._error}{kept if self.recorder.size else ''}")

    def _fail(self, error: RecordingError) -> None:
        self._error = error
        if self.stop is not None:
            self.stop.cancel()


async def _record(options: argparse.Namespace, config: Config, profile: Profile, taken: _Taken) -> int:
    feed = make_feed(profile, config=config, options=options)
    if isinstance(feed, GivesFrames):
        feed.keeper = taken
    seconds = options.minutes * _MINUTE_S if options.minutes is not None else None
    task = asyncio.create_task(watch(feed, seconds=seconds, say=taken.say, also=taken.take))
    taken.stop = task
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        is_streaming = await task
    except asyncio.CancelledError:
        is_streaming = True
    return 0 if taken.finish() and is_streaming else 1
