"""Where the data comes from and how it is: channels, symbols, connections, clock and load.

Everything stands on one page; where the terminal is low, up and down scroll it.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tradetui.domain.market_data import FeedState
from tradetui.domain.view import Frame
from tradetui.domain.view_health import ChannelHealth, Delays, HealthRow, HealthView, WireHealth
from tradetui.ui.paint.numbers import NONE, age_text, fixed, held_text, signed
from tradetui.ui.paint.rows import Row, Run, fit, plain, width_of, wrapped
from tradetui.ui.paint.table import Column, cells, heading, layout_for
from tradetui.ui.panes.scrolled import ScrolledPane

STATE_INKS: Final = {
    FeedState.STREAMING: "up",
    FeedState.CONNECTING: "dim",
    FeedState.DOWN: "down!",
}
"""The others are warnings."""
SLOW_MS: Final = 1_000
SIDE_BY_SIDE: Final = 150
"""From this width on, channels and connections stand beside the symbols."""
MIDDLE: Final = 3
DELAYS: Final = (Column("p50", 6, rank=2), Column("p95", 6, rank=1), Column("p99", 6, rank=3))
SYMBOLS: Final = (
    Column("symbol", 15, at_left=True),
    Column("state", 10, at_left=True),
    Column("msg/s", 6, rank=4),
    Column("age", 6, rank=1),
    *DELAYS,
    Column("gaps", 4, rank=1),
    Column("resync", 6, rank=5),
    Column("reconn", 6, rank=2),
    Column("bad", 4, rank=2),
    Column("times", 5, rank=8),
    Column("audits", 6, rank=7),
    Column("differ", 6, rank=6),
)
WITH_TIMES: Final = tuple(replace(each, rank=2) if each.name == "times" else each for each in SYMBOLS)
"""Where some came with a time that can not be, the column is worth its room on a narrow terminal too."""
CHANNELS: Final = (
    Column("channel", 12, at_left=True),
    Column("state", 10, at_left=True),
    Column("msg/s", 6),
    Column("age", 6),
    *DELAYS,
    Column("count", 8, rank=5),
    Column("newest", 11, rank=4),
)
WIRES: Final = (
    Column("address", 34, at_left=True),
    Column("state", 6, at_left=True),
    Column("open", 9, rank=2),
    Column("frames/s", 8, rank=1),
    Column("kB/s", 7, rank=4),
    Column("rtt", 6, rank=3),
    Column("dials", 5, rank=2),
    Column("symbols", 7, rank=5),
)


class DiagnosticsPane(ScrolledPane[HealthView]):
    """The health of the data, whole."""

    TITLE = "Diagnostics"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._profile = ""

    def part_of(self, frame: Frame) -> HealthView | None:
        """The part; what was shown stays until the engine tells more."""
        self._profile = frame.status.profile
        return frame.health or self.part

    def empty_words(self) -> str:
        """The engine has not told yet."""
        return "waiting for the feed's figures"

    def title_words(self, part: HealthView) -> Row:
        """Profile and source."""
        return ((f"{plain(self._profile)} · {plain(part.source)}", "dim"),)

    def page(self, part: HealthView, width: int) -> list[Row]:
        """Every row."""
        return page(part, width)


def page(health: HealthView, width: int) -> list[Row]:
    """Clock and load, then the tables: beside each other where there is room."""
    head = [*summary(health, width), ()]
    if width < SIDE_BY_SIDE:
        parts = (channel_rows(health, width), symbol_rows(health, width), wire_rows(health, width))
        return [*head, *[row for part in parts for row in (*part, ())]][:-1]
    left = (width - MIDDLE) // 2
    right = width - MIDDLE - left
    one = symbol_rows(health, left)
    two = [*channel_rows(health, right), (), *wire_rows(health, right)]
    height = max(len(one), len(two))
    one, two = ([*rows, *[()] * (height - len(rows))] for rows in (one, two))
    gap: Run = (" " * MIDDLE, "text")
    return head + [(*fit(a, left), gap, *fit(b, right)) for a, b in zip(one, two, strict=True)]


def summary(health: HealthView, width: int) -> list[Row]:
    """The clock, then the load, on one row where there is room."""
    clock, load = clock_row(health), load_row(health)
    rows: list[Row]
    if width_of(clock) + width_of(load) + MIDDLE <= width:
        rows = [(*clock, (" " * (width - width_of(clock) - width_of(load) - 1), "text"), *load)]
    else:
        rows = [clock, load]
    if health.clock.text:
        why = f"{health.clock.text}: {clock_mend(health)}"
        rows += [((f" {line}", "warn!"),) for line in wrapped(why, max(10, width - 2))]
    return rows


def clock_mend(health: HealthView) -> str:
    """What can be done about a clock; nothing about one of the past."""
    if health.clock.is_own:
        return "so it was where this was recorded; delays are wrong by as much"
    until = "delays are corrected by it" if health.clock_corrected else "delays are wrong until then"
    return f"set it by NTP; {until}"


def clock_row(health: HealthView) -> Row:
    """How far the clocks are apart, how well that is known, and since when."""
    clock = health.clock
    if clock.offset_ms is None:
        return ((" clock ", "dim"), ("the market's own" if clock.is_own else "not measured", "dim"))
    ink = "warn!" if clock.text else "text"
    return (
        (" clock ", "dim"),
        (f"{signed(clock.offset_ms, 0)} ms", ink),
        (f" ±{fixed(clock.error_ms, 0)}, {age_text(1000 * max(1, clock.asked_s))} ago", "dim"),
    )


def load_row(health: HealthView) -> Row:
    """Parts of a core."""
    load = health.load
    if not load.is_known:
        return ((" load ", "dim"), ("not measured yet", "dim"))
    feed = f"{load.feed:.1f} %" if load.feed is not None else NONE
    return (
        (" process ", "dim"),
        (f"{load.process:.1f} %", "warn!" if load.process > 80 else "text"),
        ("  feed ", "dim"),
        (feed, "text"),
        ("  engine ", "dim"),
        (f"{load.engine:.1f} %", "text"),
        (" of a core", "dim"),
    )


def channel_rows(health: HealthView, width: int) -> list[Row]:
    """The channels of the symbol shown."""
    layout = layout_for(CHANNELS, width)
    rows = [cells(layout, channel_cells(channel)) for channel in health.channels]
    nothing: Row = ((" not listed yet", "dim"),)
    title: Row = ((f" {plain(health.symbol)}", "bright!"), (f"  {health.margin_text}", "dim"))
    return [title if health.margin_text else title[:1], heading(layout), *(rows or [nothing])]


def channel_cells(channel: ChannelHealth) -> dict[str, Run]:
    """One channel."""
    came = channel.count > 0
    return {
        "channel": (channel.name, "text"),
        "state": state_cell(channel.state),
        "msg/s": (fixed(channel.per_s, 1), "text" if came else "dim"),
        "age": (age_text(channel.age_ms) if came else NONE, "text" if came else "dim"),
        **delay_cells(channel.delays),
        "count": (f"{channel.count:,}", "dim"),
        "newest": (plain(channel.text), "dim"),
    }


def symbol_rows(health: HealthView, width: int) -> list[Row]:
    """Every symbol of the profile; the words of a state that is no good stand below it."""
    layout = layout_for(WITH_TIMES if any(each.bad_times for each in health.symbols) else SYMBOLS, width)
    rows: list[Row] = [((" symbols", "bright!"),), heading(layout)]
    for each in health.symbols:
        rows.append(cells(layout, symbol_cells(each, is_shown=each.symbol == health.symbol)))
        if each.text and each.state is not FeedState.STREAMING:
            rows += [((f"   {line}", "dim"),) for line in wrapped(each.text, max(10, width - 4))]
    return rows


def symbol_cells(row: HealthRow, *, is_shown: bool) -> dict[str, Run]:
    """One symbol."""
    return {
        "symbol": (plain(row.symbol), "bright!" if is_shown else "text"),
        "state": state_cell(row.state),
        "msg/s": (fixed(row.per_s, 1), "text"),
        "age": (age_text(row.age_ms) if row.age_ms is not None else NONE, "text"),
        **delay_cells(row.delays),
        "gaps": count_cell(row.gaps),
        "resync": count_cell(row.resyncs),
        "reconn": count_cell(row.reconnects),
        "bad": count_cell(row.bad_messages),
        "times": count_cell(row.bad_times),
        "audits": (str(row.audits), "dim"),
        "differ": count_cell(row.mismatches),
    }


def wire_rows(health: HealthView, width: int) -> list[Row]:
    """The connections; none where nothing is dialed."""
    if not health.wires:
        return [((" connections", "bright!"), (" none of our own here", "dim"))]
    layout = layout_for(WIRES, width)
    rows = [cells(layout, wire_cells(wire)) for wire in health.wires]
    return [((" connections", "bright!"),), heading(layout), *rows]


def wire_cells(wire: WireHealth) -> dict[str, Run]:
    """One connection."""
    return {
        "address": (plain(wire.address), "text"),
        "state": ("open", "up") if wire.is_open else ("closed", "down!"),
        "open": (held_text(wire.open_s) if wire.is_open else NONE, "text"),
        "frames/s": (fixed(wire.frames_per_s, 1), "text"),
        "kB/s": (fixed(wire.kilobytes_per_s, 1), "text"),
        "rtt": (delay_text(wire.rtt_ms) if wire.rtt_ms is not None else NONE, "text"),
        "dials": (str(wire.dials), "warn" if wire.dials > 1 else "dim"),
        "symbols": (str(wire.symbols), "dim"),
    }


def state_cell(state: FeedState) -> Run:
    """A state in its ink."""
    return state.value, STATE_INKS.get(state, "warn!")


def count_cell(count: int) -> Run:
    """A count of faults: none is dim."""
    return str(count), "warn" if count else "dim"


def delay_cells(delays: Delays | None) -> dict[str, Run]:
    """The three delays; one below zero or above a second is a warning."""
    if delays is None:
        return {column.name: (NONE, "dim") for column in DELAYS}
    values = (delays.p50, delays.p95, delays.p99)
    return {
        column.name: (delay_text(value), "warn!" if value < -0.5 or value > SLOW_MS else "text")
        for column, value in zip(DELAYS, values, strict=True)
    }


def delay_text(value: float) -> str:
    """Milliseconds in at most six cells: 0.4, 38, 1.2 s."""
    if abs(value) >= SLOW_MS:
        return f"{value / 1000:,.1f} s"
    return fixed(value, 1 if abs(value) < 9.95 else 0)
