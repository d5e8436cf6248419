"""Symbols and products by the names that each venue has for them, and what Coinbase tells of them."""

from __future__ import annotations

import json

import ccxt
import pytest

from tests.feeds.native.test_codecs import INVERSE, LINEAR, instrument, ready
from tradetui.domain.market_data import Trade
from tradetui.feeds.native.bitget import BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.codes import THEIRS
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.venue import BookPart, FrameError, Item, PrintsHeard, Venue, whole_book


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


def coinbase(*symbols: str) -> CoinbaseVenue:
    venue = CoinbaseVenue()
    ready(venue, *symbols)
    return venue


@pytest.mark.parametrize("symbols", [("BTC/USD", "BTC/USDC"), ("BTC/USDC", "BTC/USD")])
def test_products_in_usd_and_usdc_have_one_book_at_coinbase_and_both_are_told(
    symbols: tuple[str, str],
) -> None:
    venue = coinbase(*symbols)
    line = Line(url="", symbols=symbols)
    assert {tuple(json.loads(text)["product_ids"]) for text in venue.subscribe(line)} == {("BTC-USD",)}
    prints = list(venue.decode(coinbase_prints("BTC-USD", 1, 2), 1))
    told = [(p.symbol, p.trade_id) for p in prints if isinstance(p, Trade)]
    assert sorted(told) == [(s, n) for s in ("BTC/USD", "BTC/USDC") for n in ("1", "2")]
    level = '{"side":"bid","price_level":"5","new_quantity":"1"}'
    book = f'{{"type":"snapshot","product_id":"BTC-USD","updates":[{level}]}}'
    parts = [p for p in venue.decode(coinbase_frame("l2_data", book), 1) if isinstance(p, BookPart)]
    assert sorted(p.symbol for p in parts) == ["BTC/USD", "BTC/USDC"]
    assert all(whole.symbol == p.symbol for p in parts if (whole := whole_book(p)) is not None)
    listed = '{"subscriptions":{"market_trades":["BTC-USD"]}}'
    heard = list(venue.decode(coinbase_frame("subscriptions", listed), 1))
    assert heard == [PrintsHeard("BTC/USD"), PrintsHeard("BTC/USDC")]
    assert "one for both" in venue.shared_words("BTC/USDC")
    assert venue.shared_words("BTC/USD") == ""


def test_the_two_products_of_coinbase_with_books_of_their_own_are_never_told_as_others() -> None:
    venue = coinbase("USDT/USD", "USDT/USDC", "EURC/USDC")
    (trade,) = venue.decode(coinbase_prints("USDT-USD", 1), 1)
    assert isinstance(trade, Trade)
    assert trade.symbol == "USDT/USD"
    asked = json.loads(next(iter(venue.subscribe(Line(url="", symbols=("USDT/USD", "USDT/USDC"))))))
    assert asked["product_ids"] == ["USDT-USD", "USDT-USDC"]
    assert venue.shared_words("USDT/USDC") == ""
    with pytest.raises(FrameError):
        venue.decode(coinbase_prints("EURC-USD", 1), 1)


def test_coinbase_lists_all_that_is_subscribed_and_only_what_is_new_there_was_heard() -> None:
    venue = ready(CoinbaseVenue(), "BTC/USD", "ETH/USD")

    def told(listed: str) -> list[Item]:
        return list(venue.decode(coinbase_frame("subscriptions", f'{{"subscriptions":{{{listed}}}}}'), 1))

    assert told('"level2":["BTC-USD"]') == []
    assert told('"level2":["BTC-USD"],"market_trades":["BTC-USD"]') == [PrintsHeard("BTC/USD")]
    assert told('"level2":["BTC-USD"],"market_trades":["BTC-USD","ETH-USD"]') == [PrintsHeard("ETH/USD")]
    assert told('"level2":["BTC-USD"],"market_trades":["ETH-USD"]') == []
    assert told('"market_trades":["ETH-USD","BTC-USD"]') == [PrintsHeard("BTC/USD")]
