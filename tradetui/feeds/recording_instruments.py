"""What a recording's symbols are: names in ccxt's form, kinds, and rules from metadata or from the data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.number import ONE, ZERO
from tradetui.errors import RecordingError

_QUOTES: Final = (
    *("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "USD", "DAI", "BTC", "ETH", "BNB", "EUR", "GBP"),
    *("TRY", "BRL", "JPY", "AUD", "RUB", "UAH", "PLN", "ARS", "MXN", "ZAR", "TRX", "XRP", "DOGE"),
)
_SPOT_FEES: Final = (Decimal("0.001"), Decimal("0.001"))
_PERP_FEES: Final = (Decimal("0.0002"), Decimal("0.0005"))
_PERP_LEVERAGE: Final = Decimal(10)


class VenueSymbol(msgspec.Struct, frozen=True):
    """A symbol as Binance writes it, and the market that its frames give away."""

    name: str
    futures: bool = False
    coin_margined: bool = False

    @property
    def kind(self) -> InstrumentKind:
        """How it settles."""
        if self.coin_margined:
            return InstrumentKind.PERP_INVERSE
        return InstrumentKind.PERP_LINEAR if self.futures else InstrumentKind.SPOT


def split_pair(pair: str) -> tuple[str, str]:
    """Base and quote of a venue name without a separator: BTCUSDT is BTC and USDT."""
    for quote in sorted(_QUOTES, key=len, reverse=True):
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair.removesuffix(quote), quote
    return pair, ""


def derived_instrument(symbol: VenueSymbol, *, tick_size: Decimal, lot_size: Decimal) -> Instrument:
    """An instrument with the grid that the recording showed and the default fees of its market."""
    pair, _, expiry = symbol.name.partition("_")
    base, quote = split_pair(pair)
    settle = base if symbol.coin_margined else quote
    suffix = "" if expiry in ("", "PERP") else f"-{expiry}"
    spot = symbol.kind is InstrumentKind.SPOT
    maker, taker = _SPOT_FEES if spot else _PERP_FEES
    contract = Decimal(100 if base == "BTC" else 10) if symbol.coin_margined else ONE
    return Instrument(
        symbol=f"{base}/{quote}" if spot else f"{base}/{quote}:{settle}{suffix}",
        venue="binance",
        kind=symbol.kind,
        base=base,
        quote=quote,
        settle=settle,
        tick_size=tick_size,
        lot_size=lot_size,
        contract_size=contract,
        min_qty=lot_size,
        maker_fee=maker,
        taker_fee=taker,
        max_leverage=ONE if spot else _PERP_LEVERAGE,
    )


class _Filter(msgspec.Struct):
    filterType: str  # noqa: N815  (the venue's names)
    tickSize: Decimal = ZERO  # noqa: N815
    stepSize: Decimal = ZERO  # noqa: N815
    minQty: Decimal = ZERO  # noqa: N815
    minNotional: Decimal = ZERO  # noqa: N815
    notional: Decimal = ZERO


class _Listing(msgspec.Struct):
    symbol: str
    filters: list[_Filter]
    contractSize: Decimal = ONE  # noqa: N815


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Listing]


class Metadata:
    """The exchange's own rules, from a file."""

    def __init__(self, path: Path) -> None:
        """Read Binance's exchangeInfo, or a JSON list of instruments with the fields of `Instrument`.

        Raises:
            RecordingError: The file is missing or of another form.
        """
        self._listings: dict[str, _Listing] = {}
        self._instruments: dict[str, Instrument] = {}
        try:
            text = path.read_bytes()
            if text.lstrip().startswith(b"["):
                known = msgspec.json.decode(text, type=list[Instrument], strict=False)
                self._instruments = {instrument.symbol: instrument for instrument in known}
            else:
                exchange = msgspec.json.decode(text, type=_ExchangeInfo, strict=False)
                self._listings = {listing.symbol: listing for listing in exchange.symbols}
        except OSError as error:
            raise RecordingError(f"{path}: can not be read: {error.strerror or error}") from None
        except msgspec.MsgspecError as error:
            raise RecordingError(
                f"{path}: expected Binance's exchangeInfo or a list of instruments: {error}"
            ) from None

    def refine(self, venue_name: str, derived: Instrument) -> Instrument:
        """The instrument with the file's rules where the file knows it."""
        if derived.symbol in self._instruments:
            return self._instruments[derived.symbol]
        listing = self._listings.get(venue_name)
        if listing is None:
            return derived
        rules = {rule.filterType: rule for rule in listing.filters}
        price, lot = rules.get("PRICE_FILTER"), rules.get("LOT_SIZE")
        minimum = rules.get("NOTIONAL") or rules.get("MIN_NOTIONAL")
        return msgspec.structs.replace(
            derived,
            tick_size=(price and price.tickSize) or derived.tick_size,
            lot_size=(lot and lot.stepSize) or derived.lot_size,
            min_qty=(lot and lot.minQty) or derived.min_qty,
            min_notional=(minimum and (minimum.minNotional or minimum.notional)) or derived.min_notional,
            contract_size=listing.contractSize if derived.kind is InstrumentKind.PERP_INVERSE else ONE,
        )
