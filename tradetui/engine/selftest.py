"""The start-up self-test (R-RSK-2): each loss rule is breached, and must then refuse an entry.

It runs on a scratch engine with the settings in use, so a limit that is configured and wired to nothing
is found before the first order, not by it. Amounts are made small, so that a small loss is a breach.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.command import CommandIssued, Size, Stop, SubmitOrder
from tradetui.domain.event import LimitBreached
from tradetui.domain.instrument import Instrument, InstrumentKind, LeverageTier
from tradetui.domain.market_data import (
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    Side,
    Trade,
)
from tradetui.domain.number import ONE, ZERO
from tradetui.domain.reply import Reason
from tradetui.domain.rule import LOSSES, Action, Rule, RuleKind, Unit
from tradetui.engine.engine import Engine
from tradetui.trading.settings import EngineSettings

_SYMBOL: Final = "TEST/TEST:TEST"
_START: Final = 1_000_000_000 * 10**9
_SMALL: Final = Decimal(5)
"""What may be lost in the test; the first entry risks about one, and then loses ten."""
_BALANCE: Final = Decimal(10_000)
_LEVERAGE: Final = Decimal(1_000)
"""More than any profile sets: leverage is not what is tested."""


def unwired(settings: EngineSettings) -> tuple[str, ...]:
    """The names of loss rules that do not refuse an entry after their breach; empty where all do."""
    return tuple(rule.name for rule in settings.limits.rules if _locks(rule) and not _refuses(settings, rule))


def _locks(rule: Rule) -> bool:
    return rule.kind in LOSSES and Action.BLOCK in rule.actions


def _refuses(settings: EngineSettings, rule: Rule) -> bool:
    """Whether the breach of one rule alone is written, and an entry then refused as locked."""
    engine = Engine(_scratch(settings, rule))
    engine.process(InstrumentListed(_instrument(settings.currency), _START))
    engine.process(FeedStatus(_SYMBOL, _START + 1, FeedState.STREAMING))
    engine.process(_book(100.0, 2))
    engine.submit(CommandIssued(_START + 3, _entry()))
    written = [event.body for message in _fall() for event in engine.process(message)]
    is_breached = any(isinstance(body, LimitBreached) and "overshoot" in body.numbers for body in written)
    reply, _ = engine.submit(CommandIssued(_START + 6, _entry(stop=80)))
    return is_breached and reply.refusal is not None and reply.refusal.reason is Reason.LOCKED


def _scratch(settings: EngineSettings, rule: Rule) -> EngineSettings:
    """The settings with one rule, no other limit in the way, and an account of its own."""
    balance = _BALANCE
    if rule.kind is RuleKind.MIN_EQUITY:
        balance = rule.amount + _SMALL if rule.unit is Unit.MONEY else _BALANCE
    else:
        rule = msgspec.structs.replace(rule, amount=_SMALL, unit=Unit.MONEY)
    limits = msgspec.structs.replace(
        settings.limits, rules=(rule,), risk_per_trade=ONE, max_risk_per_trade=ONE, max_open_risk=ONE
    )
    changed = msgspec.structs.replace(settings, account="self-test", balance=balance, limits=limits)
    return changed.with_latency(0)


def _fall() -> tuple[MarketMessage, ...]:
    """The price falls through the stop of the first entry."""
    return _book(90.0, 4), Trade(_SYMBOL, _START + 5, _START + 5, 90.0, 1.0, Side.SELL, 1)


def _book(price: float, at: int) -> BookSnapshot:
    ts = _START + at
    return BookSnapshot(_SYMBOL, ts, ts, [(price, 1000.0)], [(price, 1000.0)])


def _entry(*, stop: int = 99) -> SubmitOrder:
    return SubmitOrder(symbol=_SYMBOL, side=Side.BUY, size=Size(ONE), stop=Stop(price=Decimal(stop)))


def _instrument(currency: str) -> Instrument:
    return Instrument(
        symbol=_SYMBOL,
        venue="self-test",
        kind=InstrumentKind.PERP_LINEAR,
        base="TEST",
        quote=currency,
        settle=currency,
        tick_size=ONE,
        lot_size=ONE,
        maker_fee=ZERO,
        taker_fee=ZERO,
        tiers=(LeverageTier(None, Decimal("0.005"), _LEVERAGE),),
    )
