"""What borrowing costs, as a fact with its postings (section 10.2)."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.event import InterestPaid
from tradetui.domain.instrument import Instrument
from tradetui.engine.scribe import Scribe
from tradetui.trading import costs, ledger


def charge_interest(
    scribe: Scribe,
    instrument: Instrument,
    amount: Decimal,
    *,
    number: int,
    backing: Decimal,
    key: str = "",
) -> None:
    """Take interest from the balance; what that and open profits do not have the insurance pays."""
    asset, own = instrument.settle, ledger.cash(instrument.settle)
    short = costs.uncovered(scribe.state.cash(asset) + backing, amount)
    postings = (
        *ledger.transfer(ledger.INSURANCE, own, asset, short),
        *ledger.transfer(own, ledger.INTEREST, asset, amount),
    )
    body = InterestPaid(symbol=instrument.symbol, number=number, amount=amount)
    scribe.write(body, symbol=instrument.symbol, postings=postings, key=key)
