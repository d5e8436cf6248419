"""Coinbase Advanced Trade: level2 books, trades and tickers, numbered for each connection.

Source: Coinbase's Advanced Trade websocket documentation. `sequence_num` rises by one over all channels
of a connection, so a hole in it takes the trust of every book there, and only a new connection brings
snapshots again. The side of a print is the maker's, by stream and by REST alike: a captured answer has
its newest prints at the best ask and calls them SELL. Heartbeats keep quiet channels open. A product in
USDC has the book and the prints of the one in USD, under whose name they come; only USDT-USDC and EURC-USDC
have their own (the documentation of its endpoints).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, Side, Ticker, Trade
from tradetui.feeds.book_sync import Rule, Sync
from tradetui.feeds.native.base import Address, OneAddress
from tradetui.feeds.native.codes import code_of
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.figures import Figures, Signed, readable
from tradetui.feeds.native.venue import (
    AsideError,
    BookPart,
    Closed,
    FrameError,
    Item,
    LiveBook,
    Lost,
    PrintsHeard,
    Refused,
    ResyncBy,
)
from tradetui.feeds.native.wire import Price, Quantity, TradedQuantity, moment_ns

_URL: Final = "wss://advanced-trade-ws.coinbase.com"
_CHANNELS: Final = ("heartbeats", "level2", "market_trades", "ticker", "status")
_OWN_BOOKS: Final = ("USDT-USDC", "EURC-USDC")
_AGGRESSOR: Final = {"BUY": Side.SELL, "SELL": Side.BUY}


class Part(BookPart, frozen=True):
    """A snapshot or an update of a book."""

    message: BookSnapshot | BookDelta


class CoinbaseBook:
    """A book that is whole as long as its connection lost nothing."""

    def __init__(self) -> None:
        self.state = Sync.WAITING
        self.reason = ""

    def restart(self) -> None:
        """Only a snapshot helps."""
        self.state = Sync.WAITING

    def rule(self) -> Rule:
        """Where it stands."""
        return Rule(state=self.state)

    def resume(self, rule: Rule) -> None:
        """Go on from there."""
        self.state = rule.state

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Part)  # noqa: S101 - a venue's book gets its own parts only
        if type(part.message) is BookSnapshot:
            self.state = Sync.STREAMING
        return (part.message,) if self.state is Sync.STREAMING else ()


class _Update(msgspec.Struct, gc=False):
    side: str
    price_level: Price
    new_quantity: Quantity


class _Trade(msgspec.Struct, gc=False):
    trade_id: str
    product_id: str
    price: Price
    size: TradedQuantity
    side: str
    time: datetime


class _Ticker(msgspec.Struct, gc=False):
    product_id: str
    best_bid: Price | None = None
    best_bid_quantity: Quantity = 0.0
    best_ask: Price | None = None
    best_ask_quantity: Quantity = 0.0


class _Figures(msgspec.Struct, gc=False):
    product_id: str
    price: Price
    volume_24_h: Quantity = 0.0
    """In the base currency."""
    price_percent_chg_24_h: Signed = 0.0


class _FiguresEvent(msgspec.Struct):
    tickers: list[_Figures] = []


class _Product(msgspec.Struct, gc=False):
    id: str
    status: str = ""


class _Event(msgspec.Struct):
    type: str = ""
    product_id: str = ""
    updates: list[_Update] = []
    trades: list[_Trade] = []
    tickers: list[_Ticker] = []
    subscriptions: dict[str, list[str]] = {}
    products: list[_Product] = []


class _Frame(msgspec.Struct):
    channel: str = ""
    timestamp: datetime | None = None
    sequence_num: int | None = None
    events: msgspec.Raw = msgspec.Raw(b"[]")
    type: str = ""
    message: str = ""


_ASIDE: Final = ("ticker", "heartbeats", "subscriptions", "status")
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_figures: Final = msgspec.json.Decoder(list[_FiguresEvent], strict=False).decode
_events: Final = msgspec.json.Decoder(list[_Event], strict=False).decode


class CoinbaseVenue(OneAddress):
    """The spot market."""

    resync: ResyncBy = ResyncBy.RECONNECT
    counts_prints = True
    most_symbols = 10
    most_joined = 0
    """An error names no product, and only a new connection brings a lost book: one's loss would be all's."""

    def __init__(self, *, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        super().__init__(_URL, address=address)
        self._last: int | None = None
        self._figures = Figures()
        self._heard: set[str] = set()
        """Symbols whose prints it told to be subscribed, the last time."""
        self._twins: dict[str, str] = {}
        """By symbol in USD: the one in USDC that is told with it."""
        self._told_as: dict[str, str] = {}
        """The name in USD, of products in USDC that come with it."""

    def name(self, instrument: Instrument) -> str:
        """BTC-USD."""
        return f"{code_of('coinbase', instrument.base)}-{code_of('coinbase', instrument.quote)}"

    def lines(self, instruments: Sequence[Instrument]) -> Sequence[Line]:
        """One connection: the count of its messages is kept here."""
        self.most_symbols = max(1, len(instruments))
        lines = super().lines(instruments)
        self._twins, self._told_as = {}, {}
        for name, symbol in list(self._symbols.items()):
            if _shares(name):
                self._answer_for(name.removesuffix("C"), name, symbol)
        return lines

    def _answer_for(self, told_as: str, name: str, symbol: str) -> None:
        """One in USDC comes by the name of the one in USD: with it, or alone."""
        if told_as in self._symbols:
            self._twins[self._symbols[told_as]] = symbol
            self._told_as[name] = told_as
        else:
            self._symbols[told_as] = symbol

    def shared_words(self, symbol: str) -> str:
        """Whose book a symbol has, in words; empty where it has its own."""
        if symbol not in self._instruments or not _shares(self.name(self._instruments[symbol])):
            return ""
        return f"{symbol} has the book and the prints of {symbol[:-1]}: the exchange keeps one for both"

    def subscribe(self, line: Line) -> Iterable[str]:
        """A new connection counts from the start."""
        self._last = None
        self._heard = set()
        return super().subscribe(line)

    def memory(self, symbol: str) -> int | None:
        """The number of the connection's last message."""
        del symbol
        return self._last

    def remember(self, symbol: str, memory: int | None) -> None:
        """Go on counting from there."""
        del symbol
        self._last = memory

    def asks(self, verb: str, names: Sequence[str], *, book_only: bool = False) -> Iterable[str]:
        """A frame a channel; what comes twice is asked for once."""
        names = list(dict.fromkeys(self._told_as.get(name, name) for name in names))
        for channel in _CHANNELS[1:2] if book_only else _CHANNELS:
            yield json.dumps({"type": verb, "product_ids": names, "channel": channel})

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule."""
        del symbol
        return CoinbaseBook()

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        wrong = FrameError
        try:
            outer = _frame(frame)
            wrong = AsideError if outer.channel in _ASIDE else FrameError
            if outer.type == "error":
                return (Refused(outer.message or "no reason given"),)
            number, before = outer.sequence_num, self._last
            if number is not None and before is not None and number <= before:
                return ()  # known; had it come too late, the hole was seen first
            self._last = number if number is not None else before
            if number is not None and before is not None and number > before + 1:
                return (Lost(f"expected message {before + 1}, was {number}"),)
            return self._told(outer, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            shown = frame[:80].decode("utf-8", "replace")
            raise wrong(f"expected a frame of Coinbase: {error}: {shown}") from None

    def _told(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        if outer.channel == "subscriptions":
            return self._subscribed(_events(outer.events))
        if outer.channel not in ("l2_data", "market_trades", "ticker", "status"):
            return ()
        ts = moment_ns(outer.timestamp) if outer.timestamp is not None else 0
        events = _events(outer.events)
        told: list[Any] = [item for event in events for item in self._read(outer, event, ts, ts_received)]
        if outer.channel == "ticker" and told and self._figures.are_due(told[0].symbol, ts_received):
            told += self._figured(outer.events, ts_received)
        return told if not self._twins else [each for item in told for each in self._with_twin(item)]

    def _figured(self, raw: msgspec.Raw, ts_received: int) -> Sequence[Item]:
        """The figures of 24 hours."""
        events = readable(_figures, raw)
        return [self._ticker(figures, ts_received) for event in events for figures in event.tickers]

    def _ticker(self, f: _Figures, ts_received: int) -> Ticker:
        symbol, volume = self.symbol(f.product_id), f.volume_24_h * f.price
        return Ticker(symbol, ts_received, f.price, f.price_percent_chg_24_h, volume)

    def _with_twin(self, item: Any) -> Iterable[Item]:
        """An item, and the same of the product that shares its book."""
        yield item
        symbol = self._twins.get(item.symbol)
        if symbol is None:
            return
        if isinstance(item, Part):
            yield Part(symbol, msgspec.structs.replace(item.message, symbol=symbol))
        else:
            yield msgspec.structs.replace(item, symbol=symbol)

    def _subscribed(self, events: Sequence[_Event]) -> Sequence[Item]:
        """It lists all that is subscribed, at each change."""
        names = [name for event in events for name in event.subscriptions.get("market_trades", ())]
        before, heard = self._heard, {self._symbols[n] for n in names if n in self._symbols}
        self._heard = heard | {self._twins[symbol] for symbol in heard & self._twins.keys()}
        return [PrintsHeard(symbol) for symbol in sorted(self._heard - before)]

    def _read(self, outer: _Frame, event: _Event, ts: int, ts_received: int) -> Sequence[Item]:
        if outer.channel == "market_trades":
            trades = event.trades if event.type == "update" else []
            return [self._print(trade, ts_received) for trade in sorted(trades, key=_in_turn)]
        if outer.channel == "status":
            return list(self._closed(event.products))
        if outer.channel == "ticker":
            return [
                BestQuote(
                    self.symbol(t.product_id),
                    ts,
                    ts_received,
                    t.best_bid,
                    t.best_bid_quantity,
                    t.best_ask,
                    t.best_ask_quantity,
                )
                for t in event.tickers
                if t.best_bid is not None and t.best_ask is not None
            ]
        symbol = self.symbol(event.product_id)
        bids = [(u.price_level, u.new_quantity) for u in event.updates if u.side == "bid"]
        asks = [(u.price_level, u.new_quantity) for u in event.updates if u.side != "bid"]
        if event.type == "snapshot":
            bids, asks = sorted(bids, reverse=True), sorted(asks)
            whole = BookSnapshot(symbol, ts, ts_received, _sized(bids), _sized(asks))
            return (Part(symbol, whole),)
        return (Part(symbol, BookDelta(symbol, ts, ts_received, bids, asks)),)

    def _closed(self, products: Sequence[_Product]) -> Iterable[Item]:
        """Which products are not online, of ours; flags that are told by REST alone may close them too."""
        for product in products:
            if product.id in self._symbols and product.status:
                text = "" if product.status == "online" else f"the exchange says: {product.status}"
                yield Closed(text, self._symbols[product.id])

    def _print(self, trade: _Trade, ts_received: int) -> Trade:
        symbol, ts = self.symbol(trade.product_id), moment_ns(trade.time)
        side = _AGGRESSOR.get(trade.side)
        return Trade(symbol, ts, ts_received, trade.price, trade.size, side, trade.trade_id)


def _shares(name: str) -> bool:
    """Whether a product has the book of the one in USD."""
    return name.endswith("-USDC") and name not in _OWN_BOOKS


def _in_turn(trade: _Trade) -> tuple[datetime, int]:
    """Prints of a quarter of a second come together, and nothing is promised of their order."""
    return trade.time, int(trade.trade_id) if trade.trade_id.isdecimal() else 0


def _sized(levels: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [level for level in levels if level[1] > 0]
