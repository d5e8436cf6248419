"""The watchlist's part of a frame: one row a symbol, rebuilt when its market moved."""

from __future__ import annotations

from typing import Final

from tradetui.domain.market_data import FeedState, Timeframe
from tradetui.domain.view_market import WatchRow
from tradetui.engine import Engine
from tradetui.market.market import Market
from tradetui.runtime.views.kept import Kept

_ATR_FRAME: Final = Timeframe.M5
_SAMPLES: Final = 24
_ENOUGH: Final = 8
_SPARK_FRAMES: Final = (Timeframe.M5, Timeframe.M1, Timeframe.S5)
_DAY_HOURS: Final = 24


class WatchlistPart:
    """The rows of every symbol watched."""

    def __init__(self, engine: Engine) -> None:
        """Look at an engine's markets."""
        self._engine = engine
        self._rows: dict[str, Kept[WatchRow]] = {}
        self._view: Kept[tuple[WatchRow, ...]] = Kept(())

    def view(self, symbols: tuple[str, ...]) -> tuple[WatchRow, ...]:
        """One row a symbol; the same object while no row changed."""
        rows = tuple([self._row(symbol) for symbol in symbols])
        return self._view.get(rows, lambda: rows)

    def _row(self, symbol: str) -> WatchRow:
        kept = self._rows.get(symbol)
        if kept is None:
            kept = self._rows[symbol] = Kept(_unknown(symbol))
        market = self._engine.markets.get(symbol)
        return (
            kept.get((market, market.version), lambda: watch_row(market)) if market is not None else kept.part
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
