"""Venues begin to count anew after maintenance: what follows is taken, and what was lost there is seen.

From OKX's documentation of its books: `prevSeqId` names the message before, whatever becomes of the count.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.native.bitget import BitgetBook, Texts
from tradetui.feeds.native.okx_book import OkxBook
from tradetui.feeds.native.sequence import Numbered, NumberedBook
from tradetui.feeds.native.venue import BookPart, LiveBook

Step = tuple[int, int | None, int]
"""A number, that of the message before, and the venue's time."""


def okx(number: int, previous: int | None, ts: int) -> BookPart:
    kind = BookSnapshot if previous is None else BookDelta
    return Numbered("A/B", kind("A/B", ts, ts, [(5.0, 1.0)], [], number), number, previous)


def bitget(number: int, previous: int | None, ts: int) -> BookPart:
    kind = BookSnapshot if previous is None else BookDelta
    return Texts(
        "A/B", kind("A/B", ts, ts, [(5.0, 1.0)], [], 0), None, [["5", "1"]], [], number, previous or 0
    )


Maker = tuple[Callable[[], LiveBook], Callable[[int, int | None, int], BookPart]]
MAKERS: dict[str, Maker] = {"okx": (OkxBook, okx), "bitget": (BitgetBook, bitget)}


@pytest.mark.parametrize("venue", MAKERS)
@pytest.mark.parametrize(
    ("steps", "taken", "state"),
    [
        (((17, 15, 2), (3, 17, 3), (5, 3, 4)), 3, Sync.STREAMING),
        (((17, 15, 2), (3, 18, 3)), 1, Sync.GAP),
        (((17, 15, 2), (5, 3, 4)), 1, Sync.GAP),
        (((17, 15, 2), (17, 15, 2), (19, 17, 3)), 2, Sync.STREAMING),
        (((17, 15, 2), (21, 19, 3)), 1, Sync.GAP),
    ],
    ids=["anew", "a hole before it", "a hole that hides it", "told twice", "a hole"],
)
def test_a_count_that_begins_anew_is_followed_and_a_hole_at_it_is_a_gap(
    venue: str, steps: tuple[Step, ...], taken: int, state: Sync
) -> None:
    make, part = MAKERS[venue]
    book = make()
    assert len(book.take(part(15, None, 1))) == 1
    assert sum(len(book.take(part(*step))) for step in steps) == taken
    assert book.state is state


def test_a_venue_that_counts_by_one_and_begins_anew_without_a_whole_book_has_lost_something() -> None:
    book = NumberedBook()
    for number, kind, ts in ((40, BookSnapshot, 1), (41, BookDelta, 2), (41, BookDelta, 2)):
        book.take(Numbered("A/B", kind("A/B", ts, ts, [], [], number), number))
    assert book.state is Sync.STREAMING
    again = NumberedBook()
    again.resume(book.rule())
    for each in (book, again):
        each.take(Numbered("A/B", BookDelta("A/B", 3, 3, [], [], 2), 2))
        assert each.state is Sync.GAP
