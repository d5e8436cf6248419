from __future__ import annotations

import pytest

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.binance import DepthUpdate
from tradetui.feeds.book_sync import BookSync, Sync
from tradetui.feeds.touch import Touch


def update(first: int, last: int, previous: int | None = None) -> DepthUpdate:
    return DepthUpdate(first, previous, BookDelta("B", 0, 0, [(1.0, 1.0)], [], last))


def snapshot(last: int) -> BookSnapshot:
    return BookSnapshot("B", 0, 0, [(1.0, 1.0)], [(2.0, 1.0)], last)


def ids(messages: list[BookSnapshot | BookDelta]) -> list[int]:
    return [message.update_id for message in messages]


def test_spot_drops_what_the_snapshot_holds_and_applies_the_overlap_first() -> None:
    sync = BookSync(futures=False)
    for first, last in ((90, 95), (96, 100), (101, 104)):
        assert not sync.update(update(first, last))
    assert ids(sync.snapshot(snapshot(98))) == [98, 100, 104]
    assert sync.state is Sync.STREAMING
    assert sync.update(update(105, 110))
    assert (sync.gaps, sync.resyncs) == (0, 0)


@pytest.mark.parametrize(
    ("first", "last", "applied"), [(91, 98, False), (99, 101, True), (95, 99, True), (98, 98, False)]
)
def test_the_first_spot_update_must_hold_the_id_after_the_snapshot(
    first: int, last: int, applied: bool
) -> None:
    sync = BookSync(futures=False)
    sync.snapshot(snapshot(98))
    assert sync.update(update(first, last)) is applied
    assert sync.state is Sync.STREAMING


def test_a_hole_in_spot_ids_is_a_gap_until_the_next_snapshot() -> None:
    sync = BookSync(futures=False)
    sync.snapshot(snapshot(98))
    assert sync.update(update(99, 100))
    assert not sync.update(update(102, 103))
    assert sync.state is Sync.GAP
    assert "100" in sync.reason
    assert "102" in sync.reason
    assert not sync.update(update(104, 106))
    assert ids(sync.snapshot(snapshot(103))) == [103, 106]
    assert (sync.state, sync.gaps, sync.resyncs) == (Sync.STREAMING, 1, 1)


def test_overlapping_and_repeated_spot_updates_are_no_gap() -> None:
    sync = BookSync(futures=False)
    sync.snapshot(snapshot(98))
    assert sync.update(update(99, 100))
    assert not sync.update(update(99, 100))
    assert sync.update(update(100, 102))
    assert sync.gaps == 0


def test_futures_follow_their_predecessor_not_their_first_id() -> None:
    sync = BookSync(futures=True)
    assert not sync.update(update(10, 20, 5))
    assert ids(sync.snapshot(snapshot(15))) == [15, 20]
    assert sync.update(update(40, 50, 20))
    assert not sync.update(update(51, 60, 49))
    assert sync.state is Sync.GAP
    assert sync.gaps == 1


def test_the_first_futures_update_may_end_at_the_snapshot_and_must_not_begin_after_it() -> None:
    sync = BookSync(futures=True)
    sync.snapshot(snapshot(15))
    assert not sync.update(update(8, 14, 7))
    assert sync.update(update(10, 15, 9))
    late = BookSync(futures=True)
    late.snapshot(snapshot(15))
    assert not late.update(update(17, 20, 16))
    assert late.state is Sync.GAP


def test_a_snapshot_in_the_midst_of_a_sound_stream_changes_nothing() -> None:
    sync = BookSync(futures=False)
    sync.snapshot(snapshot(98))
    sync.update(update(99, 100))
    assert sync.snapshot(snapshot(97)) == []
    assert sync.update(update(101, 101))


def test_a_snapshot_that_is_too_old_is_a_gap_and_the_next_one_heals_it() -> None:
    sync = BookSync(futures=False)
    sync.update(update(100, 104))
    assert ids(sync.snapshot(snapshot(90))) == [], "it is not delivered"
    assert sync.state is Sync.GAP
    assert ids(sync.snapshot(snapshot(101))) == [101, 104]


def test_a_book_crossed_for_two_updates_has_lost_something() -> None:
    sync = BookSync(futures=False)
    sync.snapshot(snapshot(98))
    sync.note_crossed(crossed=True)
    sync.note_crossed(crossed=False)
    sync.note_crossed(crossed=True)
    assert sync.state is Sync.STREAMING
    sync.note_crossed(crossed=True)
    assert (sync.state, sync.gaps) == (Sync.CROSSED, 1)


def test_the_touch_sees_crossed_books_and_allows_locked_ones() -> None:
    touch = Touch()
    touch.reset([(99.0, 1.0), (98.0, 1.0)], [(100.0, 1.0), (101.0, 1.0)])
    assert not touch.crossed()
    touch.apply([(100.0, 1.0)], [])
    assert not touch.crossed()
    touch.apply([(100.5, 1.0)], [])
    assert touch.crossed()
    touch.apply([], [(100.0, 0.0)])
    assert not touch.crossed()
    touch.apply([(100.5, 0.0), (100.0, 0.0)], [(100.0, 2.0), (98.5, 1.0)])
    assert touch.crossed()
