"""The tape's part of a frame."""

from __future__ import annotations

from typing import Final

from tradetui.domain.view import ViewRequest
from tradetui.domain.view_market import TapeRow, TapeView
from tradetui.market.market import Market
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.words import SECOND

_BIG_NEEDS: Final = 20
"""So many prints make a sample in which one can stand out."""


class TapePart:
    """The newest prints; rebuilt with a print, and each second for the rates."""

    def __init__(self) -> None:
        """Begin without a print."""
        self._view: Kept[TapeView | None] = Kept(None)

    def view(self, market: Market, request: ViewRequest, *, now: int) -> TapeView | None:
        """The tape as a request wants it; the same object while nothing on it changed."""
        wanted = (request.tape_rows, request.tape_min_qty)
        told = (market.tape.trades, market.liquidation_count, market.open_interest)
        key = (market, market.instrument, told, wanted, now // SECOND)
        return self._view.get(key, lambda: _build(market, request, now))


def _build(market: Market, request: ViewRequest, now: int) -> TapeView:
    tape, instrument = market.tape, market.instrument
    big_qty = tape.big_qty if len(tape) >= _BIG_NEEDS else float("inf")
    rows = [
        TapeRow(*print_, print_.qty >= big_qty)
        for print_ in tape.newest(request.tape_rows, request.tape_min_qty)
    ]
    rows += [row for row in liquidations(market) if row.qty >= request.tape_min_qty]
    if market.liquidations:
        rows = sorted(rows, key=lambda row: row.ts, reverse=True)[: request.tape_rows]
    interest = market.open_interest
    return TapeView(
        rows=tuple(rows),
        trades_per_s=tape.trades_per_second(now),
        buy_share=tape.buy_share(now),
        price_scale=instrument.price_scale,
        qty_scale=instrument.qty_scale,
        delta=tape.delta,
        open_interest=interest.qty if interest is not None else None,
    )


def liquidations(market: Market) -> list[TapeRow]:
    """What the venue closed, as rows."""
    return [
        TapeRow(each.ts_exchange or each.ts_received, each.price, each.qty, each.side, False, True)
        for each in market.liquidations
    ]
