"""The settings of [risk]: every limit by its name, and rules spelled out in full."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

PRESET_NAMES: Final = (
    "none",
    "ftmo_1step",
    "ftmo_2step",
    "topstep_50k",
    "topstep_100k",
    "topstep_150k",
    "alpha",
    "intraday_trailing",
    "broker",
)
_OF_PRESET: Final[dict[str, Any]] = {"hidden": True}
"""A preset may set it, so the example shows it as a comment."""
_WORDS: Final[dict[str, Any]] = {"or_number": True, "words": True, **_OF_PRESET}
_SHARE: Final[dict[str, Any]] = {"above": 0, "most": 1}


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in full, under a name of its own; what is left out is as usual for its kind."""

    kind: Annotated[
        str, Meta(description="A name as above, such as daily_loss, max_loss, max_trades or stop_guard.")
    ] = ""
    amount: Annotated[str, Meta(extra={"or_number": True}, description="As above.")] = ""
    anchor: Annotated[
        str,
        Meta(
            pattern="^(|equity|balance|higher|start)$",
            description="What a loss is counted from, at the reset: equity balance higher start.",
        ),
    ] = ""
    measure: Annotated[
        str, Meta(pattern="^(|equity|realized)$", description="equity (open profit included) or realized.")
    ] = ""
    follows: Annotated[
        str, Meta(pattern="^(|start|day_end|peak)$", description="Of max_loss: start day_end peak.")
    ] = ""
    reset: Annotated[str, Meta(pattern="^(|day|week|never)$", description="day week never.")] = ""
    compare: Annotated[
        str, Meta(pattern="^(|<=|<)$", description="Whether the threshold itself breaches (<=) or not (<).")
    ] = ""
    scope: Annotated[
        str, Meta(pattern="^(|all|symbol|side)$", description="What is counted and locked together.")
    ] = ""
    symbol: Annotated[str, Meta(description="The only symbol that it concerns.")] = ""
    actions: Annotated[
        tuple[str, ...] | None, Meta(description="warn block_entries cancel_entries flatten.")
    ] = None
    lock_until: Annotated[
        str,
        Meta(
            pattern="^(|time|roll|next_week|manual|forever)$",
            description="time (lock_for), roll, next_week, manual (unlock, after lock_for), forever.",
        ),
    ] = ""
    lock_for: Annotated[str, Meta(description='Length of a lock: "30min".')] = ""
    lookback: Annotated[str, Meta(description='How far a guard looks back: "60min".')] = ""
    cap: Annotated[
        Decimal | None,
        Meta(description="Highest threshold of a trailing loss, counted from the first deposit."),
    ] = None
    after: Annotated[
        str, Meta(extra={"or_number": True}, description="Profit from which giving back counts.")
    ] = ""
    required: Annotated[
        Decimal | None, Meta(description="Result below which a trade counts for a guard.")
    ] = None
    forced_flatten: Annotated[
        Decimal | None, Meta(description="Multiple at which positions that are held are closed.")
    ] = None


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """The limits, in words or "off". Tighter ones hold at once, looser ones from the next day."""

    preset: Annotated[
        str,
        Meta(
            pattern=f"^({'|'.join(PRESET_NAMES)})$",
            description=f"A set of limits, with its trading day: {' '.join(PRESET_NAMES)}. A key that is"
            " written goes before it. Names are for orientation: check the firm's own rules.",
        ),
    ] = "none"
    risk_per_trade: Annotated[
        Decimal,
        Meta(extra=_SHARE, description="1 R of size, as a fraction of equity at the time of the order."),
    ] = Decimal("0.005")
    daily_loss: Annotated[
        str,
        Meta(
            extra={"or_number": True, "words": True},
            description="Loss that locks the day, open loss included: a fraction of equity at its start,"
            ' "200 USDT", "5% of start" (of the first deposit) or "3R". It can not be off.',
        ),
    ] = "0.02"
    daily_loss_from: Annotated[
        str,
        Meta(
            pattern="^(equity|balance|higher|start)$",
            extra=_OF_PRESET,
            description="What it is counted from: equity or balance at the roll, the higher, or start.",
        ),
    ] = "equity"
    max_risk_per_trade: Annotated[
        Decimal, Meta(extra={"above": 0}, description="Most that one entry may risk, in R of size.")
    ] = Decimal(2)
    max_open_risk: Annotated[
        Decimal,
        Meta(
            extra={"above": 0},
            description="Most that may be at risk at once, in R of size; there is a warning "
            "when one more entry of 1 R would not fit.",
        ),
    ] = Decimal(2)
    require_stop: Annotated[bool, Meta(description="Refuse entries that bring no stop.")] = True
    weekly_loss: Annotated[
        str, Meta(extra=_WORDS, description="The same for a week, from Monday: locks until the next one.")
    ] = "off"
    max_loss: Annotated[
        str,
        Meta(extra=_WORDS, description='Loss that closes the account for good: "10% of start", "2000 USDT".'),
    ] = "off"
    max_loss_follows: Annotated[
        str,
        Meta(
            pattern="^(start|day_end|peak)$",
            extra=_OF_PRESET,
            description="What it is counted from: the start, the highest balance at the end of a day, or"
            " the highest equity at any moment.",
        ),
    ] = "start"
    max_loss_cap: Annotated[
        str,
        Meta(
            extra=_WORDS,
            description="Where a threshold that follows stops, counted from the first deposit: 0, 100.",
        ),
    ] = "off"
    daily_profit: Annotated[
        str, Meta(extra=_WORDS, description='Profit that ends the day: 0.03, "300 USDT", "4R".')
    ] = "off"
    weekly_profit: Annotated[str, Meta(extra=_WORDS, description="Profit that ends the week.")] = "off"
    profit_giveback: Annotated[
        str,
        Meta(
            extra=_WORDS,
            description="Part of the day's highest profit that may be given back, and from which profit"
            ' it counts: "50% after 200 USDT".',
        ),
    ] = "off"
    best_day: Annotated[
        str, Meta(extra=_WORDS, description="Most that one day may be of all profit: 0.5. It only tells.")
    ] = "off"
    min_equity: Annotated[
        str, Meta(extra=_WORDS, description="Equity below which there are no entries: 5000.")
    ] = "off"
    max_trades: Annotated[str, Meta(extra=_WORDS, description="Most trades a day.")] = "off"
    max_losing_streak: Annotated[
        str, Meta(extra=_WORDS, description="Losses in a row that lock the day.")
    ] = "off"
    max_position: Annotated[
        str, Meta(extra=_WORDS, description='Largest position in base units or contracts, or "20000 USDT".')
    ] = "off"
    max_order_size: Annotated[str, Meta(extra=_WORDS, description="The same for one entry.")] = "off"
    max_open_orders: Annotated[str, Meta(extra=_WORDS, description="Most entries that work or wait.")] = "off"
    max_orders_per_minute: Annotated[str, Meta(extra=_WORDS, description="Most entries a minute.")] = "off"
    cooldown_after_loss: Annotated[
        str, Meta(extra=_WORDS, description='No entries for a while after a loss: "15min".')
    ] = "off"
    trading_hours: Annotated[
        tuple[str, ...],
        Meta(extra=_OF_PRESET, description='The only hours with entries: ["mon-fri 08:00-16:30"].'),
    ] = ()
    news: Annotated[
        tuple[str, ...],
        Meta(extra=_OF_PRESET, description='Hours without entries: ["2026-03-18 18:00-18:30"].'),
    ] = ()
    flatten_at: Annotated[
        str,
        Meta(
            extra=_WORDS,
            description='Local time by which everything is closed: "15:10"; no entries from 5 min before. '
            "The time of the roll means the end of the day.",
        ),
    ] = "off"
    stop_guard: Annotated[
        str, Meta(extra=_WORDS, description="So many losing stops in a while lock entries for a while.")
    ] = "3 in 60min for 30min"
    stop_guard_scope: Annotated[
        str,
        Meta(
            pattern="^(all|symbol|side)$",
            extra=_OF_PRESET,
            description="What they are counted over, and what they lock: all symbol side.",
        ),
    ] = "all"
    drawdown_guard: Annotated[
        str, Meta(extra=_WORDS, description='Fall of equity that locks entries: "2% in 60min for 1h".')
    ] = "off"
    cooldown: Annotated[
        str, Meta(extra=_WORDS, description='No entries in a symbol for a while after any trade: "5min".')
    ] = "off"
    low_profit: Annotated[
        str,
        Meta(
            extra=_WORDS,
            description='So many trades of a symbol that lost together lock it: "4 in 6h for 1h".',
        ),
    ] = "off"
    on_breach: Annotated[
        str,
        Meta(
            pattern="^(flatten|hold)$",
            extra=_OF_PRESET,
            description="When a loss or profit is reached: flatten, or hold positions with their stops.",
        ),
    ] = "flatten"
    forced_flatten: Annotated[
        Decimal,
        Meta(
            extra={"least": 1, "most": 10, **_OF_PRESET},
            description="Multiple of a loss limit at which positions that are held are closed all the same.",
        ),
    ] = Decimal("1.2")
    breach_at: Annotated[
        str,
        Meta(
            pattern="^(<=|<)$",
            extra=_OF_PRESET,
            description="Whether a loss limit breaches when it is reached (<=) or passed (<).",
        ),
    ] = "<="
    warn_at: Annotated[
        tuple[Decimal, ...], Meta(description="Parts of a limit at which there is a warning.")
    ] = (Decimal("0.5"), Decimal("0.75"), Decimal("0.9"))
    all_accounts: Annotated[
        bool, Meta(description="A day that is locked in one profile is locked in the others too.")
    ] = True
    us_rules: Annotated[
        str,
        Meta(
            pattern="^(none|pdt_2001|intraday_2026)$",
            description="Rules for day trading US securities, to practice: none, pdt_2001 (the pattern day"
            " trader below 25,000) or intraday_2026 (without that count). They do not apply to crypto.",
        ),
    ] = "none"
    stop_buffer_fees: Annotated[
        Decimal,
        Meta(
            extra={"least": 0, "most": 20},
            description="A stop has to stand before the liquidation price by so many taker fees …",
        ),
    ] = Decimal(2)
    stop_buffer_ticks: Annotated[int, Meta(ge=0, le=10_000, description="… and so many ticks.")] = 2
    disaster_stop: Annotated[
        Decimal,
        Meta(
            extra={"above": 0, "most": 1},
            description="Distance of the stop that is set where a position would stand without one.",
        ),
    ] = Decimal("0.02")
    unstopped_risk: Annotated[
        Decimal,
        Meta(extra=_SHARE, description="Risk that an entry without a stop counts with, of its notional."),
    ] = Decimal("0.1")
    rules: dict[str, RuleTable] = {}
