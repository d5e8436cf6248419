"""Commands about the account itself: money in and out, leverage, margins and their mode."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradetui.domain.command import AdjustMargin, Deposit, MarginMode, SetLeverage, SetMarginMode, Withdraw
from tradetui.domain.event import CashMoved, LeverageChanged, MarginModeChanged, MarginMoved, Posting
from tradetui.domain.instrument import Instrument
from tradetui.domain.number import MONEY, ONE, ZERO, floor_to, on_grid
from tradetui.domain.order import Order, OrderRole
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason, Reply
from tradetui.engine.books import Books
from tradetui.engine.desk import Desk
from tradetui.engine.intake import Intake
from tradetui.engine.refusals import money, number, refuse
from tradetui.engine.scribe import Scribe
from tradetui.trading import costs, ledger
from tradetui.trading.account import used_margin
from tradetui.trading.leverage import initial_margin


class FundsDesk:
    """Moves money between cash and margins, or refuses to."""

    def __init__(self, scribe: Scribe, *, books: Books, intake: Intake) -> None:
        self.scribe = scribe
        self.state = scribe.state
        self.books = books
        self.intake = intake

    # --- money in and out

    def deposit(self, command: Deposit) -> Reply:
        """Bring money in, also while locked (E-27), but not behind what a lost time may have liquidated."""
        asset = self._asset(command.asset, command.amount)
        held = self.books.margins.cross_positions()
        self._check_known(each for each in held if self.state.instruments[each.symbol].settle == asset)
        return self._move_cash(asset, command.amount)

    def withdraw(self, command: Withdraw) -> Reply:
        """Take money out: nothing that orders, margins or the profile's minimum need."""
        asset, amount = self._asset(command.asset, command.amount), command.amount
        most = max(ZERO, self._withdrawable(asset))
        if amount > most:
            raise refuse(
                Reason.INSUFFICIENT_BALANCE,
                f"{money(most)} {asset} can be withdrawn",
                mend=f"{number(most)} would pass" if most > 0 else "",
                needed=amount,
                available=most,
                nearest=most,
            )
        return self._move_cash(asset, -amount)

    def _asset(self, named: str, amount: Decimal) -> str:
        if amount <= 0:
            raise refuse(Reason.BAD_INPUT, f"expected an amount above zero, was {number(amount)}")
        own, third = self.state.currency, self.books.settings.third_asset
        if named not in ("", own, third):
            raise refuse(
                Reason.OTHER_CURRENCY, f"this account is kept in {own}, not in {named}", mend=f"use {own}"
            )
        if not on_grid(amount, costs.ASSET_STEP):
            nearest = floor_to(amount, costs.ASSET_STEP)
            raise refuse(Reason.OFF_LOT, "an amount has up to 8 digits after the point", nearest=nearest)
        return named or own

    def _withdrawable(self, asset: str) -> Decimal:
        """What is free, as long as the minimum of the profile stays."""
        spare = self.books.equity() - self.books.settings.minimum_balance
        if asset == self.state.currency:
            return floor_to(min(self.books.margins.available(asset), spare), costs.ASSET_STEP)
        by_worth = MONEY.divide(spare, self._price(asset))
        return floor_to(min(self.books.fee_asset_left(), by_worth), costs.ASSET_STEP)

    def _price(self, asset: str) -> Decimal:
        """What a unit of an asset counts: without a price nobody could tell a flow from a profit."""
        price = ONE if asset == self.state.currency else self.books.asset_price(asset)
        if price is None:
            raise refuse(
                Reason.NO_PRICE, f"{asset} has no price yet", mend=f"watch {asset}/{self.state.currency}"
            )
        return price

    def _move_cash(self, asset: str, amount: Decimal) -> Reply:
        self.scribe.write(
            CashMoved(asset=asset, amount=amount, value=amount * self._price(asset)),
            postings=ledger.transfer(ledger.EXTERNAL, ledger.cash(asset), asset, amount),
        )
        word = "deposited" if amount > 0 else "withdrawn"
        return Reply(text=f"{money(abs(amount))} {asset} {word}")

    def _check_known(self, backed: Iterable[Position]) -> None:
        """Nobody strengthens in hindsight what a lost time may have liquidated: that is found out first."""
        for position in backed:
            desk = self.intake.desks.get(position.symbol)
            if desk is not None and desk.recovering and self.books.margins.is_leveraged(position):
                text = f"what {position.symbol} went through while its data was lost is not known yet"
                raise refuse(Reason.RECOVERING, text, mend="wait for its data")

    # --- leverage

    def set_leverage(self, command: SetLeverage) -> Reply:
        """Take another leverage for a symbol; the margin of its position follows, its entry does not."""
        desk, wanted = self.intake.desk_of(command.symbol), command.leverage
        instrument = desk.instrument
        self._check_leverage(instrument, wanted)
        if wanted < self.state.leverage_on(instrument):
            self._check_no_entries(desk.symbol)
        position = self.state.positions.get(desk.symbol)
        if position is None:
            self.scribe.write(LeverageChanged(symbol=desk.symbol, leverage=wanted), symbol=desk.symbol)
            return Reply(text=f"{desk.symbol}: leverage {number(wanted)}")
        after = self._relevered(instrument, position, wanted)
        if after.margin > position.margin:
            self._check_known([position])
        self._check_margin(desk, position, after)
        moved = after.margin - position.margin
        self.scribe.write(
            LeverageChanged(symbol=desk.symbol, leverage=wanted, margin=after.margin),
            symbol=desk.symbol,
            postings=self._to_margin(instrument, moved),
        )
        return Reply(text=f"{desk.symbol}: leverage {number(wanted)}")

    def _check_leverage(self, instrument: Instrument, wanted: Decimal) -> None:
        """One at least, and what the venue allows at the size that is held."""
        if instrument.is_spot:
            raise refuse(Reason.UNSUPPORTED_KIND, f"{instrument.symbol} is spot: it has no leverage")
        if wanted < ONE:
            raise refuse(Reason.BAD_INPUT, f"expected a leverage of at least 1, was {number(wanted)}")
        self.intake.checks.tiers.leverage(instrument, wanted)

    def _check_no_entries(self, symbol: str) -> None:
        """What working entries hold back was counted with the leverage that they were sent with."""
        for order in self.state.live_of(symbol):
            if order.role is OrderRole.ENTRY:
                raise refuse(
                    Reason.CONFLICTING_FLAGS,
                    f"{order.order_id} works with the leverage as it is",
                    mend=f"cancel all {symbol}, then lower it",
                )

    def _relevered(self, instrument: Instrument, position: Position, wanted: Decimal) -> Position:
        """A position with another leverage: what was added or taken by hand stays."""
        if position.cross:
            return msgspec.structs.replace(position, leverage=wanted)
        entry = position.entry_price
        before = initial_margin(instrument, position.qty, entry, position.leverage)
        needed = initial_margin(instrument, position.qty, entry, wanted)
        return msgspec.structs.replace(position, leverage=wanted, margin=position.margin + needed - before)

    # --- margin

    def adjust_margin(self, command: AdjustMargin) -> Reply:
        """Add to the margin of a position, or take from it what it does not need."""
        desk, position = self.intake.position_of(command.symbol)
        instrument, amount = desk.instrument, command.amount
        if instrument.is_spot or position.cross:
            why = "is spot" if instrument.is_spot else "is held in cross margin: the whole wallet backs it"
            raise refuse(Reason.UNSUPPORTED_KIND, f"{desk.symbol} {why}")
        if amount == 0:
            raise refuse(Reason.BAD_INPUT, "expected an amount above or below zero")
        if amount < 0:
            self._check_removable(instrument, position, -amount)
        else:
            self._check_known([position])
        after = msgspec.structs.replace(position, margin=position.margin + amount)
        self._check_margin(desk, position, after)
        self.scribe.write(
            MarginMoved(symbol=desk.symbol, amount=amount),
            symbol=desk.symbol,
            postings=self._to_margin(instrument, amount),
        )
        return Reply(text=f"{desk.symbol}: margin {money(after.margin)} {instrument.settle}")

    def _check_removable(self, instrument: Instrument, position: Position, amount: Decimal) -> None:
        """The initial margin stays, and open losses are no margin to take away."""
        needed = initial_margin(instrument, position.qty, position.entry_price, position.leverage)
        lost = min(ZERO, self.books.margins.result(position))
        most = max(ZERO, position.margin + lost - needed)
        if amount > most:
            raise refuse(
                Reason.INSUFFICIENT_BALANCE,
                f"{money(most)} {instrument.settle} of the margin are not needed",
                mend=f"{number(most)} would pass" if most > 0 else "",
                needed=amount,
                available=most,
                nearest=most,
            )

    def _check_margin(self, desk: Desk, before: Position, after: Position) -> None:
        """The wallet must pay for it, and the stop must still fire before the liquidation."""
        instrument, margins = desk.instrument, self.books.margins
        needed = used_margin(instrument, after) - used_margin(instrument, before)
        available = margins.available(instrument.settle)
        if needed > max(ZERO, available):
            raise refuse(
                Reason.INSUFFICIENT_BALANCE,
                f"needs {money(needed)} {instrument.settle}, {money(available)} free",
                needed=needed,
                available=available,
            )
        if needed > 0:
            return
        stop = self.state.stop_of(desk.symbol)
        if stop is not None and stop.trigger is not None:
            self.intake.checks.stop_liquidation(desk, stop.trigger, after)
        if margins.is_short(after):
            raise refuse(Reason.LEVERAGE, f"{desk.symbol} would be liquidated at once")

    @staticmethod
    def _to_margin(instrument: Instrument, amount: Decimal) -> tuple[Posting, ...]:
        return ledger.transfer(
            ledger.cash(instrument.settle), ledger.margin(instrument.symbol), instrument.settle, amount
        )

    # --- the mode

    def set_margin_mode(self, command: SetMarginMode) -> Reply:
        """Isolated or cross; what is open was entered with the other one, so nothing may be."""
        if command.mode is self.state.funds.margin_mode:
            return Reply(text=f"margins are {command.mode.value} already")
        if (held := self._leveraged()) is not None:
            raise refuse(
                Reason.CONFLICTING_FLAGS,
                f"{held} is held or ordered with {self.state.funds.margin_mode.value} margin",
                mend="close it first",
            )
        self.scribe.write(MarginModeChanged(mode=MarginMode(command.mode)))
        return Reply(text=f"margins are {command.mode.value} now")

    def _leveraged(self) -> str | None:
        """A symbol that the mode matters for now."""
        entries: list[Order] = [o for o in self.state.live.values() if o.role is OrderRole.ENTRY]
        symbols = [*self.state.positions, *(order.symbol for order in entries)]
        return next((s for s in symbols if not self.state.instruments[s].is_spot), None)
