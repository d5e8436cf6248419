"""`tradetui recording info|check|cut|export`: looks at recordings, and makes other files of them."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tradetui.cli.output import clear_progress, has_unicode, lines_progress
from tradetui.config.nearest import nearest
from tradetui.domain.market_data import MarketMessage
from tradetui.domain.number import canonical
from tradetui.errors import ConfigError, Fault, RecordingError
from tradetui.feeds.clean import printable
from tradetui.feeds.inspection import inspect
from tradetui.feeds.recorder import Recorder, UnwritableError, in_bytes
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.cutting import cut
from tradetui.runtime.excerpt import EVERYTHING, excerpt

_SECOND: Final = 1_000_000_000
_TOLD_EVERY: Final = 4096
_LATER: Final = re.compile(r"\+(\d+(?:\.\d{1,9})?)(s|m|h)?")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


def run(options: argparse.Namespace) -> int:
    """Run one of them; raises RecordingError where the recording can not be read."""
    feed = ReplayFeed(
        options.paths, instruments=options.instruments, speed=math.inf, progress=lines_progress("scanning")
    )
    clear_progress()
    actions: dict[str, Callable[[argparse.Namespace, ReplayFeed], int]] = {
        "info": _info,
        "check": _check,
        "cut": _cut,
        "export": _export,
    }
    return actions[options.action](options, feed)


def _info(options: argparse.Namespace, feed: ReplayFeed) -> int:
    found = feed.recording
    row = {
        "files": [str(path) for path in found.paths],
        "bytes": sum(path.stat().st_size for path in found.paths),
        "payload": found.payload,
        "frames_of": found.venue[0] if found.venue is not None else "",
        "from": _iso(found.first_ts),
        "to": _iso(found.last_ts),
        "seconds": round((found.last_ts - found.first_ts) / _SECOND, 3),
        "lines": found.lines,
        "instruments": [
            {
                "symbol": instrument.symbol,
                "kind": instrument.kind.value,
                "tick": canonical(instrument.tick_size),
                "lot": canonical(instrument.lot_size),
                "book": instrument.symbol not in found.without_book,
            }
            for instrument in found.instruments
        ],
        "notes": [*found.notes, *found.warnings],
    }
    if getattr(options, "json", False):
        print(msgspec.json.encode(row).decode())
    else:
        _say_info(row)
    return 0


def _say_info(row: dict[str, Any]) -> None:
    for name in row["files"]:
        print(name)
    print(f"{row['payload']}, {row['lines']:,} lines, {in_bytes(row['bytes'])}")
    print(f"from {row['from']} to {row['to']}: {row['seconds']:,} s")
    for one in row["instruments"]:
        book = "" if one["book"] else ", no book"
        print(f"  {printable(one['symbol']):<16} {one['kind']}, tick {one['tick']}, lot {one['lot']}{book}")
    if row["frames_of"]:
        print(f"raw frames of {row['frames_of']}: replay --decode reads them again")
    for note in row["notes"]:
        print(f"note: {printable(note)}")


def _check(options: argparse.Namespace, feed: ReplayFeed) -> int:
    found = inspect(feed, progress=lines_progress("checking", total=feed.recording.lines))
    clear_progress()
    if getattr(options, "json", False):
        print(msgspec.json.encode(found).decode())
        return 0 if found.is_sound else 1
    counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.messages.items()))
    print(f"{found.lines:,} lines: {counts or 'nothing that could be read'}")
    if found.frames:
        print(f"{found.frames:,} raw frames, decoded again")
    if found.silence_from:
        print(f"longest silence {found.longest_silence_s:.1f} s, at {_iso(found.silence_from)}")
    for fault in found.faults:
        print(f"{'✗' if has_unicode() else 'XX'} {printable(fault)}")
    if found.is_sound:
        print("✓ whole" if has_unicode() else "ok: whole")
    return 0 if found.is_sound else 1


def _cut(options: argparse.Namespace, feed: ReplayFeed) -> int:
    if options.out is None:
        raise ConfigError("arguments", [Fault("--out", "", "cut needs a file to write; add --out FILE")])
    span = _span(options, feed)
    found = feed.recording
    recorder = Recorder(
        options.out,
        profile=found.paths[0].name,
        venue=found.venue or ("", False),
        tells_renewals=found.tells_renewals,
    )
    try:
        cut(feed, span, recorder, progress=lines_progress("cutting", total=found.lines))
        recorder.close()
    except UnwritableError:
        recorder.discard()
        raise
    except RecordingError as error:
        if not recorder.messages:
            recorder.discard()
            raise
        recorder.close()
        kept = f"{recorder.words}: {recorder.path}"
        raise RecordingError(f"{error}; what came before is kept, {kept}") from None
    except BaseException:
        recorder.discard()
        raise
    clear_progress()
    _say_notes(feed)
    print(f"{recorder.words}: {recorder.path}")
    return 0


def _watched(feed: ReplayFeed) -> Iterator[MarketMessage]:
    """The messages, with progress on the way."""
    progress = lines_progress("exporting", total=feed.recording.lines)
    for count, message in enumerate(feed.messages()):
        if not count % _TOLD_EVERY:
            progress(feed.lines)
        yield message


def _say_notes(feed: ReplayFeed) -> None:
    """What is missing of what was read."""
    for note in feed.recording.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    if feed.bad_messages:
        text = f"{feed.bad_messages:,} lines could not be understood and are left out"
        print(f"note: {text}", file=sys.stderr)


def _export(options: argparse.Namespace, feed: ReplayFeed) -> int:
    from tradetui.feeds.export import KINDS, export  # pandas is imported by nothing else

    if options.out is None:
        mend = "export needs a file to write; add --out FILE.csv or --out FILE.parquet"
        raise ConfigError("arguments", [Fault("--out", "", mend)])
    if options.kind not in KINDS:
        message = f"unknown{nearest(options.kind, KINDS)}; there are {', '.join(KINDS)}"
        raise ConfigError("arguments", [Fault("--kind", options.kind, message)])
    span = _span(options, feed)
    messages = _watched(feed)
    rows = export(excerpt(messages, span) if span != EVERYTHING else messages, options.kind, options.out)
    clear_progress()
    _say_notes(feed)
    print(f"{rows:,} rows of {options.kind}: {options.out}")
    return 0


def _span(options: argparse.Namespace, feed: ReplayFeed) -> tuple[int, int]:
    first = moment("--from", options.start, feed) if options.start else EVERYTHING[0]
    last = moment("--to", options.end, feed) if options.end else EVERYTHING[1]
    if last < first:
        fault = Fault("--to", options.end, f"is before --from {options.start}; exchange them")
        raise ConfigError("arguments", [fault])
    if first > feed.last_ts or last < feed.first_ts:
        asked = options.start or options.end
        text = f"is outside the recording, which goes from {_iso(feed.first_ts)} to {_iso(feed.last_ts)}"
        raise ConfigError("arguments", [Fault("--from" if options.start else "--to", asked, text)])
    return first, last


def moment(name: str, text: str, feed: ReplayFeed) -> int:
    """`+90s` from a recording's start, nanoseconds, or a date and time (UTC unless it says otherwise)."""
    if match := _LATER.fullmatch(text):
        return feed.first_ts + round(float(match.group(1)) * _UNITS[match.group(2) or "s"] * _SECOND)
    if text.isdigit():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fault = Fault(name, text, "expected +90s, +5m, nanoseconds or 2026-05-01T12:00:00")
        raise ConfigError("arguments", [fault]) from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return math.floor(at.timestamp()) * _SECOND + at.microsecond * 1000


def _iso(ts: int) -> str:
    seconds, rest = divmod(ts, _SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"
