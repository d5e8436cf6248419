"""What is settled by the clock: funding and interest, exactly once for each time (sections 10.2 and 10.6).

When a funding time passes, an open position gets an estimate that is not posted. Only the official rate
posts, for what was held at that moment: fills from that moment on do not count, however late the rate
comes. A start after days off is the same: the feed tells the rates of the past, each posts once. Rates of
a gap wait until it is evaluated: a stop may have closed the position before their time (6.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from tradetui.domain.event import FundingPaid, FundingPending, Posting
from tradetui.domain.fill import Evidence, Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FundingSettled
from tradetui.domain.number import MONEY, ZERO
from tradetui.engine.books import Books
from tradetui.engine.delisting import Delistings
from tradetui.engine.interest import charge_interest
from tradetui.engine.orders import OrderFlow
from tradetui.trading import account, costs, ledger

_SECOND: Final = 1_000_000_000
NEVER: Final = (1 << 63) - 1
_FOUND_LATER: Final = 60 * _SECOND
"""A fill whose print is older than this was found in a gap."""


class Settlements:
    """Posts what is due, in the order of time."""

    def __init__(self, flow: OrderFlow, books: Books) -> None:
        self.desks = flow.desks
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.delistings = Delistings(flow, books)
        self.in_gap: Callable[[str, int], bool] = lambda _symbol, _ts: False
        """Whether a moment lies in a time of a symbol that nobody has looked at yet; the engine knows."""
        self._waiting: dict[str, dict[int, FundingSettled]] = {}

    @property
    def next_ts(self) -> int:
        """When time alone next has something to settle; far away where nothing waits."""
        moments = (*self._due(), *self._rollovers(), *self.delistings.due())
        return min((ts for _, ts in moments), default=NEVER)

    def settle_at(self, ts: int) -> None:
        """Settle what is due at a moment."""
        self.scribe.ts = max(self.scribe.ts, ts)
        self.scribe.received_ts = ts
        for symbol, due in [each for each in self._due() if each[1] <= ts]:
            self._estimate(symbol, due)
        for symbol in [symbol for symbol, due in self._rollovers() if due <= ts]:
            self._roll_over(symbol)
        for symbol in [symbol for symbol, due in self.delistings.due() if due <= ts]:
            self.delistings.act(symbol, ts)

    # --- interest of margin positions on spot

    def _rollovers(self) -> Iterator[tuple[str, int]]:
        """When each of them has stayed open for another period (R-MRG-2)."""
        for symbol, position in self.state.positions.items():
            instrument = self.state.instruments[symbol]
            if instrument.is_margin and instrument.rollover_fee:
                period = instrument.rollover_s * _SECOND
                yield symbol, position.opened_ts + (position.rollovers + 1) * period

    def _roll_over(self, symbol: str) -> None:
        instrument, position = self.state.instruments[symbol], self.state.positions[symbol]
        borrowed = self.books.margins.used(position) * position.leverage
        amount = costs.interest(borrowed, instrument.rollover_fee)
        number = position.rollovers + 1
        key = f"ROLL:{self.scribe.account}:{symbol}:{position.opened_ts}:{number}"
        backing = self.books.margins.backing(instrument.settle)
        charge_interest(self.scribe, instrument, amount, number=number, backing=backing, key=key)

    # --- funding

    def _due(self) -> Iterator[tuple[str, int]]:
        """Positions that pass a funding time, with the time."""
        funds = self.state.funds
        for symbol, position in self.state.positions.items():
            desk = self.desks.get(symbol)
            rate = desk.market.funding if desk is not None else None
            if rate is None or not rate.next_ts or (symbol, rate.next_ts) in funds.funded:
                continue
            waiting = funds.pending.get(symbol)
            is_known = waiting is not None and waiting.funding_ts >= rate.next_ts
            if position.opened_ts < rate.next_ts and not is_known:
                yield symbol, rate.next_ts

    def _estimate(self, symbol: str, ts: int) -> None:
        """The funding time has come: keep what is held now, and say what it may cost (R-FND-4)."""
        instrument, position = self.state.instruments[symbol], self.state.positions[symbol]
        predicted, held = self.desks[symbol].market.funding, self._held_at(instrument, ts)
        rate = _exact(predicted.rate) if predicted is not None else ZERO
        held = position.signed_qty if held is None else held
        amount = costs.funding(instrument, signed_qty=held, mark=self.books.margins.mark(position), rate=rate)
        pending = FundingPending(symbol=symbol, funding_ts=ts, signed_qty=held, rate=rate, amount=amount)
        self.scribe.write(pending, symbol=symbol)

    def take(self, settled: FundingSettled) -> None:
        """The official rate of a funding time: post it for what was held then, once."""
        symbol, ts = settled.symbol, settled.ts_exchange
        instrument = self.state.instruments.get(symbol)
        if (
            instrument is None
            or not instrument.is_perpetual
            or instrument.is_gone
            or (symbol, ts) in self.state.funds.funded
        ):
            return
        if self.state.holding(symbol) is not None and self.in_gap(symbol, ts):
            self._waiting.setdefault(symbol, {})[ts] = settled
            return
        held, waiting = self._held_at(instrument, ts), self.state.funds.pending.get(symbol)
        if held is None:
            text = f"{symbol}: what was held at a funding time of long ago is not known any more"
            self.scribe.note("alarm", text, symbol=symbol)
        elif held or (waiting is not None and waiting.funding_ts == ts):
            self._pay(instrument, settled, held)

    def gap_ended(self, symbol: str) -> None:
        """What was held in a gap is known now: its funding posts, in the order of time."""
        for _, settled in sorted(self._waiting.pop(symbol, {}).items()):
            self.take(settled)

    def _held_at(self, instrument: Instrument, ts: int) -> Decimal | None:
        """The position just before a moment: fills from it on do not count (R-FND-1)."""
        symbol, state = instrument.symbol, self.state
        if state.fills and state.fills[0].ts >= ts and state.fill_count > len(state.fills):
            waiting = state.funds.pending.get(symbol)
            return waiting.signed_qty if waiting is not None and waiting.funding_ts == ts else None
        position = state.positions.get(symbol)
        held = position.signed_qty if position is not None else ZERO
        for fill in reversed(state.fills):
            if fill.ts < ts:
                break
            if fill.symbol == symbol and _traded_ts(fill) >= ts:
                held -= account.signed_change(instrument, fill)
        return held

    def _pay(self, instrument: Instrument, settled: FundingSettled, held: Decimal) -> None:
        symbol, rate = instrument.symbol, _exact(settled.rate)
        mark = _exact(settled.mark) if settled.mark is not None else self._newest_mark(symbol)
        if mark is None:
            return
        amount = costs.funding(instrument, signed_qty=held, mark=mark, rate=rate)
        from_margin = self._from_margin(instrument, settled.ts_exchange, amount)
        paid = FundingPaid(
            symbol=symbol,
            funding_ts=settled.ts_exchange,
            signed_qty=held,
            rate=rate,
            mark=mark,
            amount=amount,
            from_margin=from_margin,
            estimated_mark=settled.mark is None,
        )
        key = f"FUND:{self.scribe.account}:{symbol}:{settled.ts_exchange}"
        postings = self._postings(instrument, amount, from_margin)
        self.scribe.write(paid, symbol=symbol, postings=postings, key=key)

    def _newest_mark(self, symbol: str) -> Decimal | None:
        """The mark as it is now, for venues that do not tell the one of the funding time."""
        desk = self.desks.get(symbol)
        mark = desk.market.mark if desk is not None else None
        return _exact(mark) if mark is not None else self.books.valuation(symbol)

    def _from_margin(self, instrument: Instrument, ts: int, amount: Decimal) -> Decimal:
        """What the available balance does not have is taken from the position's margin (R-FND-2)."""
        position = self.state.positions.get(instrument.symbol)
        if position is None or position.opened_ts >= ts:
            return ZERO
        missing = max(ZERO, -amount - max(ZERO, self.state.free(instrument.settle)))
        return min(missing, position.margin)

    def _postings(self, instrument: Instrument, amount: Decimal, from_margin: Decimal) -> tuple[Posting, ...]:
        """The balance first, then the margin; what these and open profits do not have the insurance pays."""
        asset, own = instrument.settle, ledger.cash(instrument.settle)
        from_cash = amount + from_margin
        short = costs.uncovered(self.state.cash(asset) + self.books.margins.backing(asset), -from_cash)
        margin = ledger.margin(instrument.symbol)
        return (
            *ledger.transfer(ledger.INSURANCE, own, asset, short),
            *ledger.transfer(ledger.FUNDING, own, asset, from_cash),
            *ledger.transfer(margin, ledger.FUNDING, asset, from_margin),
        )


def _exact(value: float) -> Decimal:
    """The decimal that a float off the wire was written as."""
    return MONEY.create_decimal(repr(value))


def _traded_ts(fill: Fill) -> int:
    """When a fill took place: one that the evaluation of a gap found, at the time of its price."""
    found, evidence = fill.receipt.ts_exchange, fill.receipt.evidence
    if evidence is Evidence.GAP and found > 0:
        return found
    is_found = evidence is Evidence.PRINT_THROUGH and found > 0
    return found if is_found and fill.ts - found > _FOUND_LATER else fill.ts
