"""The health of the data as a frame shows it: in two words in the status bar, whole where it is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedState
from tradetui.domain.number import canonical
from tradetui.domain.view_health import ChannelHealth, HealthRow, HealthView
from tradetui.engine import Engine
from tradetui.market.market import Market
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.words import MS, SECOND, age_in_steps
from tradetui.runtime.vitals import Vitals, book_delays

_ALWAYS: Final = ("book", "trades", "status")
_OF_CONTRACTS: Final = ("mark", "index", "funding")
_IF_KNOWN: Final = ("quote", "ticker", "interest", "liquidations")
"""Not told everywhere, or not for a long while: one that never came is no fault."""
_QUIET: Final = frozenset({"trades", "status", "funding", "liquidations"})
"""Channels whose silence says nothing: they live as long as their connection does."""
_LEAST_SILENCE_S: Final = 5.0
_STEP_MS: Final = 100


class Brief(msgspec.Struct, frozen=True):
    """What the status bar says of a symbol's data."""

    per_s: int = 0
    p95_ms: int | None = None
    clock_text: str = ""
    correction_ms: int = 0


class HealthPart:
    """Built once a second, as that is how often its figures are looked at."""

    def __init__(self, engine: Engine, vitals: Vitals | None) -> None:
        """Without vitals nothing is known."""
        self._engine = engine
        self._vitals = vitals
        self._brief: Kept[Brief] = Kept(Brief())
        self._view: Kept[HealthView | None] = Kept(None)

    def brief(self, symbol: str, *, now: int) -> Brief:
        """For the status bar."""
        vitals = self._vitals
        if vitals is None:
            return self._brief.part
        return self._brief.get((symbol, now // SECOND), lambda: brief(vitals, symbol, now))

    def view(self, symbol: str, symbols: tuple[str, ...], *, now: int) -> HealthView | None:
        """Everything; None where no feed runs."""
        vitals = self._vitals
        if vitals is None:
            return None
        key = (symbol, symbols, now // SECOND, vitals.changes)
        return self._view.get(key, lambda: self._build(vitals, symbol, symbols, now))

    def _build(self, vitals: Vitals, symbol: str, symbols: tuple[str, ...], now: int) -> HealthView:
        vitals.look()
        shown = book_delays(vitals, symbol)
        market = self._engine.markets.get(symbol)
        return HealthView(
            source=vitals.source,
            symbol=symbol,
            channels=channels(vitals, market, symbol, now),
            margin_text=self._maintenance(market.instrument) if market is not None else "",
            symbols=tuple([row(vitals, self._engine.markets.get(each), each, now) for each in symbols]),
            wires=tuple(vitals.wires()),
            clock=vitals.clock(shown.p50 if shown is not None else None),
            load=vitals.load(),
            clock_corrected=bool(vitals.correction_ms),
        )

    def _maintenance(self, instrument: Instrument) -> str:
        """The maintenance that holds, or that nothing is entered where none is told and none assumed."""
        if instrument.lacks_tiers and self._engine.settings.assumed_maintenance is None:
            return "no entries: no leverage tiers"
        return maintenance_words(instrument)


def maintenance_words(instrument: Instrument) -> str:
    """The maintenance margin of a contract, and how well it is known; empty for spot."""
    if not instrument.is_perpetual:
        return ""
    if not instrument.tiers:
        return f"maintenance {_percent(instrument.maintenance_rate)} assumed"
    rates = [_percent(tier.rate) for tier in (instrument.tiers[0], instrument.tiers[-1])]
    count = len(instrument.tiers)
    return f"maintenance {rates[0]} to {rates[1]}, {count} tiers" if count > 1 else f"maintenance {rates[0]}"


def _percent(rate: Decimal) -> str:
    return f"{canonical(rate * 100)} %"


def brief(vitals: Vitals, symbol: str, now: int) -> Brief:
    """Rate, slow end and clock, as short as can be."""
    delays = book_delays(vitals, symbol)
    return Brief(
        per_s=round(vitals.meters.per_second(symbol, now)),
        p95_ms=round(delays.p95) if delays is not None else None,
        clock_text=vitals.clock(delays.p50 if delays is not None else None).text,
        correction_ms=round(vitals.correction_ms),
    )


def row(vitals: Vitals, market: Market | None, symbol: str, now: int) -> HealthRow:
    """One symbol."""
    stats, status = vitals.stats(symbol), vitals.statuses.get(symbol)
    return HealthRow(
        symbol=symbol,
        state=status.state if status is not None else FeedState.CONNECTING,
        text=status.text if status is not None else "",
        per_s=round(vitals.meters.per_second(symbol, now), 1),
        age_ms=age_in_steps(now, market.ts_received) if market is not None and market.ts_received else None,
        delays=book_delays(vitals, symbol),
        gaps=stats.gaps,
        resyncs=stats.resyncs,
        reconnects=stats.reconnects,
        bad_messages=stats.bad_messages,
        bad_times=stats.bad_times,
        audits=stats.audits,
        mismatches=stats.mismatches,
    )


def channels(vitals: Vitals, market: Market | None, symbol: str, now: int) -> tuple[ChannelHealth, ...]:
    """The channels that this symbol has."""
    if market is None:
        return ()
    names = [*_ALWAYS[:2], *(() if market.instrument.is_spot else _OF_CONTRACTS)]
    names += [name for name in _IF_KNOWN if vitals.meters.of(symbol, name) is not None]
    return tuple([channel(vitals, market, name, now) for name in (*names, *_ALWAYS[2:])])


def channel(vitals: Vitals, market: Market, name: str, now: int) -> ChannelHealth:
    """One channel: its own silence counts only where it is not allowed to be silent."""
    meter = vitals.meters.of(market.symbol, "mark" if name == "index" else name)
    if meter is None or (name == "index" and market.index is None):
        state = FeedState.CONNECTING if name in ("book", "trades") else FeedState.DOWN
        return ChannelHealth(name=name, state=_of_symbol(name, market) or state, per_s=0.0, count=0, age_ms=0)
    age_ms = max(0, now - meter.last_ns) // MS // _STEP_MS * _STEP_MS
    per_s = meter.per_second(now)
    is_late = name not in _QUIET and age_ms / 1000 > allowed_silence_s(meter.interval_s)
    return ChannelHealth(
        name=name,
        state=_of_symbol(name, market) or (FeedState.STALE if is_late else FeedState.STREAMING),
        per_s=round(per_s, 1),
        count=meter.count,
        age_ms=age_ms,
        delays=meter.delays(vitals.correction_ms),
        text=newest_words(name, market),
    )


def allowed_silence_s(interval_s: float) -> float:
    """Seconds of silence that are no fault: ten usual intervals, and at least five seconds."""
    return max(_LEAST_SILENCE_S, 10.0 * interval_s)


def _of_symbol(name: str, market: Market) -> FeedState | None:
    """What the symbol's state means for a channel; None where the channel is judged by itself."""
    state = market.feed_state
    if name == "book":
        return state
    return state if state in (FeedState.CONNECTING, FeedState.DOWN) and name != "status" else None


def newest_words(name: str, market: Market) -> str:
    """The newest figure of a channel that has one."""
    instrument = market.instrument
    match name:
        case "status":
            return instrument.status.value.lower().replace("_", " ")
        case "mark" if market.mark is not None:
            return _price(market, market.mark)
        case "index" if market.index is not None:
            return _price(market, market.index)
        case "funding" if market.funding is not None:
            return f"{market.funding.rate * 100:+.4f} %"
        case "interest" if market.open_interest is not None:
            return f"{market.open_interest.qty:,.0f}"
        case _:
            return ""


def _price(market: Market, price: float) -> str:
    return f"{price:,.{market.instrument.price_scale}f}"
