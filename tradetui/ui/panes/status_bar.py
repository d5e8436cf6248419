"""The status bar: paper, feed, money, what may still be lost, and whether entries are armed.

Each part has forms from long to short. Where the terminal is narrow, parts take shorter forms in a
fixed order until the line fits; the mark of paper, the feed's state and ARMED never go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from tradetui.domain.market_data import FeedState
from tradetui.domain.number import money_scale
from tradetui.domain.realism import CUSTOM_OPTIMISTIC, FRICTIONLESS, is_marked
from tradetui.domain.view import StatusView, TradingState
from tradetui.ui.locked import until_text
from tradetui.ui.paint.bars import ACROSS
from tradetui.ui.paint.numbers import age_text, clock_text, fixed, sign_ink, signed
from tradetui.ui.paint.rows import Row, Run, fit, plain, width_of
from tradetui.ui.panes.bar import Bar

GAUGE_CELLS: Final = 12
FEED_CELLS: Final = 20
HEALTH_CELLS: Final = 17
SLOW_CELLS: Final = 11
GAP: Final = 2


class Part(msgspec.Struct, frozen=True):
    """One piece of the line: its forms from long to short, the last empty where it may go."""

    name: str
    forms: tuple[Row, ...]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the status bar tells besides the engine's status."""

    armed_s: int = 0
    starting: str = ""
    dropped: int = 0


SHRINKS: Final = (
    "realism",
    "health",
    "profiles",
    "clock",
    "armed",
    "feed-text",
    "health",
    "gaps",
    "easy",
    "loss",
    "dropped",
    "day",
    "equity",
    "risk",
    "market",
    "profiles",
    "scenario",
    "endpoint",
    "feed",
    "clock",
    "equity",
    "playback",
    "day",
    "risk",
    "dropped",
    "endpoint",
    "recording",
    "day",
    "loss",
    "scenario",
    "easy",
    "loss",
    "playback",
    "state",
    "feed",
    "armed",
    "market",
    "feed",
    "feed",
    "state",
    "feed",
    "easy",
)
"""Whose turn it is to take a shorter form."""

AT_RIGHT: Final = ("recording", "gaps", "endpoint", "scenario", "playback", "profiles", "dropped", "clock")


class StatusBar(Bar):
    """One line; says PAPER always."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._status: StatusView | None = None
        self._shown = Shown()

    def show_status(
        self, status: StatusView | None, *, armed_s: int, starting: str = "", dropped: int = 0
    ) -> None:
        """Show the engine's status; before it runs, what it is busy with."""
        shown = Shown(armed_s=armed_s, starting=starting, dropped=dropped)
        if status is not self._status or shown != self._shown:
            self._status, self._shown = status, shown
            self.repaint()

    def rows_at(self, width: int) -> Sequence[Row]:
        """The line."""
        return (status_row(self._status, self._shown, width),)


def status_row(status: StatusView | None, shown: Shown, width: int) -> Row:
    """The whole line in exactly `width` cells."""
    paper = Part("paper", (((" PAPER ", "text!@warn"),),))
    if status is None:
        starting = Part("feed", (((shown.starting or "starting …", "dim"),),))
        return _joined([paper, starting], [], width)
    parts = [paper, *parts_of(status, shown)]
    at = dict.fromkeys((part.name for part in parts), 0)
    for name in SHRINKS:
        if _width(parts, at) <= width:
            break
        forms = next((part.forms for part in parts if part.name == name), ())
        if at.get(name, 0) + 1 < len(forms):
            at[name] += 1
    chosen = [Part(part.name, (part.forms[at[part.name]],)) for part in parts]
    chosen = [part for part in chosen if part.forms[0]]
    left = [part for part in chosen if part.name not in AT_RIGHT]
    return _joined(left, [part for part in chosen if part.name in AT_RIGHT], width)


def _width(parts: Sequence[Part], at: dict[str, int]) -> int:
    widths = [width_of(part.forms[at[part.name]]) for part in parts]
    return 1 + sum(width + GAP for width in widths if width)


def _joined(left: Sequence[Part], right: Sequence[Part], width: int) -> Row:
    """Parts with gaps of two cells, or one where there is no room."""
    used = sum(width_of(part.forms[0]) for part in (*left, *right))
    gaps = len(left) + len(right)
    gap = max(1, min(GAP, (width - 1 - used) // gaps))
    row = [run for part in left for run in (*part.forms[0], (" " * gap, "text"))]
    tail = [run for part in right for run in ((" " * gap, "text"), *part.forms[0])]
    tail.append((" ", "text"))
    room = width - width_of(row) - width_of(tail)
    return fit([*row, (" " * max(0, room), "text"), *tail], width)


def parts_of(status: StatusView, shown: Shown) -> list[Part]:
    """Every part behind the mark of paper, in the order on the line."""
    market = (plain(status.profile), "dim"), (" ", "dim"), (plain(status.symbol), "bright!")
    return [
        _realism(status.realism),
        Part("market", (market, market[2:], ())),
        feed_part(status),
        Part("feed-text", ((_run(status.feed_text, "dim"),), ()) if status.feed_text else ((),)),
        *_health(status),
        Part("equity", _labeled("equity", (fixed(status.equity, money_scale(status.currency)), "bright!"))),
        _day(status),
        _loss(status),
        Part("risk", _labeled("open risk", (f"{fixed(status.open_risk_r, 2)} R", "text"))),
        state_part(status),
        _armed(shown.armed_s),
        *_optional(status),
        Part("profiles", _profiles(status)),
        _dropped(shown.dropped),
        _clock(status),
    ]


SHORT: Final = {FRICTIONLESS: "frict.", CUSTOM_OPTIMISTIC: "optim."}
"""Names of assumptions for terminals where money needs the room."""


def _realism(name: str) -> Part:
    """What orders are matched by; what makes results easier to get is a warning and goes last of all."""
    if is_marked(name):
        short = SHORT.get(name, name)
        return Part("easy", ((_run(name, "warn!"),), (_run(short, "warn!"),), (("≈", "warn!"),), ()))
    return Part("realism", ((_run(name, "dim"),), ()) if name else ((),))


def _health(status: StatusView) -> list[Part]:
    """Rate and slow end of the data, in cells of their own so that nothing moves; a clock that is wrong."""
    p95 = status.latency_p95_ms
    slow = "" if p95 is None or p95 < 0 else f" p95 {min(p95, 9999)} ms"
    words = f"{min(status.per_s, 9999)}/s{slow}".ljust(HEALTH_CELLS)
    is_known = bool(status.per_s) or p95 is not None
    short = slow.strip().ljust(SLOW_CELLS if slow else 0)
    clock: tuple[Row, ...] = ((),)
    if status.clock_text and not status.playback:  # nobody can mend the clock of a recording
        clock = (((status.clock_text, "warn!"),), (("clock", "warn!"),), ())
    forms: tuple[Row, ...] = (((words, "dim"),), ((short, "dim"),), ()) if is_known else ((),)
    return [Part("health", forms), Part("clock-fault", clock)]


def _run(text: str, ink: str) -> Run:
    return plain(text), ink


def _labeled(label: str, *runs: Run) -> tuple[Row, ...]:
    """With its label, without, and gone."""
    return ((f"{label} ", "dim"), *runs), tuple(runs), ()


def _day(status: StatusView) -> Part:
    ink = sign_ink(status.day_pnl)
    money = (signed(status.day_pnl, money_scale(status.currency)), f"{ink}!")
    share = (f" {signed(status.day_pnl_pct, 2)}%", ink)
    return Part("day", ((("day ", "dim"), money, share), (("day ", "dim"), money), (money,), ()))


def _loss(status: StatusView) -> Part:
    limit = abs(status.loss_limit)
    if not limit:
        return Part("loss", ((),))
    share = float(status.loss_left / limit)
    ink = "down!" if share <= 0.1 else "warn!" if share <= 0.25 else "text"
    left = (fixed(status.loss_left, money_scale(status.currency)), ink)
    named: Row = (("loss left ", "dim"), left)
    return Part("loss", ((*named, (" ", "dim"), *gauge_left(share)), named, (("left ", "dim"), left), ()))


def gauge_left(share: float, cells: int = GAUGE_CELLS) -> Row:
    """What is left of a budget as a bar in eighths of a cell; it empties from the right."""
    share = min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
    ink = "up" if share > 0.5 else "warn" if share > 0.25 else "down"
    eighths = round(share * cells * 8)
    if share > 0:
        eighths = max(1, eighths)
    full, part = divmod(eighths, 8)
    text = "█" * full + (ACROSS[part] if part else "")
    return ((text.ljust(cells), f"{ink}@hairline"),)


def feed_words(status: StatusView) -> str:
    """The feed's state with its age, latency or retry, in words."""
    state = status.feed_state
    latency = f" {status.latency_ms} ms" if status.latency_ms >= 0 else ""
    words = {
        FeedState.CONNECTING: "○ connecting",
        FeedState.STREAMING: f"● streaming{latency}",
        FeedState.LAGGING: f"◐ lagging {status.age_ms / 1000:.1f} s",
        FeedState.STALE: f"○ stale {age_text(max(1000, status.age_ms))}",
        FeedState.GAP: "! gap – resyncing",
        FeedState.CROSSED: "! crossed",
        FeedState.DOWN: f"! down – retry {math.ceil(status.retry_s)} s",
        FeedState.HALTED: "! halted by the venue",
    }
    return words[state]


def feed_part(status: StatusView) -> Part:
    """The feed's state; as wide as the common states, so that what follows does not move."""
    state = status.feed_state
    ink = "up" if state is FeedState.STREAMING else "warn!"
    words = feed_words(status)
    sign, name = words[0], words.partition(" – ")[0]
    texts = dict.fromkeys((words.ljust(FEED_CELLS), words, name, f"{sign} {state.value}"))
    last = (sign,) if state is FeedState.STREAMING else (state.value, sign)
    return Part("feed", tuple(((text, ink),) for text in (*texts, *last)))


def state_part(status: StatusView) -> Part:
    """What the engine accepts; `active` goes first, any other state last of all."""
    state = status.trading_state
    if state is TradingState.ACTIVE:
        return Part("state", ((("active", "up"),), ()))
    words = state.value.replace("_", " – ")
    if state is TradingState.LOCKED:
        words = f"locked until {until_text(status)}" if status.locked_until else "locked"
    ink = (
        "warn!"
        if state in (TradingState.REDUCING, TradingState.RECOVERING, TradingState.STARTING)
        else "down!"
    )
    short = ((words.partition(" ")[0], ink),)
    said = plain(status.lock_text)
    longest: tuple[Row, ...] = (((words, ink), (f" {said}", "dim")),) if said and said != words else ()
    return Part("state", (*longest, ((words, ink),), short, ()))


def _armed(armed_s: int) -> Part:
    """The countdown; its place stays free where there is room."""
    badge: Row = ((f" ARMED {armed_s:>2} s ", "text!@down"),)
    if not armed_s:
        return Part("armed", (((" " * width_of(badge), "text"),), ()))
    return Part("armed", (badge, badge, ((f"ARMED {armed_s}", "text!@down"),)))


def _optional(status: StatusView) -> list[Part]:
    """Redirected endpoint, scenario and playback, where there are any."""
    parts: list[Part] = []
    if status.endpoint:
        parts.append(
            Part("endpoint", ((_run(f"via {status.endpoint}", "warn"),), (("redirected", "warn"),), ()))
        )
    if status.scenario:
        parts.append(
            Part(
                "scenario",
                ((_run(f"scenario {status.scenario}", "accent"),), (_run(status.scenario, "accent"),), ()),
            )
        )
    if status.gaps:
        words = "1 gap" if status.gaps == 1 else f"{status.gaps} gaps"
        parts.append(Part("gaps", (((f"{words} while away", "warn!"),), ((words, "warn!"),))))
    if status.recording:
        parts.append(Part("recording", ((_run(status.recording, "down!"),), (("REC", "down!"),))))
    if status.playback:
        short = status.playback.rpartition(" · ")[2]
        parts.append(Part("playback", ((_run(status.playback, "accent"),), (_run(short, "accent"),), ())))
    return parts


def _profiles(status: StatusView) -> tuple[Row, ...]:
    """Other profiles with their positions; those that hold one stay longest."""
    others = [badge for badge in status.profiles if not badge.active]
    everyone: list[Run] = []
    holding: list[Run] = []
    for badge in others:
        run = (f"  {plain(badge.name)} {badge.positions}", "bright" if badge.positions else "dim")
        everyone.append(run)
        holding += [run] if badge.positions else []
    return tuple(everyone), tuple(holding), ()


def _dropped(count: int) -> Part:
    if not count:
        return Part("dropped", ((),))
    frames = "frame" if count == 1 else "frames"
    return Part("dropped", (((f"{count} {frames} dropped", "warn"),), ((f"{count} dropped", "warn"),), ()))


def _clock(status: StatusView) -> Part:
    time = clock_text(status.ts, status.zone)
    zone = clock_text(status.ts, status.zone, pattern="%Z")
    return Part("clock", (((time, "text"), (f" {zone}", "dim")), ((time, "text"),), ()))
