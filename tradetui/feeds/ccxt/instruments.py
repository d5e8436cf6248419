"""A market as ccxt describes it, turned into an instrument."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from tradetui.domain.instrument import Instrument, InstrumentKind, InstrumentStatus
from tradetui.domain.number import ONE, ZERO
from tradetui.domain.profile import Profile
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.statuses import CLOSED
from tradetui.feeds.clean import clean

_UNTOLD_FEE: Final = Decimal("0.001")
"""Of maker and taker where neither the exchange nor the profile tells one: nothing is free."""
_UNKNOWN_LEVERAGE: Final = Decimal(20)
_FINEST: Final = Decimal("0.00000001")
_IN_COINS: Final = ("bitget",)
"""Exchanges whose inverse contracts are counted in coins: a print of Bitget's BTCUSD has the size 0.0107."""
_BASIS_POINTS: Final = Decimal(10_000)
_LEAST_GTD_S: Final = {"binanceusdm": 600, "binancecoinm": 600}
"""Binance futures takes goodTillDate orders only beyond ten minutes."""
_TRAIL_RATES: Final = {name: (Decimal("0.001"), Decimal("0.1")) for name in ("binanceusdm", "binancecoinm")}
"""Binance futures: callbackRate between 0.1 and 10 %; it lists no filter for it."""


def instrument_of(market: dict[str, Any], profile: Profile) -> Instrument:
    """The instrument of a ccxt market; raises FeedError for one that can not be traded here."""
    kind = _kind(market)
    names = (market["symbol"], market["base"], market["quote"], market.get("settle") or "")
    if not all(str(name).isprintable() for name in names):
        raise FeedError(f"{clean(str(market['symbol']))}: its names hold control characters")
    if kind is InstrumentKind.PERP_INVERSE and profile.exchange in _IN_COINS:
        raise FeedError(f"{market['symbol']}: this exchange counts it in {market['base']}: not supported")
    limits = market.get("limits") or {}
    lot = _step(market, "amount")
    amount = limits.get("amount") or {}
    return Instrument(
        symbol=market["symbol"],
        venue=profile.exchange,
        kind=kind,
        base=market["base"],
        quote=market["quote"],
        settle=market.get("settle") or market["quote"],
        tick_size=_step(market, "price"),
        lot_size=lot,
        contract_size=_number(market.get("contractSize")) or ONE,
        min_qty=_number(amount.get("min")) or lot,
        max_qty=_number(amount.get("max")),
        min_notional=_number((limits.get("cost") or {}).get("min")) or ZERO,
        maker_fee=_fee(profile.maker_fee, market.get("maker")),
        taker_fee=_fee(profile.taker_fee, market.get("taker")),
        max_leverage=_max_leverage(kind, limits, profile),
        status=InstrumentStatus.HALTED if _is_halted(market, profile) else InstrumentStatus.TRADING,
        market_max_qty=_number((limits.get("market") or {}).get("max")),
        least_gtd_s=_LEAST_GTD_S.get(profile.exchange, 0),
        **_filters(market.get("info") or {}, profile.exchange),
    )


def _filters(info: dict[str, Any], exchange: str) -> dict[str, Any]:
    """What Binance lists as filters of a symbol, as far as an order from here can break it."""
    listed = info.get("filters") or ()
    filters = {f.get("filterType"): f for f in listed if isinstance(f, dict)}
    by_side, both = filters.get("PERCENT_PRICE_BY_SIDE", {}), filters.get("PERCENT_PRICE", {})
    down = _number(by_side.get("bidMultiplierDown")) or _number(both.get("multiplierDown"))
    up = _number(by_side.get("askMultiplierUp")) or _number(both.get("multiplierUp"))
    return {
        "percent_price": (down, up) if down and up else None,
        "max_orders": _count(filters.get("MAX_NUM_ORDERS", {}), "maxNumOrders", "limit"),
        "max_conditional_orders": _count(filters.get("MAX_NUM_ALGO_ORDERS", {}), "maxNumAlgoOrders", "limit"),
        "trail_rates": _trail_rates(filters.get("TRAILING_DELTA", {})) or _TRAIL_RATES.get(exchange),
        "max_position": _number(filters.get("MAX_POSITION", {}).get("maxPosition")),
    }


def _trail_rates(found: dict[str, Any]) -> tuple[Decimal, Decimal] | None:
    """The range of trails that holds above and below the market, from basis points."""
    names = [f"{end}Trailing{side}Delta" for end in ("min", "max") for side in ("Above", "Below")]
    above, below, most_above, most_below = (_number(found.get(name)) or ZERO for name in names)
    least, most = max(above, below), min(most_above, most_below)
    return (least / _BASIS_POINTS, most / _BASIS_POINTS) if least and most else None


def _count(found: dict[str, Any], *names: str) -> int | None:
    number = next((_number(found[name]) for name in names if name in found), None)
    return int(number) if number is not None else None


def _is_halted(market: dict[str, Any], profile: Profile) -> bool:
    """Whether the exchange says so; ccxt also calls a Kraken pair inactive that has no status at all.

    Of Coinbase's products it looks at one flag only: those that take no orders, or only some, are halted too.
    """
    info = market.get("info") or {}
    if profile.exchange == "coinbase" and any(info.get(flag) is True for flag in CLOSED):
        return True
    says_nothing = profile.exchange == "kraken" and "status" not in info
    return market.get("active") is False and not says_nothing


def _kind(market: dict[str, Any]) -> InstrumentKind:
    if market.get("spot"):
        return InstrumentKind.SPOT
    if market.get("swap"):
        return InstrumentKind.PERP_INVERSE if market.get("inverse") else InstrumentKind.PERP_LINEAR
    raise FeedError(f"{market['symbol']}: expected spot or a perpetual, is {market.get('type')}")


def _step(market: dict[str, Any], what: str) -> Decimal:
    return _number((market.get("precision") or {}).get(what)) or _FINEST


def _number(value: object) -> Decimal | None:
    """A number of ccxt's, exact to its shortest text; None for none, zero or below."""
    number = Decimal(str(value)) if value is not None else ZERO
    return Decimal(format(number, "f")) if number.is_finite() and number > 0 else None


def _fee(wanted: Decimal | None, market_fee: object) -> Decimal:
    if wanted is not None:
        return wanted
    return Decimal(str(market_fee)) if market_fee is not None else _UNTOLD_FEE


def _max_leverage(kind: InstrumentKind, limits: dict[str, Any], profile: Profile) -> Decimal:
    if kind is InstrumentKind.SPOT:
        return ONE
    known = _number((limits.get("leverage") or {}).get("max"))
    return known or max(_UNKNOWN_LEVERAGE, profile.leverage)


def nearest_symbol(symbol: str, known: list[str]) -> str:
    """The known symbol that looks most like this one; empty where none does."""
    same_pair = [each for each in known if each.partition(":")[0] == symbol.partition(":")[0]]
    near = same_pair or get_close_matches(symbol.upper(), known, n=1, cutoff=0.5)
    return near[0] if near else ""
