"""OKX's rule of a book: messages that name their predecessor, and a checksum where one is still sent."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Rule, Sync
from tradetui.feeds.native.sequence import Numbered, NumberedBook
from tradetui.feeds.native.text_book import TextBook
from tradetui.feeds.native.venue import BookPart


class Checked(Numbered, frozen=True):
    """A numbered book message with its checksum and the texts that it runs over."""

    checksum: int = 0
    bids: tuple[tuple[str, ...], ...] = ()
    asks: tuple[tuple[str, ...], ...] = ()


class OkxBook(NumberedBook):
    """Numbered messages, held against a checksum where the venue still sends one."""

    def __init__(self) -> None:
        super().__init__()
        self._texts = TextBook()

    def rule(self) -> Rule:
        """The same with the texts that the checksum runs over."""
        return msgspec.structs.replace(super().rule(), texts=self._texts.texts())

    def resume(self, rule: Rule) -> None:
        """Go on from there."""
        super().resume(rule)
        self._texts.resume(rule.texts)

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        taken = super().take(part)
        if not taken or not isinstance(part, Checked):
            return taken
        keep = self._texts.replace if type(part.message) is BookSnapshot else self._texts.update
        keep(part.bids, part.asks)
        if self._texts.checksum() != part.checksum:
            self.state, self.reason = Sync.GAP, "its checksum does not match"
            return ()
        return taken
