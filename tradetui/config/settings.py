"""Every setting of the program: its name, its default and its meaning, in one place.

The example config is rendered from here, the loader checks against here, and nothing else knows a
default. Fractions are of equity; durations end in their unit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tradetui.config.risk import Risk

_OF_REALISM: Final = {"of_realism": True}
"""A number of the realism set: commented out in the example, so that a copy of it changes none."""


class Cockpit(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen looks like when it opens."""

    profile: Annotated[str, Meta(description="The profile to open with; --profile goes before it.")] = "sim"
    theme: Annotated[
        str,
        Meta(description="midnight, daylight, clear-sight (for colour-blind eyes), mono, or one of yours."),
    ] = "midnight"
    timeframe: Annotated[
        str, Meta(description="Timeframe of the chart: 1s 5s 15s 1m 3m 5m 15m 30m 1h 4h 1d.")
    ] = "1m"
    overlays: Annotated[
        tuple[str, ...],
        Meta(description="Indicators drawn over the candles: sma20, ema50, wma20, vwap, bb20_2 …"),
    ] = ("ema20", "vwap", "bb20_2")
    panes: Annotated[
        tuple[str, ...],
        Meta(description="Indicators below the candles: rsi14, macd12_26_9, pvo12_26_9, cvd …"),
    ] = ("rsi14", "macd12_26_9")
    size_presets: Annotated[
        tuple[str, ...],
        Meta(
            description="Sizes on the keys 1 to 9: in R (0.5r), base (0.01), quote (500usdt) or equity (10%)."
        ),
    ] = ("0.25r", "0.5r", "1r", "1.5r", "2r")
    frames_per_second: Annotated[int, Meta(ge=1, le=60, description="How often the screen is painted.")] = 15
    disarm_after_s: Annotated[
        int, Meta(ge=5, le=3600, description="Entries are disarmed after so many seconds without a key.")
    ] = 60


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """The trading day, for the daily loss and its lock."""

    zone: Annotated[str, Meta(description="IANA time zone; a change holds from the next trading day.")] = (
        "UTC"
    )
    roll: Annotated[
        str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time at which a day begins.")
    ] = "00:00"


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """How the paper engine treats orders."""

    realism: Annotated[
        str,
        Meta(
            pattern="^(frictionless|realistic|harsh)$",
            description="frictionless, realistic or harsh. A key below that is written changes one number"
            " of the set, and its orders are marked custom.",
        ),
    ] = "realistic"
    entry_latency_ms: Annotated[
        int, Meta(ge=0, le=60_000, extra=_OF_REALISM, description="From the key to the simulated venue.")
    ] = 150
    cancel_latency_ms: Annotated[
        int, Meta(ge=0, le=60_000, extra=_OF_REALISM, description="The same for a cancel.")
    ] = 100
    amend_latency_ms: Annotated[
        int,
        Meta(
            ge=0, le=60_000, extra=_OF_REALISM, description="The same for a change of an order or of a stop."
        ),
    ] = 100
    stop_latency_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=60_000,
            extra=_OF_REALISM,
            description="From the print that fires a stop to its execution.",
        ),
    ] = 100
    liquidation_fee: Annotated[
        Decimal,
        Meta(
            extra={"least": 0, "most": 1},
            description="Fee of a liquidation as a fraction of its notional; never more than what is left.",
        ),
    ] = Decimal("0.005")
    close_fee_in_maintenance: Annotated[
        bool, Meta(description="Whether the maintenance margin includes the taker fee to close.")
    ] = True
    margin_call_at: Annotated[
        tuple[Decimal, ...],
        Meta(description="Parts of the margin in need at which it is warned of; liquidation comes at 1."),
    ] = (Decimal("0.5"), Decimal("0.8"))
    stop_alarm_after_s: Annotated[
        float,
        Meta(
            ge=0.5,
            le=300,
            description="Alarm where a stop sees no price for so long, or is not filled after it has fired.",
        ),
    ] = 5.0
    clock_jump_s: Annotated[
        float,
        Meta(ge=0.1, le=10, description="A step of the wall clock by more than this counts as set."),
    ] = 1.0
    asleep_after_s: Annotated[
        float,
        Meta(ge=2, le=300, description="After so long without a clock tick the machine has slept: a gap."),
    ] = 10.0
    source_stale_s: Annotated[
        float,
        Meta(gt=0, le=3600, description="A mark or an index price older than this fires no stop any more."),
    ] = 10.0
    chase_changes: Annotated[
        int, Meta(ge=1, le=1000, description="So many times a chase follows the touch, if none is typed.")
    ] = 20
    escalate_after_s: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            description="A protective stop with a limit goes to market so long after its trigger.",
        ),
    ] = 3.0
    stop_slippage_bp: Annotated[
        Decimal,
        Meta(
            extra={"least": 0, "most": 1000, **_OF_REALISM},
            description="Slippage of a stop that sizes and budgets reckon with.",
        ),
    ] = Decimal(5)
    gap_slippage_bp: Annotated[
        Decimal,
        Meta(
            extra={"least": 0, "most": 1000, **_OF_REALISM},
            description="What a stop that was missed while offline pays on top of the gap.",
        ),
    ] = Decimal(5)
    queue: Annotated[
        str,
        Meta(
            pattern="^(risk_averse|strict|probabilistic|optimistic)$",
            extra=_OF_REALISM,
            description="What fills a resting order: risk_averse (prints, after the queue ahead), strict"
            " (prints through it), probabilistic (some cancels are ahead), optimistic (nobody is; to teach).",
        ),
    ] = "risk_averse"
    queue_model: Annotated[
        str,
        Meta(
            pattern="^(power|power_total|power_front|log|log_total)$",
            extra=_OF_REALISM,
            description="How the probabilistic queue shares a decrease:"
            " power power_total power_front log log_total.",
        ),
    ] = "power_front"
    queue_power: Annotated[
        int, Meta(ge=1, le=10, extra=_OF_REALISM, description="Exponent of the power models.")
    ] = 3
    queue_guard_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=60_000,
            extra=_OF_REALISM,
            description="How long a decrease of depth waits for the print behind it.",
        ),
    ] = 1000
    slow_book_ms: Annotated[
        int,
        Meta(
            ge=1,
            le=600_000,
            extra=_OF_REALISM,
            description="Where the book is told this seldom, what came while an order arrived is before it.",
        ),
    ] = 1000
    consumption: Annotated[
        str,
        Meta(
            pattern="^(carry|reset)$",
            extra=_OF_REALISM,
            description="What we took of a level: carry (until it shrinks) or reset (any change refills).",
        ),
    ] = "carry"
    self_trade: Annotated[
        str,
        Meta(
            pattern="^(none|expire_taker|expire_maker|expire_both|decrement)$",
            extra=_OF_REALISM,
            description="Two of our own orders meet: expire_taker expire_maker expire_both decrement none.",
        ),
    ] = "expire_taker"
    band_bp: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            extra=_OF_REALISM,
            description="How far a market order may walk from the best price …",
        ),
    ] = 100
    band_ticks: Annotated[
        int, Meta(ge=1, le=100_000, extra=_OF_REALISM, description="… and at least so many ticks.")
    ] = 10


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beside orders and fills."""

    record_inputs: Annotated[
        bool,
        Meta(description="Keep every market message too: `journal verify --inputs` makes the events again."),
    ] = False
    buffer_s: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            description="While it can not be written (a try each 5 s) what stops and exits do is kept so"
            " long, and committed when it can; what lasts longer is lost time. 0: lost at once.",
        ),
    ] = 30.0


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """When data counts as late or lost."""

    stale_after_s: Annotated[
        float, Meta(ge=1, le=300, description="Silence after which nothing is filled.")
    ] = 5.0
    stale_after_intervals: Annotated[
        float,
        Meta(ge=1, le=1000, description="… and no less than so many usual intervals between messages."),
    ] = 10.0
    lagging_after_s: Annotated[
        float, Meta(gt=0, le=60, description="Age of messages that is called lagging in the status bar …")
    ] = 2.0
    lagging_after_messages: Annotated[
        int, Meta(ge=1, le=1000, description="… where so many in a row are that old.")
    ] = 3
    crossed_after_s: Annotated[
        float,
        Meta(
            ge=0.05,
            le=60,
            description="A book with its bid above its ask so long is not to be trusted, and exits take its"
            " worse side (through ccxt it is asked for anew at once) …",
        ),
    ] = 1.0
    crossed_after_updates: Annotated[
        int, Meta(ge=1, le=1000, description="… or so many updates of a native stream; then it comes anew.")
    ] = 2
    audit_every_s: Annotated[
        int,
        Meta(
            ge=0,
            le=86_400,
            description="Each book is held against a snapshot so often, through ccxt at least every 30 s "
            "where no loss would show; 0: never.",
        ),
    ] = 300


class NetworkTable(msgspec.Struct, frozen=True, kw_only=True):
    """The way to the exchanges; variables of the environment are not asked."""

    ca_file: Annotated[
        str,
        Meta(description="A file of certificates (PEM) to trust besides the usual ones, as of a firewall."),
    ] = ""
    proxy: Annotated[
        str,
        Meta(description="Every connection goes through it: http://HOST:PORT, or with USER:PASSWORD@."),
    ] = ""


class ProfileTable(msgspec.Struct, frozen=True, kw_only=True):
    """One profile: merged over the shipped one of its name, or a new one."""

    exchange: Annotated[str, Meta(description="An exchange id as ccxt knows it, or sim.")] = ""
    kind: Annotated[
        str,
        Meta(
            pattern="^(spot|spot_margin|perp_linear|perp_inverse)$",
            description="spot, spot_margin (spot with borrowed money), perp_linear or perp_inverse.",
        ),
    ] = "spot"
    symbols: Annotated[tuple[str, ...], Meta(description="The watchlist; the first one is shown.")] = ()
    scan: Annotated[
        tuple[str, ...],
        Meta(description="More symbols, by tickers alone: */USDT; the movers stand below the watchlist."),
    ] = ()
    currency: Annotated[str, Meta(description="Currency of the paper account.")] = "USDT"
    balance: Annotated[
        Decimal, Meta(extra={"above": 0}, description="First deposit of the paper account.")
    ] = Decimal(10000)
    fees: Annotated[
        tuple[Decimal, Decimal] | None,
        Meta(description="Maker and taker as fractions; else the exchange's own, or 0.1 %."),
    ] = None
    fee_tiers: Annotated[
        tuple[tuple[Decimal, Decimal, Decimal], ...],
        Meta(description="Rows of 30-day volume, maker and taker; looked up when a trading day begins."),
    ] = ()
    fee_asset: Annotated[
        str,
        Meta(description="What fees of spot are paid in: received, quote, or an asset you deposit, as BNB."),
    ] = "received"
    fee_multiplier: Annotated[
        Decimal,
        Meta(extra={"least": 0, "most": 1}, description="Of the standard fee, where such an asset pays it."),
    ] = Decimal(1)
    leverage: Annotated[Decimal, Meta(extra={"least": 1, "most": 125}, description="On perpetuals.")] = (
        Decimal(1)
    )
    minimum_balance: Annotated[
        Decimal, Meta(extra={"least": 0}, description="Equity that a withdrawal has to leave.")
    ] = Decimal(0)
    margin_mode: Annotated[
        str,
        Meta(
            pattern="^(isolated|cross)$",
            description="What backs a perpetual of a new account: isolated or cross.",
        ),
    ] = "isolated"
    maintenance: Annotated[
        str,
        Meta(
            pattern="^(mark_mm|entry_mm)$",
            description="Maintenance at the mark price (mark_mm) or at the entry price (entry_mm).",
        ),
    ] = "mark_mm"
    assumed_maintenance: Annotated[
        str,
        Meta(
            extra={"or_number": True},
            description="The maintenance rate of contracts whose exchange tells no leverage tiers, as "
            "Binance; deny: no entries in them.",
        ),
    ] = "0.005"
    margin_call_level: Annotated[
        Decimal,
        Meta(extra={"above": 0}, description="On spot_margin: equity to used margin at which it is called."),
    ] = Decimal("0.8")
    margin_liquidation_level: Annotated[
        Decimal,
        Meta(extra={"above": 0}, description="The same at which the oldest positions are closed first."),
    ] = Decimal("0.4")
    margin_covered_level: Annotated[
        Decimal,
        Meta(extra={"above": 0}, description="The level that is closed up to, no lower than the one before."),
    ] = Decimal(1)
    opening_fee: Annotated[
        Decimal, Meta(extra={"least": 0}, description="On spot_margin: fraction of what is borrowed, once.")
    ] = Decimal("0.0002")
    rollover_fee: Annotated[
        Decimal, Meta(extra={"least": 0}, description="The same for each period that a position is open.")
    ] = Decimal("0.0002")
    rollover_hours: Annotated[int, Meta(ge=1, le=168, description="The length of that period.")] = 4
    endpoint: Annotated[
        str, Meta(description="A loopback address that stands in for every host of the exchange.")
    ] = ""
    stream: Annotated[
        str,
        Meta(
            pattern="^(native|ccxt)$",
            description="Which client streams: native (where the exchange has one here) or ccxt.",
        ),
    ] = "native"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole config, section by section."""

    cockpit: Cockpit = Cockpit()
    day: Day = Day()
    risk: Risk = Risk()
    simulation: Simulation = Simulation()
    journal: Journal = Journal()
    feed: Feed = Feed()
    network: NetworkTable = NetworkTable()
    keys: dict[str, str] = {}
    """Overrides of keys by action; the actions are listed by the cockpit's table."""
    profiles: dict[str, ProfileTable] = {}
