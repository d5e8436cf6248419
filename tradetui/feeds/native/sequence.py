"""What the book rules of venues have in common: waiting for a whole book, and losing it.

A rule says of each part whether it continues the book; here that becomes what is delivered and a state.
"""

from __future__ import annotations

from collections.abc import Sequence

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Rule, Sync
from tradetui.feeds.native.venue import BookPart


class Numbered(BookPart, frozen=True):
    """A book message with the numbers that tie it to the one before."""

    message: BookSnapshot | BookDelta
    number: int = 0
    previous: int | None = None
    """The number of the message before it; None where the venue counts by one."""
    is_untied: bool = False
    """Whether it tells no numbers at all, as captures of old do."""


class PrintCount:
    """Prints that are counted by one: a hole is a loss."""

    def __init__(self) -> None:
        self.expected: dict[str, int] = {}
        """One above each symbol's newest print; whoever meets it may note the next without asking."""

    def forget(self, symbol: str) -> None:
        """A new connection begins somewhere."""
        self.expected.pop(symbol, None)

    def misses(self, symbol: str, number: int | str | None) -> bool:
        """Whether prints before this one are missing; one without a number tells nothing."""
        if type(number) is not int:
            return False
        expected = self.expected.get(symbol)
        if expected is None or number >= expected:
            self.expected[symbol] = number + 1
            return expected is not None and number != expected
        return False


class NumberedBook:
    """A book whose messages are numbered: each names its predecessor, or follows it by one."""

    def __init__(self) -> None:
        self.state = Sync.WAITING
        self.reason = ""
        self.last = 0
        self._newest = 0
        """The venue's time of the last message."""

    def restart(self) -> None:
        """Nothing is known any more: only a whole book helps."""
        self.state = Sync.WAITING

    def rule(self) -> Rule:
        """Where it stands, and the last number."""
        return Rule(state=self.state, number=self.last, ts=self._newest)

    def resume(self, rule: Rule) -> None:
        """Go on from there."""
        self.state, self.last, self._newest = rule.state, rule.number, rule.ts

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Numbered)  # noqa: S101 - a venue's book gets its own parts only
        if type(part.message) is BookSnapshot:
            self.state, self.last = Sync.STREAMING, part.number
            self._newest = part.message.ts_exchange
            return (part.message,)
        if self.state is not Sync.STREAMING:
            return ()
        if not self._continues(part):
            return ()
        self.last, self._newest = part.number, part.message.ts_exchange
        return (part.message,)

    def _continues(self, part: Numbered) -> bool:
        expected = self.last if part.previous is not None else self.last + 1
        came = part.previous if part.previous is not None else part.number
        if came == expected or part.is_untied:
            return True
        is_newer = 0 < self._newest < part.message.ts_exchange
        if max(part.number, part.previous or 0) > self.last or is_newer:
            self.state = Sync.GAP  # what is known is never newer: that has been counted anew
            self.reason = f"expected the update after {self.last}, was {came}"
        return False
