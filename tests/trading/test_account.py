"""Positions and postings: the worked examples of sections 10 and 11."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import perp, spot
from tradetui.domain.event import Posting
from tradetui.domain.fill import Evidence, Fill, Liquidity, Receipt
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.position import Position
from tradetui.trading import account, ledger

D = Decimal
NO_RECEIPT = Receipt(evidence=Evidence.BOOK_LEVEL, displayed=D(1), consumed_before=D(0), consumed_after=D(1))
FREE = perp(maker_fee=D(0), taker_fee=D(0), lot_size=D("0.1"))


class Account:
    """Books fills as the engine does, one by one."""

    def __init__(self, instrument: Instrument, *, cash: str = "1000000", leverage: str = "10") -> None:
        self.instrument = instrument
        self.leverage = D(leverage)
        self.position = Position(symbol=instrument.symbol)
        self.ledger = ledger.Ledger()
        self.ledger.post(ledger.transfer(ledger.EXTERNAL, ledger.cash("USDT"), "USDT", D(cash)))
        self.realized = D(0)

    @property
    def cash(self) -> Decimal:
        return self.ledger.balance(ledger.cash("USDT"), "USDT")

    def fill(self, side: Side, qty: str, price: str) -> Decimal:
        fee = account.fee_of(self.instrument, side, D(qty), price=D(price), liquidity=Liquidity.TAKER)
        profit = account.realized(self.position, self.instrument, side=side, qty=D(qty), price=D(price))
        fill = Fill(
            fill_id="F-1",
            order_id="O-1",
            ts=1,
            symbol=self.instrument.symbol,
            side=side,
            price=D(price),
            qty=D(qty),
            fee=fee.amount,
            fee_asset=fee.asset,
            liquidity=Liquidity.TAKER,
            realized_pnl=profit,
            receipt=NO_RECEIPT,
        )
        postings = account.fill_postings(
            self.position, self.instrument, fill, terms=account.Terms(self.leverage), balance=self.cash
        )
        self.ledger.post(postings)
        self.position = account.after_fill(
            self.position, self.instrument, fill, terms=account.Terms(self.leverage), planned_stop=None
        )
        self.realized += profit
        return profit

    def buy(self, qty: str, price: str) -> Decimal:
        return self.fill(Side.BUY, qty, price)

    def sell(self, qty: str, price: str) -> Decimal:
        return self.fill(Side.SELL, qty, price)


def test_what_two_trades_brought_is_in_the_cash() -> None:
    held = Account(FREE)
    held.buy("100", "50")
    assert held.sell("100", "55") == 500
    held.position = Position(symbol=FREE.symbol)
    held.sell("50", "55")
    assert held.buy("50", "52") == 150
    assert held.realized == 650
    assert held.position.is_flat
    assert held.cash == 1_000_650


def test_w76_entries_average_and_a_reduction_keeps_the_average() -> None:
    held = Account(FREE)
    held.buy("1", "10000")
    held.buy("1", "12000")
    assert held.sell("0.5", "13000") == 1_000
    assert held.position.entry_price == 11_000
    assert held.position.signed_qty == D("1.5")


def test_w93_a_partial_close_releases_margin_pro_rata() -> None:
    held = Account(FREE)
    held.buy("2", "10000")
    assert held.position.margin == 2_000
    assert held.sell("0.5", "10400") == 200
    assert held.position.margin == 1_500
    assert held.ledger.balance(ledger.margin(FREE.symbol), "USDT") == 1_500
    assert held.cash == 1_000_000 - 1_500 + 200


def test_w80_the_open_loss_at_the_stop() -> None:
    position = Position(symbol=FREE.symbol, signed_qty=D("0.25"), entry_price=D(60_000))
    assert account.unrealized(position, FREE, D(59_400)) == -150


def test_w21_a_spot_buy_receives_less_by_its_fee() -> None:
    held = Account(spot())
    held.buy("1", "100")
    assert held.position.signed_qty == D("0.999")
    assert held.ledger.balance(ledger.cash("BTC"), "BTC") == D("0.999")
    assert held.cash == 1_000_000 - 100


def test_w84_what_can_not_be_sold_is_dust() -> None:
    held = Account(spot())
    held.buy("0.01", "100")
    assert held.position.signed_qty == D("0.00999")
    assert not account.is_dust(held.instrument, held.position)
    held.sell("0.0099", "100")
    assert held.position.signed_qty == D("0.00009")
    assert account.is_dust(held.instrument, held.position)


def test_w17_linear_fees_follow_the_fill_s_liquidity() -> None:
    instrument = perp(maker_fee=D("0.0002"), taker_fee=D("0.00055"))
    for liquidity, fee in ((Liquidity.TAKER, D(44)), (Liquidity.MAKER, D(16))):
        paid = account.fee_of(instrument, Side.BUY, D(10), price=D(8_000), liquidity=liquidity)
        assert paid == account.Fee(fee, "USDT")


def test_cash_never_falls_below_zero_the_insurance_stands_in() -> None:
    held = Account(perp(taker_fee=D("0.0005")), cash="110", leverage="100")
    held.buy("1", "10000")
    held.sell("1", "9000")
    assert held.cash == 0
    assert held.ledger.balance(ledger.INSURANCE, "USDT") < 0


def test_w97_a_fee_takes_no_more_than_what_is_left() -> None:
    instrument = perp(taker_fee=D("0.00055"), lot_size=D(1))
    position = Position(symbol=instrument.symbol, signed_qty=D(100), entry_price=D("8.397"), margin=D(40))
    fee = account.fee_of(instrument, Side.SELL, D(100), price=D(8), liquidity=Liquidity.TAKER)
    assert fee == account.Fee(D("0.44"), "USDT")
    lost = account.realized(position, instrument, side=Side.SELL, qty=D(100), price=D(8))
    fill = Fill(
        fill_id="F-1",
        order_id="O-1",
        ts=1,
        symbol=instrument.symbol,
        side=Side.SELL,
        price=D(8),
        qty=D(100),
        fee=fee.amount,
        fee_asset=fee.asset,
        liquidity=Liquidity.TAKER,
        realized_pnl=lost,
        receipt=NO_RECEIPT,
    )
    terms = account.Terms(D(20))
    paid = account.payable_fee(position, instrument, fill, terms=terms, balance=D(0))
    assert paid == D("0.30")


def test_breakeven_pays_back_both_fees() -> None:
    instrument = perp(taker_fee=D("0.001"))
    held = Account(instrument)
    held.buy("2", "1000")
    price = account.breakeven(held.position, instrument)
    gained = 2 * (price - 1000) - held.position.fees - 2 * price * D("0.001")
    assert abs(gained) < D("1e-20")


def test_postings_that_do_not_balance_are_a_bug() -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        ledger.Ledger().post((Posting("user:cash:USDT", "USDT", D(1)),))


moves = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 30), st.integers(50, 150)), min_size=1, max_size=25
)


@given(moves)
def test_cash_margin_and_profit_always_add_up(moves: list[tuple[Side, int, int]]) -> None:
    held = Account(perp(lot_size=D(1)))
    fees = D(0)
    for side, qty, price in moves:
        room = held.position.qty if held.position.signed_qty * side.sign < 0 else D(qty)
        size = min(D(qty), room)
        held.fill(side, str(size), str(price))
        fees = held.position.fees
        if held.position.is_flat:
            assert held.position.margin == 0
            assert held.position.signed_qty == 0
    assert held.cash + held.position.margin == 1_000_000 + held.realized - fees
