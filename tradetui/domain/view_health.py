"""What a screen may show of the data's health: channels, symbols, connections, clock and load."""

from __future__ import annotations

import msgspec

from tradetui.domain.market_data import FeedState


class Delays(msgspec.Struct, frozen=True):
    """From the venue's clock to ours, in milliseconds: the median and the slow ends of the last messages."""

    p50: float
    p95: float
    p99: float


class ChannelHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of message of the symbol shown."""

    name: str
    """book, trades, quote, mark, index, funding …"""
    state: FeedState
    per_s: float
    count: int
    age_ms: int
    delays: Delays | None = None
    """None where its messages carry no time of the venue."""
    text: str = ""
    """What is newest, in words, where that is worth a word."""


class HealthRow(msgspec.Struct, frozen=True, kw_only=True):
    """All of one symbol's data."""

    symbol: str
    state: FeedState
    text: str = ""
    per_s: float = 0.0
    age_ms: int | None = None
    """None before the first message."""
    delays: Delays | None = None
    """Of its book."""
    gaps: int = 0
    resyncs: int = 0
    reconnects: int = 0
    bad_messages: int = 0
    bad_times: int = 0
    """Messages that came with a time which can not be, and are taken without it."""
    audits: int = 0
    mismatches: int = 0


class WireHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One connection."""

    address: str
    is_open: bool
    symbols: int
    open_s: int
    """How long it has been open."""
    dials: int
    frames_per_s: float
    kilobytes_per_s: float
    rtt_ms: float | None = None
    """A ping and its answer: no clock is needed for this one."""


class ClockHealth(msgspec.Struct, frozen=True, kw_only=True):
    """This machine's clock against the exchange's."""

    offset_ms: float | None = None
    """Theirs less ours; None where it was not measured."""
    error_ms: float = 0.0
    """How far the measurement can be wrong."""
    asked_s: int = 0
    """How long ago it was measured."""
    is_own: bool = False
    """Whether the market has a clock of its own: the simulator's, or a recording's."""
    text: str = ""
    """What is wrong with it, in words; empty while it is right."""


class LoadHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of one core, in percent, over the last seconds."""

    process: float = 0.0
    engine: float = 0.0
    """From a message to its events."""
    feed: float | None = None
    """From a frame to its messages; None where the feed does not measure itself."""
    is_known: bool = True


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about where the data comes from."""

    source: str
    """native streams, ccxt, simulated market or recording."""
    symbol: str
    channels: tuple[ChannelHealth, ...]
    symbols: tuple[HealthRow, ...]
    wires: tuple[WireHealth, ...]
    clock: ClockHealth
    load: LoadHealth
    clock_corrected: bool = False
    """Whether the delays have the measured offset of the clocks taken out."""
    margin_text: str = ""
    """The maintenance margin of a contract and how well it is known; empty for spot."""
