"""The watchlist's part of a frame: one row a symbol, rebuilt when its market moved."""

from __future__ import annotations

import math
from typing import Final

from tradetui.domain.market_data import FeedState, Timeframe
from tradetui.domain.view_market import WatchRow
from tradetui.engine import Engine
from tradetui.feeds.scan.table import ScanTable
from tradetui.market.market import Market
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.words import SECOND
from tradetui.runtime.vitals import Vitals

_ATR_FRAME: Final = Timeframe.M5
_SAMPLES: Final = 24
_ENOUGH: Final = 8
_SPARK_FRAMES: Final = (Timeframe.M5, Timeframe.M1, Timeframe.S5)
_DAY_HOURS: Final = 24
_MOVERS: Final = 30


class WatchlistPart:
    """The rows of every symbol watched."""

    def __init__(self, engine: Engine, vitals: Vitals | None = None) -> None:
        """Look at an engine's markets, and at what is scanned beside them."""
        self._engine = engine
        self._vitals = vitals
        self._scanned: Kept[tuple[WatchRow, ...]] = Kept(())
        self._rows: dict[str, Kept[WatchRow]] = {}
        self._view: Kept[tuple[WatchRow, ...]] = Kept(())

    def view(self, symbols: tuple[str, ...], *, now: int) -> tuple[WatchRow, ...]:
        """One row a symbol, then the movers of what is scanned; the same object while no row changed."""
        rows = tuple([self._row(symbol) for symbol in symbols])
        table = self._vitals.scan if self._vitals is not None else None
        if table is not None:
            rows += self._scanned.get((symbols, now // SECOND), lambda: movers(table, symbols, now))
        return self._view.get(rows, lambda: rows)

    def _row(self, symbol: str) -> WatchRow:
        kept = self._rows.get(symbol)
        if kept is None:
            kept = self._rows[symbol] = Kept(_unknown(symbol))
        market = self._engine.markets.get(symbol)
        return (
            kept.get((market, market.version), lambda: watch_row(market)) if market is not None else kept.part
        )


def movers(table: ScanTable, symbols: tuple[str, ...], now: int) -> tuple[WatchRow, ...]:
    """The largest moves of the day among symbols that are only scanned."""
    rows = table.movers(_MOVERS + len(symbols), now=now)
    return tuple([scan_row(table, row) for row in rows if table.symbols[row] not in symbols][:_MOVERS])


def scan_row(table: ScanTable, row: int) -> WatchRow:
    """What the watchlist says of a symbol that is only scanned."""
    bid, ask = float(table.bid[row]), float(table.ask[row])
    volume = float(table.quote_volume[row])
    return WatchRow(
        symbol=table.symbols[row],
        last=float(table.last[row]),
        change_pct=round(float(table.change_pct[row]), 2),
        volume=volume if math.isfinite(volume) else None,
        spread_bp=round((ask - bid) / (ask + bid) * 2e4, 2) if math.isfinite(bid + ask) else None,
        atr_pct=None,
        price_scale=table.scales[row],
        feed_state=FeedState.STREAMING,
        direction=0,
        is_scanned=True,
    )


def watch_row(market: Market) -> WatchRow:
    """What the watchlist says of one market."""
    last = market.last_price
    if last is None and market.ticker is not None:
        last = market.ticker.last
    bid, ask = market.best_bid, market.best_ask
    atr = market.atr(_ATR_FRAME)
    trade = market.tape.last
    spread = round((ask - bid) / (ask + bid) * 2e4, 2) if bid is not None and ask is not None else None
    return WatchRow(
        symbol=market.symbol,
        last=last,
        change_pct=change_pct(market, last),
        volume=market.ticker.quote_volume if market.ticker is not None else market.tape.quote_volume,
        spread_bp=spread,
        atr_pct=round(atr / last * 100, 3) if atr is not None and last else None,
        price_scale=market.instrument.price_scale,
        feed_state=market.feed_state,
        direction=trade.aggressor.sign if trade is not None and trade.aggressor is not None else 0,
        spark=spark(market, last),
    )


def change_pct(market: Market, last: float | None) -> float | None:
    """The move of 24 hours: the venue's figure, else from hours, else against the last day's close."""
    if market.ticker is not None:
        return market.ticker.change_pct
    hours = market.candles(Timeframe.H1)
    bars = hours.bars
    if len(bars) >= _DAY_HOURS:
        before: float | None = float(bars.open[-_DAY_HOURS])
    else:
        before = market.candles(Timeframe.D1).last_close
    return round((last / before - 1) * 100, 2) if last is not None and before else None


def spark(market: Market, last: float | None) -> tuple[float, ...]:
    """About two hours of closes and the last price; of shorter candles where there are no such yet."""
    for timeframe in _SPARK_FRAMES:
        closes = market.candles(timeframe).bars.close[-_SAMPLES + 1 :].tolist()
        if len(closes) >= _ENOUGH:
            return (*closes, last) if last is not None else tuple(closes)
    return ()


def _unknown(symbol: str) -> WatchRow:
    return WatchRow(
        symbol=symbol,
        last=None,
        change_pct=None,
        volume=None,
        spread_bp=None,
        atr_pct=None,
        price_scale=2,
        feed_state=FeedState.CONNECTING,
        direction=0,
    )
