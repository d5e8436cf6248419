"""The account's part of a scripted frame: one long position with its stop and target, orders and fills."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.ui.fake_market import SECOND, START_TS, FakeMarket
from tradetui.domain.command import SizeUnit
from tradetui.domain.fill import Evidence, Fill, Liquidity, Receipt
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType
from tradetui.domain.view import (
    AccountView,
    Draft,
    FillView,
    LimitGauge,
    OrderView,
    PositionView,
    SidePreview,
    TicketView,
)
from tradetui.domain.view_market import FillMark, OwnMark, PriceMark

QTY = Decimal("0.420")


@dataclass
class FakeAccount:
    """What the scripted engine holds: prices of own orders lie a fixed number of ticks from the start."""

    open_position: bool = True
    equity: Decimal = Decimal("10214.20")

    def __post_init__(self) -> None:
        self._base: dict[str, int] = {}

    def _price(self, market: FakeMarket, ticks: int) -> Decimal:
        base = self._base.setdefault(market.symbol, market.tick)
        return Decimal(base + ticks) * Decimal(str(market.tick_size))

    def _holds(self, market: FakeMarket) -> bool:
        return self.open_position and market.symbol == "BTC/USDT"

    def positions(self, market: FakeMarket) -> tuple[PositionView, ...]:
        """The one position, marked at the last price."""
        if not self._holds(market):
            return ()
        entry, mark = self._price(market, -12), Decimal(str(market.price))
        won = (mark - entry) * QTY
        return (
            PositionView(
                symbol=market.symbol,
                side=Side.BUY,
                qty=QTY,
                entry_price=entry,
                mark_price=mark,
                unrealized_pnl=won,
                unrealized_pct=float(won / entry * 100),
                r=float(won / 51),
                stop=self._price(market, -19),
                stop_distance=mark - self._price(market, -19),
                stop_age_ms=40,
                target=self._price(market, 18),
                held_s=252 + market.step // 10,
                mae=Decimal("-10.71"),
                mfe=Decimal("36.21"),
                price_scale=market.price_scale,
            ),
        )

    def orders(self, market: FakeMarket) -> tuple[OrderView, ...]:
        """The stop, the target and one working limit order."""
        if not self._holds(market):
            return ()
        stop = Order(
            order_id="41",
            side=Side.SELL,
            type=OrderType.STOP_MARKET,
            qty=QTY,
            trigger=self._price(market, -19),
            role=OrderRole.PROTECTIVE,
            state=OrderState.ARMED,
            symbol=market.symbol,
            ts=START_TS,
        )
        target = Order(
            order_id="42",
            side=Side.SELL,
            type=OrderType.LIMIT,
            qty=QTY,
            price=self._price(market, 18),
            role=OrderRole.TAKE_PROFIT,
            state=OrderState.WORKING,
            symbol=market.symbol,
            ts=START_TS,
        )
        entry = Order(
            order_id="44",
            side=Side.BUY,
            type=OrderType.LIMIT,
            qty=Decimal("0.200"),
            price=self._price(market, -9),
            post_only=True,
            state=OrderState.WORKING,
            symbol=market.symbol,
            ts=START_TS,
        )
        return (
            OrderView(order=stop, age_s=252, linked="position"),
            OrderView(order=target, queue_ahead=1.92, age_s=252, linked="target"),
            OrderView(order=entry, queue_ahead=4.1, age_s=8, linked="entry"),
        )

    def marks(self, market: FakeMarket) -> tuple[PriceMark, ...]:
        """Own prices on chart and ladder."""
        if not self._holds(market):
            return ()
        at = [("entry", -12, "entry"), ("stop", -19, "stop 0.42"), ("target", 18, "target 2R")]
        return tuple(PriceMark(kind, float(self._price(market, n)), text) for kind, n, text in at)

    def own_marks(self, market: FakeMarket) -> dict[int, tuple[OwnMark, ...]]:
        """Own orders by tick."""
        if not self._holds(market):
            return {}
        base = self._base.setdefault(market.symbol, market.tick)
        return {
            base - 19: (OwnMark("stop", "0.42", None, "41"),),
            base + 18: (OwnMark("target", "0.42", 1.92, "42"),),
            base - 9: (OwnMark("buy", "0.20", 4.1, "44"),),
        }

    def fill_marks(self, market: FakeMarket) -> tuple[FillMark, ...]:
        """Where the position was opened."""
        if not self._holds(market):
            return ()
        return (FillMark(START_TS - 900 * SECOND, float(self._price(market, -12)), Side.BUY),)

    def fills(self, market: FakeMarket) -> tuple[FillView, ...]:
        """Three executions with receipts, the newest first."""
        if not self._holds(market):
            return ()
        rows = [
            (
                Side.BUY,
                "0.420",
                -12,
                Liquidity.TAKER,
                ("3 levels .075 .030 .315 · mid 61,510.2", "slip 0.7 bp 0.02 R · fee 10.33 · 152 ms"),
            ),
            (
                Side.SELL,
                "0.310",
                -60,
                Liquidity.MAKER,
                ("print 1.204, queue 0.894 before us", "slip 0.0 bp · fee 3.81 · waited 41 s"),
            ),
            (
                Side.SELL,
                "0.310",
                -90,
                Liquidity.TAKER,
                ("trigger 61,300.0 last · gap 1.4 bp", "slip 1.4 bp 0.05 R · fee 5.20"),
            ),
        ]
        return tuple(
            FillView(
                fill=self._fill(market, n, side, Decimal(qty), ticks=ticks, liquidity=liquidity), lines=lines
            )
            for n, (side, qty, ticks, liquidity, lines) in enumerate(rows)
        )

    def _fill(
        self, market: FakeMarket, number: int, side: Side, qty: Decimal, *, ticks: int, liquidity: Liquidity
    ) -> Fill:
        return Fill(
            fill_id=str(90 - number),
            order_id=str(40 - number),
            ts=START_TS - (252 + 900 * number) * SECOND,
            symbol=market.symbol,
            side=side,
            price=self._price(market, ticks),
            qty=qty,
            fee=Decimal("10.33"),
            fee_asset="USDT",
            liquidity=liquidity,
            receipt=Receipt(
                evidence=Evidence.BOOK_LEVEL,
                displayed=Decimal("1.2"),
                consumed_before=Decimal(0),
                consumed_after=qty,
            ),
        )

    def view(self) -> AccountView:
        """Balances and the gauges of today's limits."""
        gauges = (
            LimitGauge("daily loss", Decimal(0), Decimal(200), "USDT"),
            LimitGauge("trades", Decimal(7), Decimal(20), ""),
            LimitGauge("open risk", Decimal("0.8"), Decimal(2), "R"),
            LimitGauge("fees", Decimal(31), Decimal(50), "USDT"),
            LimitGauge("losing run", Decimal(1), Decimal(3), ""),
        )
        return AccountView(
            currency="USDT",
            balances=(("USDT", Decimal("7624.86"), Decimal("2589.34")),),
            equity=self.equity,
            balance=Decimal("10175.82"),
            margin_used=Decimal("2583.43"),
            realized_pnl=Decimal("175.82"),
            unrealized_pnl=Decimal("38.38"),
            fees=Decimal("31.04"),
            gauges=gauges,
        )

    def ticket(self, market: FakeMarket, draft: Draft) -> TicketView:
        """The draft priced on both sides with easy numbers."""
        return TicketView(
            draft=draft,
            buy=self._preview(market, draft, Side.BUY),
            sell=self._preview(market, draft, Side.SELL),
            r_value=Decimal("51.07"),
            head_room=Decimal("363.13"),
        )

    @staticmethod
    def _preview(market: FakeMarket, draft: Draft, side: Side) -> SidePreview:
        last, r = Decimal(str(market.price)), Decimal("51.07")
        size = draft.size.value if draft.size.unit is SizeUnit.RISK else Decimal(1)
        away = 302 * Decimal(str(market.tick_size)) * side.sign
        stop = draft.stop.price or last - away
        target = draft.target.price if draft.target else None
        if draft.target and draft.target.r is not None:
            target = last + draft.target.r * away
        qty = Decimal("0.148") * size
        return SidePreview(
            side=side,
            allowed=True,
            qty=qty,
            notional=qty * last,
            fills_now=qty,
            avg_price=last + Decimal("0.02"),
            fee=Decimal("6.38") * size,
            stop=stop,
            stop_atr=float(draft.stop.atr or 1),
            target=target,
            risk=r * size * Decimal("0.99"),
            risk_r=size * Decimal("0.99"),
            margin=qty * last / 10,
        )
