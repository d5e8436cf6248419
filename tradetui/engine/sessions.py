"""Trading days of the account: opened once, rolled in order, anchors journaled (R-TIM-6 to R-TIM-10)."""

from __future__ import annotations

from tradetui.domain.calendar import Session, TradingCalendar
from tradetui.domain.event import AccountOpened, AnchorFixed, SessionRolled
from tradetui.engine.books import Books
from tradetui.engine.scribe import Scribe
from tradetui.trading import ledger
from tradetui.trading.settings import EngineSettings


class Sessions:
    """Opens the account and begins its trading days."""

    def __init__(self, settings: EngineSettings, scribe: Scribe, books: Books) -> None:
        self.settings = settings
        self.scribe = scribe
        self.state = scribe.state
        self.books = books

    def open_account(self) -> None:
        """Write the account with its first deposit."""
        settings = self.settings
        opened = AccountOpened(
            account=settings.account,
            currency=settings.currency,
            balance=settings.balance,
            leverage=settings.leverage,
            zone=settings.zone,
            roll=settings.roll,
            margin_mode=settings.margin_mode,
        )
        own = ledger.cash(settings.currency)
        self.scribe.write(
            opened, postings=ledger.transfer(ledger.EXTERNAL, own, settings.currency, settings.balance)
        )

    def begin_first(self, ts: int) -> None:
        """Begin the trading day that the account is opened in."""
        session = self._calendar().session_at(ts)
        self._begin(session, start_ts=session.start_ts)

    def begin_next(self, boundary: int) -> None:
        """Begin the trading day after a boundary, with the best known equity."""
        self._begin(self._after(boundary), start_ts=boundary)

    def _after(self, boundary: int) -> Session:
        """The session that begins at a boundary: its id is above the last one's (R-TIM-7, R-TIM-8)."""
        calendar = self._calendar()
        session = calendar.session_at(boundary)
        last = self.state.session.session_id if self.state.session is not None else ""
        while session.session_id <= last or session.end_ts <= boundary:
            session = calendar.session_at(session.end_ts)
        return session

    def _begin(self, session: Session, *, start_ts: int) -> None:
        self.scribe.write(
            SessionRolled(
                session_id=session.session_id,
                start_ts=start_ts,
                end_ts=session.end_ts,
                anchor=self.books.equity(),
                estimated=not self.books.is_fresh(),
                balance=self.books.balance(),
            )
        )

    def fix_anchor(self) -> None:
        """Fix an anchor that was estimated at the first fresh prices, never above the estimate (R-TIM-10)."""
        session = self.state.session
        if session is None or not session.estimated or not self.books.is_fresh():
            return
        anchor = min(session.anchor, self.books.equity())
        self.scribe.write(
            AnchorFixed(session_id=session.session_id, anchor=anchor, balance=self.books.balance())
        )

    def _calendar(self) -> TradingCalendar:
        return TradingCalendar(self.state.limits["zone"], self.state.limits["roll"])
