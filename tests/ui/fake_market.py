"""A small deterministic market that draws every part of a frame, for tests and for looking at the screen."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.view import ViewRequest
from tradetui.domain.view_market import (
    ChartCandle,
    ChartView,
    FillMark,
    IndicatorLine,
    LadderRow,
    LadderView,
    OwnMark,
    PriceMark,
    TapeRow,
    TapeView,
    WatchRow,
)

START_TS = 1_763_992_980 * 1_000_000_000
SECOND = 1_000_000_000
SYMBOLS: dict[str, tuple[float, float, int, int, float]] = {
    "BTC/USDT": (61_602.0, 1.0, 0, 3, 1.84),
    "ETH/USDT": (2_684.31, 0.01, 2, 3, 2.91),
    "SOL/USDT": (158.42, 0.01, 2, 2, -0.77),
    "ADA/USDT": (0.3412, 0.0001, 4, 1, -1.92),
    "POL/USDT": (0.4128, 0.0001, 4, 1, 0.15),
    "DOGE/USDT": (0.10311, 0.00001, 5, 0, 6.42),
    "PEPE/USDT": (0.0000083, 0.0000001, 7, 0, 11.8),
    "WIF/USDT": (1.672, 0.001, 3, 1, -4.31),
}
"""Symbol to price, tick, price scale, quantity scale and the change of the day in percent."""


def ema(values: list[float], length: int) -> list[float | None]:
    """An exponential average, blank until `length` values are there."""
    out: list[float | None] = []
    state = values[0]
    for number, value in enumerate(values):
        state += (value - state) * 2 / (length + 1)
        out.append(state if number >= length - 1 else None)
    return out


@dataclass
class FakeMarket:
    """One instrument whose price walks by seed; `advance` is one step of a tenth of a second."""

    symbol: str = "BTC/USDT"
    seed: int = 7
    step: int = 0
    state: FeedState = FeedState.STREAMING
    candles: list[ChartCandle] = field(default_factory=list)
    prints: list[TapeRow] = field(default_factory=list)
    tick: int = 0

    def __post_init__(self) -> None:
        start, size, self.price_scale, self.qty_scale, self.change = SYMBOLS[self.symbol]
        self.tick_size = size
        self.tick = round(start / size)
        self.random = random.Random(f"{self.symbol}{self.seed}")
        self.volumes: dict[int, float] = {}
        self.center = self.tick
        self._history(500)
        for _ in range(60):
            self._print()

    @property
    def ts(self) -> int:
        """Engine time, nanoseconds."""
        return START_TS + self.step * SECOND // 10

    @property
    def price(self) -> float:
        """The last price."""
        return self.tick * self.tick_size

    def _history(self, count: int) -> None:
        close, rows = self.price, []
        for back in range(count):
            drift = math.sin(back / 17) * 0.0006 + self.random.gauss(0, 0.0011)
            opened = close / (1 + drift)
            high = max(opened, close) * (1 + abs(self.random.gauss(0, 0.0005)))
            low = min(opened, close) * (1 - abs(self.random.gauss(0, 0.0005)))
            volume = abs(self.random.gauss(4, 2)) + 400 * abs(drift) * (back % 29 == 0) * 40
            at = START_TS - (back + 1) * 60 * SECOND
            rows.append(ChartCandle(at, opened, high, low, close, volume))
            close = opened
        self.candles = rows[::-1]
        self.open = ChartCandle(START_TS, self.price, self.price, self.price, self.price, 0.0)

    def advance(self, steps: int = 1) -> None:
        """Let the market move."""
        for _ in range(steps):
            self.step += 1
            self.tick = max(1, self.tick + self.random.choice((-2, -1, -1, 0, 0, 0, 1, 1, 2)))
            self._print()
            self._grow()

    def _print(self) -> None:
        qty = round(abs(self.random.gauss(0, 0.4)) + 0.0002, 4)
        if self.random.random() < 0.04:
            qty *= 4
        side = self.random.choice((Side.BUY, Side.SELL))
        self.prints.insert(0, TapeRow(self.ts, self.price, qty, side, qty > 1.2))
        del self.prints[200:]
        self.volumes[self.tick] = self.volumes.get(self.tick, 0.0) + qty

    def _grow(self) -> None:
        now, price, qty = self.open, self.price, self.prints[0].qty
        if self.ts >= now.open_ts + 60 * SECOND:
            self.candles.append(now)
            self.open = ChartCandle(self.ts, price, price, price, price, qty)
            return
        high, low = max(now.high, price), min(now.low, price)
        self.open = ChartCandle(now.open_ts, now.open, high, low, price, now.volume + qty)

    def chart(
        self, request: ViewRequest, marks: tuple[PriceMark, ...], fills: tuple[FillMark, ...]
    ) -> ChartView:
        """The candles and lines that the request asks for."""
        end = len(self.candles) - request.offset
        start = max(0, end - request.columns)
        closed = self.candles[start:end]
        return ChartView(
            symbol=self.symbol,
            timeframe=request.timeframe,
            price_scale=self.price_scale,
            version=len(self.candles) * 1000 + request.offset + hash(request.timeframe) % 997,
            closed=tuple(closed),
            open=self.open if not request.offset else None,
            lines=tuple(self._lines(request, start, end)),
            marks=(PriceMark("last", self.price, f"{self.price:,.{self.price_scale}f}"), *marks),
            fills=fills,
            at_edge=not request.offset,
        )

    def _lines(self, request: ViewRequest, start: int, end: int) -> list[IndicatorLine]:
        closes = [candle.close for candle in self.candles]
        known = self._overlays(closes) | self._panes(closes)
        lines = []
        for group in (*request.overlays, *request.panes):
            pane = "price" if group in request.overlays else group
            for name, style, values in known.get(group, []):
                shown = tuple(values[start:end])
                lines.append(IndicatorLine(name, group, pane, style, shown, shown[-1] if shown else None))
        return lines

    @staticmethod
    def _overlays(closes: list[float]) -> dict[str, list[tuple[str, str, list[float | None]]]]:
        mean, slow = ema(closes, 20), ema(closes, 60)
        upper = [None if m is None else m * 1.003 for m in mean]
        lower = [None if m is None else m * 0.997 for m in mean]
        return {
            "ema20": [("ema20", "line", mean)],
            "vwap": [("vwap", "line", slow)],
            "bb20_2": [("bb20_2.upper", "band", upper), ("bb20_2.lower", "band", lower)],
        }

    @staticmethod
    def _panes(closes: list[float]) -> dict[str, list[tuple[str, str, list[float | None]]]]:
        fast, slow = ema(closes, 12), ema(closes, 26)
        macd = [None if f is None or s is None else f - s for f, s in zip(fast, slow, strict=True)]
        signal = [*[None] * 25, *ema([m for m in macd if m is not None], 9)]
        hist = [None if m is None or s is None else m - s for m, s in zip(macd, signal, strict=True)]
        moves = [0.0, *(b - a for a, b in pairwise(closes))]
        up = ema([max(m, 0.0) for m in moves], 14)
        down = ema([max(-m, 0.0) for m in moves], 14)
        rsi = [
            None if u is None or d is None else 100 * u / (u + d + 1e-12)
            for u, d in zip(up, down, strict=True)
        ]
        return {
            "rsi14": [("rsi14", "line", rsi)],
            "macd12_26_9": [
                ("macd12_26_9.histogram", "histogram", hist),
                ("macd12_26_9.macd", "line", macd),
                ("macd12_26_9.signal", "line", signal),
            ],
        }

    def ladder(self, request: ViewRequest, own: dict[int, tuple[OwnMark, ...]]) -> LadderView:
        """Price rows around the center, highest first."""
        group, count = request.ladder_group, request.ladder_rows
        if request.ladder_center is None:
            if abs(self.tick - self.center) > count * group // 3:
                self.center = self.tick
            middle = self.center // group * group
        else:
            middle = request.ladder_center
        top = middle + count // 2 * group
        rows = tuple(self._row(top - n * group, group, own) for n in range(count))
        return LadderView(
            symbol=self.symbol,
            tick_size=Decimal(str(self.tick_size)),
            price_scale=self.price_scale,
            qty_scale=self.qty_scale,
            group=group,
            center=middle,
            rows=rows,
            best_bid=self.tick,
            best_ask=self.tick + 1,
            last=self.tick,
            spread=self.tick_size,
            imbalance=0.61,
            state=self.state,
        )

    def _row(self, tick: int, group: int, own: dict[int, tuple[OwnMark, ...]]) -> LadderRow:
        noise = random.Random(tick * 31 + self.step // 7)
        size = round(abs(noise.gauss(1, 1.4)) + 0.03, 3)
        own_here = tuple(mark for at in range(tick, tick + group) for mark in own.get(at, ()))
        return LadderRow(
            tick=tick,
            price=tick * self.tick_size,
            bid=size if tick <= self.tick else 0.0,
            ask=size if tick > self.tick else 0.0,
            volume=round(sum(self.volumes.get(at, 0.0) for at in range(tick, tick + group)), 3),
            change=round(noise.gauss(0, 0.6), 1) if noise.random() < 0.4 else 0.0,
            own=own_here,
        )

    def tape(self, request: ViewRequest) -> TapeView:
        """The newest prints that are large enough."""
        rows = [row for row in self.prints if row.qty >= request.tape_min_qty][: request.tape_rows]
        return TapeView(tuple(rows), 14.2, 0.58, self.price_scale, self.qty_scale + 1, 12.4)

    def watch_row(self) -> WatchRow:
        """This symbol's line of the watchlist."""
        moves = tuple(candle.close for candle in self.candles[-24:])
        side = self.prints[0].side
        return WatchRow(
            symbol=self.symbol,
            last=self.price,
            change_pct=self.change,
            volume=self.price * 18_000,
            spread_bp=self.tick_size / self.price * 10_000,
            atr_pct=abs(self.change) / 3,
            price_scale=self.price_scale,
            feed_state=self.state,
            direction=side.sign if side else 0,
            spark=moves,
        )
