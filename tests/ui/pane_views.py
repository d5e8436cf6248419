"""Views of every kind for properties of panes: any number a venue may send, words of any script."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from tests.ui.fake_account import FakeAccount
from tests.ui.fake_market import FakeMarket
from tradetui.domain.market_data import FeedState, Side, Timeframe
from tradetui.domain.view import AccountView, FillView, LimitGauge, OrderView, PositionView
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

TS = 1_763_992_980 * 1_000_000_000
WIDE = ["BTC/USDT", "比特币 ¥", "a\x1b[31mb", "e\u0301", "\u200d👩", "1000SATS/USDT:USDT-240927"]
words = st.sampled_from(WIDE) | st.text(max_size=30)
amounts = st.sampled_from([0.0, 1e-8, 0.001, 1e12]) | st.floats(0, 1e12)
rates = st.floats(-1e6, 1e6)
line_values = st.none() | st.floats()
money = st.decimals(Decimal(-(10**9)), Decimal(10**9), places=8)
positive = st.decimals(Decimal("0.00000001"), Decimal(10**7), places=8)
sides = st.sampled_from(Side)
scales = st.integers(0, 8)
feed_states = st.sampled_from(FeedState)
sizes = st.tuples(st.integers(1, 220), st.integers(1, 60))
DRAWN = FakeMarket()
ACCOUNT = FakeAccount()

own_marks = st.builds(
    OwnMark,
    kind=st.sampled_from(["buy", "sell", "stop", "target", "other"]),
    qty=positive.map(str),
    queue=st.none() | amounts,
    order_id=words,
)


@st.composite
def ladders(draw: st.DrawFn) -> LadderView:
    """Empty, one-sided, crossed and grouped books around any price."""
    group = draw(st.sampled_from([1, 2, 5, 10, 1000]))
    top = draw(st.integers(0, 10**8)) * group
    count = draw(st.integers(0, 70))
    ticks = [top - at * group for at in range(count) if top - at * group >= 0]
    near = st.none() | st.sampled_from(ticks or [1])
    tick_size = draw(st.sampled_from([Decimal("0.1"), Decimal(1), Decimal("0.00000001"), Decimal("0.25")]))
    rows = [
        LadderRow(
            tick=tick,
            price=tick * float(tick_size),
            bid=draw(amounts),
            ask=draw(amounts),
            volume=draw(amounts),
            change=draw(rates),
            own=tuple(draw(st.lists(own_marks, max_size=2))) if at % 9 == 0 else (),
        )
        for at, tick in enumerate(ticks)
    ]
    return LadderView(
        symbol=draw(words),
        tick_size=tick_size,
        price_scale=draw(scales),
        qty_scale=draw(scales),
        group=group,
        center=draw(st.sampled_from(ticks or [0])),
        rows=tuple(rows),
        best_bid=draw(near),
        best_ask=draw(near),
        last=draw(near),
        spread=draw(st.none() | rates),
        imbalance=draw(st.none() | st.floats(0, 1)),
        state=draw(feed_states),
    )


tapes = st.builds(
    TapeView,
    rows=st.lists(
        st.builds(
            TapeRow,
            ts=st.just(TS),
            price=amounts,
            qty=amounts,
            side=st.none() | sides,
            big=st.booleans(),
            liquidation=st.booleans(),
        ),
        max_size=70,
    ).map(tuple),
    trades_per_s=amounts,
    buy_share=st.floats(0, 1),
    price_scale=scales,
    qty_scale=scales,
    delta=rates,
    open_interest=st.none() | amounts,
)
watched = st.lists(
    st.builds(
        WatchRow,
        symbol=words,
        last=st.none() | amounts,
        change_pct=st.none() | rates,
        volume=st.none() | amounts,
        spread_bp=st.none() | amounts,
        atr_pct=st.none() | amounts,
        price_scale=scales,
        feed_state=feed_states,
        direction=st.sampled_from([-1, 0, 1]),
        spark=st.lists(amounts, max_size=30).map(tuple),
    ),
    max_size=20,
).map(tuple)
positions = st.lists(
    st.builds(
        PositionView,
        symbol=words,
        side=sides,
        qty=positive,
        entry_price=positive,
        mark_price=st.none() | positive,
        unrealized_pnl=money,
        unrealized_pct=rates,
        r=st.none() | rates,
        stop=st.none() | positive,
        stop_distance=st.none() | money,
        stop_by=words,
        stop_age_ms=st.none() | st.integers(0, 10**9),
        stop_state=st.sampled_from(["armed", "triggered", "suspended"]),
        target=st.none() | positive,
        liquidation_price=st.none() | positive,
        held_s=st.integers(-5, 10**8),
        mae=st.none() | money,
        mfe=st.none() | money,
        price_scale=scales,
    ),
    max_size=12,
).map(tuple)
orders = st.lists(
    st.builds(
        OrderView,
        order=st.sampled_from([row.order for row in ACCOUNT.orders(DRAWN)]),
        queue_ahead=st.none() | amounts,
        age_s=st.integers(0, 10**8),
        linked=words,
    ),
    max_size=70,
).map(tuple)
fills = st.lists(
    st.builds(
        FillView,
        fill=st.sampled_from([view.fill for view in ACCOUNT.fills(DRAWN)]),
        lines=st.lists(words | st.text(max_size=200), max_size=3).map(tuple),
    ),
    max_size=30,
).map(tuple)
accounts = st.builds(
    AccountView,
    currency=words,
    balances=st.lists(st.tuples(words, money, money), max_size=12).map(tuple),
    equity=money,
    balance=money,
    margin_used=money,
    realized_pnl=money,
    unrealized_pnl=money,
    fees=money,
    gauges=st.lists(
        st.builds(LimitGauge, name=words, used=money, limit=money, unit=words, text=words), max_size=8
    ).map(tuple),
    locks=st.lists(words, max_size=2).map(tuple),
)
price_marks = st.builds(
    PriceMark,
    kind=st.sampled_from(["last", "entry", "stop", "target", "buy", "liquidation", "level", "?"]),
    price=amounts,
    label=words,
)


@st.composite
def charts(draw: st.DrawFn) -> ChartView:
    """No candle, one, more than fit; gaps, jumps, and lines that are not ready or not finite."""
    count = draw(st.sampled_from([0, 1, 2, 30, 230]))
    numbers = draw(st.lists(st.tuples(amounts, amounts, amounts), min_size=4, max_size=4))
    closed = tuple(
        _candle(TS + at * 60 * 10**9, *numbers[at % 4]) for at in range(count) if count < 3 or at % 7
    )
    kinds = draw(st.lists(st.sampled_from(LINES), max_size=5, unique=True))
    values = draw(st.lists(line_values, min_size=3, max_size=3))
    lines = tuple(
        IndicatorLine(name, group, pane, style, tuple(values[at % 3] for at in range(len(closed))), values[0])
        for name, group, pane, style in kinds
    )
    return ChartView(
        symbol=draw(words),
        timeframe=draw(st.sampled_from(Timeframe)),
        price_scale=draw(scales),
        version=draw(st.integers(0, 9)),
        closed=closed,
        open=draw(st.none() | st.just(_candle(TS + count * 60 * 10**9, *numbers[0]))),
        lines=lines,
        marks=tuple(draw(st.lists(price_marks, max_size=8))),
        fills=tuple(FillMark(TS, price, Side.BUY) for price in draw(st.lists(amounts, max_size=2))),
        loading=draw(st.sampled_from(["", "loading history"])),
        at_edge=draw(st.booleans()),
    )


LINES = [
    ("ema20", "ema20", "price", "line"),
    ("bb20_2.upper", "bb20_2", "price", "band"),
    ("rsi14", "rsi14", "rsi14", "line"),
    ("macd12_26_9.macd", "macd12_26_9", "macd12_26_9", "line"),
    ("macd12_26_9.histogram", "macd12_26_9", "macd12_26_9", "histogram"),
]


def _candle(ts: int, first: float, second: float, volume: float) -> ChartCandle:
    low, high = sorted((first, second))
    return ChartCandle(ts, first, high, low, second, volume)
