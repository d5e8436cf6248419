"""Every number of the paper engine that is a setting, with its default."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import MarginMode
from tradetui.domain.number import ONE, ZERO
from tradetui.trading.account import QUOTE, RECEIVED
from tradetui.trading.guard import StopBuffer
from tradetui.trading.leverage import MarginRules
from tradetui.trading.limits import RiskLimits
from tradetui.trading.match_types import MatchRules
from tradetui.trading.realism import REALISTIC, Realism, custom_name


class FeeTier(msgspec.Struct, frozen=True):
    """The fees from a volume of 30 days on, in the account's currency."""

    volume: Decimal
    maker: Decimal
    taker: Decimal


class Borrowing(msgspec.Struct, frozen=True, kw_only=True):
    """Margin trading on spot (section 10.2), with the numbers of a Kraken-like venue."""

    enabled: bool = False
    """Whether spot instruments are traded on margin."""
    call_level: Decimal = Decimal("0.8")
    """Equity as a part of the margin used at which it is called."""
    liquidation_level: Decimal = Decimal("0.4")
    """The same at which positions are closed, the oldest first."""
    covered_level: Decimal = ONE
    """The level that they are closed to, and no further (R-MRG-1)."""
    opening_fee: Decimal = Decimal("0.0002")
    rollover_fee: Decimal = Decimal("0.0002")
    rollover_s: int = 14_400


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The account and the assumptions of one paper engine."""

    account: str = "paper"
    currency: str = "USDT"
    balance: Decimal = Decimal(10_000)
    """The first deposit; only a new account reads it."""
    minimum_balance: Decimal = ZERO
    """Equity that a withdrawal has to leave."""
    leverage: Decimal = Decimal(10)
    """On perpetuals."""
    margin_mode: MarginMode = MarginMode.ISOLATED
    """Of a new account."""
    zone: str = "UTC"
    """IANA name of the zone in which trading days begin."""
    roll: str = "00:00"
    venue_clock: bool = False
    """Whether the exchange's clock says when a trading day or a lock is over, as far as it tells its time."""
    realism: str = REALISTIC.name
    """Name of the set of assumptions that the next fields hold; every order carries it."""
    entry_ns: int = REALISTIC.entry_ns
    cancel_ns: int = REALISTIC.cancel_ns
    amend_ns: int = REALISTIC.amend_ns
    stop_ns: int = REALISTIC.stop_ns
    slip: Decimal = REALISTIC.slip
    gap_slip: Decimal = REALISTIC.gap_slip
    rules: MatchRules = REALISTIC.rules
    escalate_ns: int = 3_000_000_000
    """From a protective stop_limit's trigger to market, where it has not filled whole by then (R-TRG-5)."""
    alarm_ns: int = 5_000_000_000
    """How long a stop may see no price, or an exit that has to act stay unfilled, before it is told."""
    jump_ns: int = 1_000_000_000
    """A step of the wall clock against engine time, or steady time, that counts as set (R-TIM-2)."""
    asleep_ns: int = 10_000_000_000
    """Time that nothing was heard of for so long was slept through (R-TIM-2)."""
    crossed_ns: int = 1_000_000_000
    """How long exits wait for a crossed book to be sound again (6.2)."""
    stop_buffer: StopBuffer = StopBuffer()
    """How far before the liquidation price a stop has to stand."""
    source_stale_ns: int = 10_000_000_000
    """A mark or an index price that is older than this beside other prices fires nothing (6.3)."""
    chase_changes: int = 20
    """So many times a chase changes its order, where the command names no number."""
    disaster_stop: Decimal = Decimal("0.02")
    """Distance of the stop that is set where a position would stand without one (12.3)."""
    limits: RiskLimits = RiskLimits()
    warn_at: tuple[Decimal, ...] = (Decimal("0.5"), Decimal("0.75"), Decimal("0.9"))
    """Parts of the daily limit at which a warning is given."""
    unstopped_risk: Decimal = Decimal("0.10")
    """Planned risk of an entry without a stop, as a part of its notional."""
    close_fee_in_maintenance: bool = True
    """Whether the maintenance margin includes the fee to close."""
    assumed_maintenance: Decimal | None = Decimal("0.005")
    """The rate for every size of contracts whose venue tells no tiers; None: no entries in them (R-CHK-1)."""
    maintenance: str = "mark_mm"
    """Maintenance at the mark price (mark_mm) or at the entry price (entry_mm)."""
    fee_tiers: tuple[FeeTier, ...] = ()
    """Fees by volume, as of the start of the trading day; none means those of the instruments."""
    fee_asset: str = RECEIVED
    """What fees of spot are paid in: the received asset, quote, or a third asset that is deposited."""
    fee_multiplier: Decimal = ONE
    """Of the standard commission, where a third asset pays it."""
    borrowing: Borrowing = Borrowing()
    """How spot is traded on margin."""
    liquidation_fee: Decimal = Decimal("0.005")
    """Of the notional that is liquidated, in place of the taker fee."""
    margin_call_at: tuple[Decimal, ...] = (Decimal("0.5"), Decimal("0.8"))
    """Parts of what stands behind a position at which what it needs is warned of; liquidation at one."""

    @property
    def margin_rules(self) -> MarginRules:
        """How maintenance is taken."""
        return MarginRules(
            entry_based=self.maintenance == "entry_mm", close_fee=self.close_fee_in_maintenance
        )

    @property
    def third_asset(self) -> str:
        """The third asset that pays fees; empty where none does."""
        return "" if self.fee_asset in (RECEIVED, QUOTE) else self.fee_asset

    def tier_at(self, volume: Decimal) -> FeeTier | None:
        """The fee tier of a volume; None where fees do not depend on it."""
        reached = [tier for tier in self.fee_tiers if tier.volume <= volume]
        return max(reached, key=lambda tier: tier.volume, default=None)

    def with_latency(self, latency_ns: int) -> EngineSettings:
        """The same settings with one latency for everything."""
        return msgspec.structs.replace(
            self,
            realism=custom_name(self.rules),
            entry_ns=latency_ns,
            cancel_ns=latency_ns,
            amend_ns=latency_ns,
            stop_ns=latency_ns,
        )

    def with_realism(self, preset: Realism) -> EngineSettings:
        """The same settings with a set of assumptions about the venue."""
        parts = msgspec.structs.asdict(preset)
        return msgspec.structs.replace(self, realism=parts.pop("name"), **parts)

    def leverage_on(self, max_leverage: Decimal) -> Decimal:
        """The leverage used where a venue's maximum is known (above one) or not (one)."""
        return self.leverage if max_leverage <= ONE else min(self.leverage, max_leverage)
