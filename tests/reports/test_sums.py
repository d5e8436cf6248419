"""Sums of closed trades, counted by hand."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.market_data import Side
from tradetui.domain.view_review import TradeSums
from tradetui.reports.sums import by, curve, direction, sums_of
from tradetui.reports.trades import ClosedTrade

D = Decimal
SECOND = 1_000_000_000


def trade(net: str, *, symbol: str = "A/USDT", side: Side = Side.BUY, r: str | None = None) -> ClosedTrade:
    return ClosedTrade(
        symbol=symbol,
        side=side,
        qty=D(1),
        entry_ts=0,
        exit_ts=90 * SECOND,
        entry_price=D(100),
        exit_price=D(100),
        gross_pnl=D(net) + 1,
        fees=D(1),
        net_pnl=D(net),
        r=D(r) if r is not None else None,
        fills=2,
    )


TRADES = (trade("12", r="1.5"), trade("-8", r="-1", side=Side.SELL), trade("0", symbol="B/USDT"), trade("3"))


def test_the_sums_of_some_trades() -> None:
    # 12 - 8 + 0 + 3; two won; 1.5 - 1 R planned; 12 + 3 gained
    assert sums_of("all", TRADES) == TradeSums(
        name="all",
        trades=4,
        won=2,
        net=D(7),
        fees=D(4),
        best=D(12),
        worst=D(-8),
        gained=D(15),
        r=0.5,
        held_s=90,
    )
    assert sums_of("none", ()) == TradeSums(name="none")
    assert sums_of("unplanned", TRADES[2:]).r is None


def test_trades_are_summed_by_what_they_have_in_common() -> None:
    assert [(each.name, each.net) for each in by(TRADES, direction)] == [("long", D(15)), ("short", D(-8))]
    assert [(each.name, each.trades) for each in by(TRADES, lambda each: each.symbol)] == [
        ("A/USDT", 3),
        ("B/USDT", 1),
    ]
    assert curve(TRADES) == (12.0, 4.0, 4.0, 7.0)
