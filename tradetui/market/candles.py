"""Candles of every timeframe, built from trades and seeded from history.

Assumptions. A period is cut by the exchange's trade time, by the receive time where there is none;
it closes when a trade of a later period arrives. Periods without a trade carry the close with
volume 0. A trade touches the open second only; a second that closes is merged into its parent
(1s into 5s into 15s into 1m and so on), so eleven timeframes cost about as much as one and a half.
A late trade, older than the open second, counts in every timeframe whose period is still open, for
high, low and volume but not for the close; closed candles never change because of it. Candles of a
day are days of UTC, as venues cut them.
"""

from __future__ import annotations

from typing import Final

from tradetui.domain.market_data import Candle, CandleHistory, Side, Timeframe, Trade
from tradetui.market.series import CandleSeries, SecondSeries

CAPACITY: Final = 2_000
_BUY, _SELL = Side.BUY, Side.SELL  # looked up once: an enumeration's members are slow to find
_CHILD: Final = {
    Timeframe.S5: Timeframe.S1,
    Timeframe.S15: Timeframe.S5,
    Timeframe.M1: Timeframe.S15,
    Timeframe.M3: Timeframe.M1,
    Timeframe.M5: Timeframe.M1,
    Timeframe.M15: Timeframe.M5,
    Timeframe.M30: Timeframe.M15,
    Timeframe.H1: Timeframe.M30,
    Timeframe.H4: Timeframe.H1,
    Timeframe.D1: Timeframe.H4,
}
"""From which shorter timeframe each is built; in rising order, so that children come first."""


class Candles:
    """All timeframes of one instrument."""

    __slots__ = ("_is_live", "_seconds", "_series", "_unsettled", "late_trades")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._seconds = SecondSeries(Timeframe.S1, capacity)
        self._series: dict[Timeframe, CandleSeries] = {Timeframe.S1: self._seconds}
        for timeframe, child in _CHILD.items():
            self._series[timeframe] = CandleSeries(timeframe, capacity, child=self._series[child])
        self._is_live = False
        self._unsettled = False
        self.late_trades = 0

    def series(self, timeframe: Timeframe) -> CandleSeries:
        """The candles of one timeframe."""
        if self._unsettled:
            self._settle()
        return self._series[timeframe]

    def add(self, trade: Trade) -> None:
        """Take in one print."""
        seconds = self._seconds
        ts = trade.ts_exchange or trade.ts_received
        aggressor, qty = trade.aggressor, trade.qty
        delta = qty if aggressor is _BUY else -qty if aggressor is _SELL else 0.0
        if seconds.start <= ts < seconds.end:
            seconds.add(trade.price, qty, delta)
        elif ts >= seconds.end:
            self._turn(ts, trade.price, qty, delta)
        else:
            self._late(Candle(ts, trade.price, trade.price, trade.price, trade.price, qty, 1, delta))

    def seed(self, history: CandleHistory) -> None:
        """Put an exchange's closed candles in the place of what is known of their timeframe.

        Candles that closed later and the open one stay. Before the first trade, longer timeframes
        are continued from the history of shorter ones.
        """
        self._series[history.timeframe].replace(history.candles)
        self._unsettled = not self._is_live

    def _turn(self, ts: int, price: float, qty: float, delta: float) -> None:
        """Close what ended before the first trade of a new second, and begin that second."""
        if self._unsettled:
            self._settle()
        self._is_live = True
        self._seconds.turn(ts)
        self._seconds.begin(ts, price, qty, delta)

    def _late(self, print_candle: Candle) -> None:
        """Count a trade of a second that has closed where its period is still open."""
        self.late_trades += 1
        self._seconds.late(print_candle, self._seconds.start)

    def _settle(self) -> None:
        """Continue each timeframe from the history of the shorter one it is built from."""
        self._unsettled = False
        for timeframe in _CHILD:
            self._series[timeframe].continue_from_child()
