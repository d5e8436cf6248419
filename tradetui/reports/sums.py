"""What closed trades came to, together and by what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO
from tradetui.domain.view_review import TradeSums
from tradetui.reports.trades import ClosedTrade

_SECOND = 1_000_000_000


def sums_of(name: str, trades: Sequence[ClosedTrade]) -> TradeSums:
    """The sums of some trades; a trade that came out even is none that won."""
    if not trades:
        return TradeSums(name=name)
    nets = [trade.net_pnl for trade in trades]
    planned = [float(trade.r) for trade in trades if trade.r is not None]
    return TradeSums(
        name=name,
        trades=len(trades),
        won=sum(net > 0 for net in nets),
        net=_sum(nets),
        fees=_sum(trade.fees for trade in trades),
        best=max(nets),
        worst=min(nets),
        gained=_sum(net for net in nets if net > 0),
        r=sum(planned) if planned else None,
        held_s=sum(trade.exit_ts - trade.entry_ts for trade in trades) // len(trades) // _SECOND,
    )


def by(trades: Iterable[ClosedTrade], key: Callable[[ClosedTrade], str]) -> tuple[TradeSums, ...]:
    """Sums of the trades that have a key in common, in the order in which the keys first come."""
    groups: dict[str, list[ClosedTrade]] = {}
    for trade in trades:
        groups.setdefault(key(trade), []).append(trade)
    return tuple(sums_of(name, group) for name, group in groups.items())


def direction(trade: ClosedTrade) -> str:
    """Long or short."""
    return "long" if trade.side is Side.BUY else "short"


def curve(trades: Iterable[ClosedTrade]) -> tuple[float, ...]:
    """The result after each trade, oldest first."""
    total, found = ZERO, []
    for trade in trades:
        total += trade.net_pnl
        found.append(float(total))
    return tuple(found)


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
