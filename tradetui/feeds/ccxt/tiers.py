"""Leverage tiers by REST, where an exchange tells its table to everybody (section 10.3).

Assumptions. Bybit and Gate count the part of a position in each tier by that tier's rate; Bitget, KuCoin,
OKX and Kraken Futures count the whole position by the rate of the tier that it reaches. OKX counts in
contracts, Kraken Futures and KuCoin do so for inverse ones. Bitget does not say what its table of inverse
contracts counts: it is not asked for. Binance tells its brackets only to accounts, and calls the margin
percentages in its public listing figures to ignore: its instruments keep the default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, Final

import msgspec

from tradetui.domain.instrument import Instrument, LeverageTier, TierRule
from tradetui.domain.number import MONEY, ONE, ZERO, canonical, to_step
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.words import words_for

_LINEAR: Final = {
    "bybit": TierRule.PARTS,
    "gate": TierRule.PARTS,
    "bitget": TierRule.WHOLE,
    "krakenfutures": TierRule.WHOLE,
    "kucoin": TierRule.WHOLE,
    "kucoinfutures": TierRule.WHOLE,
    "okx": TierRule.CONTRACTS,
}
_INVERSE: Final = {
    "bybit": TierRule.PARTS,
    "gate": TierRule.PARTS,
    "krakenfutures": TierRule.CONTRACTS,
    "kucoin": TierRule.CONTRACTS,
    "kucoinfutures": TierRule.CONTRACTS,
    "okx": TierRule.CONTRACTS,
}
_MOST: Final = 1_000
"""More rows than this are no table of one contract."""
_HUNDRED: Final = Decimal(100)
_LEVERAGE_STEP: Final = Decimal("0.01")
Row = Mapping[str, Any]


class Tiers:
    """The tables of an exchange's contracts, as far as they are known."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self._known: dict[str, Instrument] = {}
        """Each contract as it was when its table was learned."""
        self._said: dict[str, str] = {}

    def asked_for(self, instruments: Sequence[Instrument]) -> list[str]:
        """The contracts whose tables are told to everybody."""
        return [each.symbol for each in instruments if rule_of(each) is not None]

    def put_on(self, instrument: Instrument) -> Instrument:
        """The instrument with its table, where that is known."""
        known = self._known.get(instrument.symbol)
        if known is None:
            return instrument
        return msgspec.structs.replace(
            instrument, tiers=known.tiers, tier_rule=known.tier_rule, max_leverage=known.max_leverage
        )

    async def learn(self, instrument: Instrument) -> tuple[str, bool]:
        """Ask for a contract's table; why it is not known in words, and whether those are new."""
        symbol, rule = instrument.symbol, rule_of(instrument)
        words = ""
        try:
            if rule is not None:
                rows = await fetch_tiers(self._exchange, symbol)
                self._known[symbol] = with_tiers(instrument, rows, rule)
        except Exception as error:  # noqa: BLE001 - it trades on without them
            held = without_tiers(self.put_on(instrument))
            words = f"leverage tiers not known: {words_for(error)}; {held}"
        before, self._said[symbol] = self._said.get(symbol, ""), words
        return words, bool(words) and words != before


def without_tiers(instrument: Instrument) -> str:
    """What holds while no table is known."""
    if instrument.tiers:
        return "the table from before holds"
    return f"{canonical(instrument.maintenance_rate * _HUNDRED)} % maintenance for every size"


def rule_of(instrument: Instrument) -> TierRule | None:
    """How the venue of a contract reads its tiers; None where it does not tell them to everybody."""
    if not instrument.is_perpetual:
        return None
    return (_INVERSE if instrument.is_inverse else _LINEAR).get(instrument.venue)


async def fetch_tiers(exchange: Any, symbol: str) -> Sequence[Row]:
    """A contract's table as ccxt tells it; raises ccxt errors. Kraken Futures lists it with its markets."""
    if exchange.id == "krakenfutures":
        market = exchange.market(symbol)
        return exchange.parse_market_leverage_tiers(market["info"], market)  # type: ignore[no-any-return]
    return await exchange.fetch_market_leverage_tiers(symbol)  # type: ignore[no-any-return]


def with_tiers(instrument: Instrument, rows: object, rule: TierRule) -> Instrument:
    """An instrument with the table of its venue; raises FeedError for one that can not be."""
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST:
        raise FeedError("an empty table")
    tiers = [_tier(row, is_last=row is rows[-1]) for row in rows]
    for below, above in pairwise(tiers):
        _check_order(below, above)
    return msgspec.structs.replace(
        instrument,
        tiers=tuple(tiers),
        tier_rule=rule,
        max_leverage=tiers[0].max_leverage or instrument.max_leverage,
    )


def _tier(row: object, *, is_last: bool) -> LeverageTier:
    if not isinstance(row, Mapping):
        raise FeedError("a row that is none")
    cap = _number(row, "maxNotional")
    leverage = to_step(_number(row, "maxLeverage") or ZERO, _LEVERAGE_STEP, ROUND_FLOOR)
    rate = _rate(row, leverage)
    if cap is None and not is_last:
        raise FeedError("a tier without an end before the last one")
    return LeverageTier(cap, rate, _plain(leverage))


def _rate(row: Row, leverage: Decimal) -> Decimal:
    """The maintenance rate: never more than the initial one, which a percentage would be."""
    rate = _number(row, "maintenanceMarginRate")
    if rate is None:
        raise FeedError("a tier without a maintenance rate")
    initial = _number(row.get("info") or {}, "initialMargin")
    if initial is not None and leverage and MONEY.multiply(initial, leverage) > _HUNDRED / 2:
        rate = _plain(MONEY.divide(rate, _HUNDRED))  # Bybit has told inverse contracts in percent
    if rate >= ONE or MONEY.multiply(rate, leverage) > ONE:
        raise FeedError(f"a maintenance rate of {canonical(rate)} at a leverage of {canonical(leverage)}")
    return rate


def _check_order(below: LeverageTier, above: LeverageTier) -> None:
    """A larger size never needs less, and never may have more leverage."""
    grows = below.cap is not None and (above.cap is None or above.cap > below.cap)
    falls = not above.max_leverage or not below.max_leverage or above.max_leverage <= below.max_leverage
    if not grows or not falls or above.rate < below.rate:
        raise FeedError("tiers out of order")


def _number(row: object, name: str) -> Decimal | None:
    """A positive number, exact to its shortest text; None for none, FeedError for what is no number."""
    value = row.get(name) if isinstance(row, Mapping) else None
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise FeedError(f"{name} is {str(value)[:20]!r}") from None
    if not number.is_finite() or number <= 0:
        raise FeedError(f"{name} is {str(value)[:20]!r}")
    return _plain(number)


def _plain(number: Decimal) -> Decimal:
    """The same number without zeros at its end and without an exponent."""
    return Decimal(canonical(number))
