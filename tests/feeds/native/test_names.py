"""Symbols and products by the names that each venue has for them, and what Coinbase tells of them."""

from __future__ import annotations

import ccxt
import pytest

from tests.feeds.native.test_codecs import INVERSE, LINEAR, instrument, ready
from tradetui.domain.market_data import Trade
from tradetui.feeds.native.bitget import BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.codes import THEIRS
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.venue import Item, PrintsHeard, Venue


def test_what_ccxt_renames_is_asked_for_by_the_venues_own_name() -> None:
    """Else one coin's book is shown as another's: what Kraken calls LUNA is LUNC here."""
    for exchange, codes in THEIRS.items():
        renamed = getattr(ccxt, exchange)().commonCurrencies
        assert {renamed[theirs] for theirs in codes.values()} == set(codes)


@pytest.mark.parametrize(
    ("venue", "symbol", "name"),
    [
        (KrakenVenue(), "LUNC/USD", "LUNA/USD"),
        (KrakenVenue(), "LUNA/USD", "LUNA2/USD"),
        (CoinbaseVenue(), "CELO/USD", "CGLD-USD"),
        (KrakenFuturesVenue(), "BTC/USD:USD", "PF_XBTUSD"),
        (BybitVenue(linear=True), "BTC/USDC:USDC", "BTCPERP"),
        (BitgetVenue(), "BTC/USDC:USDC", "BTCPERP"),
        (BitgetVenue(), "BTC/USD:BTC", "BTCUSD"),
        (BitgetVenue(), "BTC/USDC", "BTCUSDC"),
    ],
)
def test_a_symbol_is_subscribed_by_the_name_that_it_has_there(venue: Venue, symbol: str, name: str) -> None:
    (line,) = ready(venue, symbol).lines([instrument(symbol)])
    asked = " ".join(venue.subscribe(line))
    assert f'"{name}"' in asked or f".{name}" in asked


def test_bitgets_contracts_are_asked_for_by_their_kind() -> None:
    venue = BitgetVenue()
    for symbol, kind in (
        (LINEAR, "USDT-FUTURES"),
        ("BTC/USDC:USDC", "USDC-FUTURES"),
        (INVERSE, "COIN-FUTURES"),
    ):
        (line,) = venue.lines([instrument(symbol)])
        assert kind in " ".join(venue.subscribe(line))


def test_a_coin_of_kraken_that_is_called_otherwise_there_keeps_its_symbol_here() -> None:
    venue = ready(KrakenVenue(), "LUNC/USD")
    row = '{"symbol":"LUNA/USD","side":"buy","price":0.0001,"qty":5.0,"ord_type":"market","trade_id":7'
    frame = f'{{"channel":"trade","type":"update","data":[{row},"timestamp":"2026-01-01T00:00:00Z"}}]}}'
    (trade,) = venue.decode(frame.encode(), 1)
    assert isinstance(trade, Trade)
    assert trade.symbol == "LUNC/USD"


def coinbase_frame(channel: str, event: str) -> bytes:
    head = f'"channel":"{channel}","client_id":"","timestamp":"2026-01-01T00:00:00Z"'
    return f'{{{head},"events":[{event}]}}'.encode()


def coinbase_prints(product: str, *numbers: int) -> bytes:
    rows = [
        f'{{"trade_id":"{n}","product_id":"{product}","price":"5","size":"1","side":"BUY",'
        f'"time":"2026-01-01T00:00:{n:02}Z"}}'
        for n in numbers
    ]
    return coinbase_frame("market_trades", f'{{"type":"update","trades":[{",".join(rows)}]}}')


@pytest.mark.parametrize("numbers", [(3, 4, 5), (5, 4, 3)])
def test_prints_of_coinbase_that_come_together_are_told_oldest_first(numbers: tuple[int, ...]) -> None:
    items = ready(CoinbaseVenue(), "BTC/USD").decode(coinbase_prints("BTC-USD", *numbers), 1)
    assert [item.trade_id for item in items if isinstance(item, Trade)] == ["3", "4", "5"]


def test_coinbase_answers_for_a_product_in_usdc_by_the_name_of_the_one_in_usd() -> None:
    venue = ready(CoinbaseVenue(), "BTC/USDC")
    for product in ("BTC-USD", "BTC-USDC"):
        (trade,) = venue.decode(coinbase_prints(product, 1), 1)
        assert isinstance(trade, Trade)
        assert trade.symbol == "BTC/USDC"


def test_coinbase_lists_all_that_is_subscribed_and_only_what_is_new_there_was_heard() -> None:
    venue = ready(CoinbaseVenue(), "BTC/USD", "ETH/USD")

    def told(listed: str) -> list[Item]:
        return list(venue.decode(coinbase_frame("subscriptions", f'{{"subscriptions":{{{listed}}}}}'), 1))

    assert told('"level2":["BTC-USD"]') == []
    assert told('"level2":["BTC-USD"],"market_trades":["BTC-USD"]') == [PrintsHeard("BTC/USD")]
    assert told('"level2":["BTC-USD"],"market_trades":["BTC-USD","ETH-USD"]') == [PrintsHeard("ETH/USD")]
    assert told('"level2":["BTC-USD"],"market_trades":["ETH-USD"]') == []
    assert told('"market_trades":["ETH-USD","BTC-USD"]') == [PrintsHeard("BTC/USD")]
