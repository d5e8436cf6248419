"""Faults 29 to 32, found by looking for them: two at once, answers that come twice, and half a stream."""

from __future__ import annotations

from tests.exchanges.exchange import BOOK, Exchange
from tests.exchanges.plan.books import BY_STREAM
from tests.exchanges.plan.fault import DOWN, STALE, fault
from tests.exchanges.rig import Rig
from tradetui.domain.market_data import FeedState


@fault(29, "gap-and-rest-503", not_for=BY_STREAM)
async def gap_and_rest_503(rig: Rig) -> None:
    """The book is lost, and REST can not give another: it is asked less and less."""
    await rig.live()
    rig.exchange.rest_faults["depth"] = (503, {})
    rig.exchange.drops[BOOK] = 1
    await rig.exchange.changes(3)
    await rig.told(DOWN, text="503" if rig.is_native else "")
    asked, due = _asked_books(rig), rig.exchange.clock() + 400
    await rig.eventually(lambda: rig.exchange.clock() > due)
    assert _asked_books(rig) - asked <= (6 if rig.is_native else 18)  # ccxt asks three times at once
    rig.exchange.rest_faults.clear()
    await rig.healed()


def _asked_books(rig: Rig) -> int:
    return sum("depth" in path for path in rig.exchange.asked)


@fault(29, "cut-and-rest-503", is_shared=True, not_for={"kraken ccxt": "its own pages may tell them"})
async def cut_and_rest_503(rig: Rig) -> None:
    """Prints of an outage that REST can not tell are lost, and it is said; the book comes back."""
    await rig.live()
    rig.exchange.handshake_fault = (503, {})
    await rig.exchange.close_sockets()
    await rig.told(DOWN)
    await rig.eventually(lambda: not rig.exchange.listening(BOOK))
    await rig.exchange.tell(rig.new_print())
    rig.exchange.rest_faults["rade"] = rig.exchange.rest_faults["ticker"] = (503, {})
    rig.exchange.rest_faults["history"] = rig.exchange.rest_faults["fills"] = (503, {})
    rig.exchange.handshake_fault = None
    await rig.eventually(lambda: any("could not be fetched" in s.text for s in rig.statuses()))
    rig.exchange.rest_faults.clear()
    rig.from_print = len(rig.exchange.prints)
    await rig.healed()


def _repeating(exchange: Exchange) -> None:
    exchange.answers_twice = True


@fault(30, "answered-twice", prepare=_repeating)
async def answered_twice(rig: Rig) -> None:
    """Each subscription is confirmed twice, and its book comes twice."""
    await rig.live()
    await rig.exchange.play(10)
    await rig.synced()
    assert rig.feed.stats(rig.symbol).gaps == 0
    assert [s for s in rig.statuses() if not s.state.is_fresh] == []


@fault(30, "late-to-hear")
async def late_to_hear(rig: Rig) -> None:
    """After an outage it prints on between the dial and the subscription: REST knows those prints alone."""
    await rig.live()
    rig.exchange.hears_late = True
    await rig.exchange.close_sockets()
    await rig.told(DOWN)
    await rig.eventually(lambda: rig.exchange.is_asked)
    due, asked = rig.exchange.clock() + 150, len(rig.exchange.asked)
    await rig.eventually(lambda: rig.exchange.clock() > due or len(rig.exchange.asked) > asked + 1)
    lost = [rig.new_print() for _ in range(3)]
    for each in lost:
        await rig.exchange.tell(each)
    await rig.exchange.hear_now()
    await rig.healed()
    await rig.eventually(lambda: {each.number for each in lost} <= set(rig.missed()))


ONE_ANSWER = {
    **dict.fromkeys(("bybit ccxt", "bybit-linear ccxt"), "the answer does not say what it was for"),
    "binance": "one answer is for all, and the book is asked for behind it",
    "binance-usdm": "one answer is for all, and the book is asked for behind it",
}


async def _lost_before_it_tells(rig: Rig) -> list[int]:
    """The book is back after an outage, prints are not told yet: those that are made meanwhile."""
    await rig.live()
    rig.exchange.lies_on_prints = True
    await rig.exchange.close_sockets()
    await rig.told(DOWN)
    await rig.eventually(lambda: rig.state is FeedState.STREAMING)
    due = rig.exchange.clock() + 100
    await rig.eventually(lambda: rig.exchange.clock() > due)
    lost = [rig.new_print() for _ in range(3)]
    for each in lost:
        await rig.exchange.tell(each)
    return [each.number for each in lost]


@fault(30, "prints-heard-late", not_for=ONE_ANSWER)
async def prints_heard_late(rig: Rig) -> None:
    """It hears of prints later than of the book: REST knows those in between alone."""
    lost = await _lost_before_it_tells(rig)
    await rig.exchange.tell_prints()
    await rig.healed()
    assert set(lost) <= set(rig.missed())


@fault(30, "prints-without-a-word", not_for=ONE_ANSWER, is_long=True)
async def prints_without_a_word(rig: Rig) -> None:
    """The same where it does not say that it heard: the first print does."""
    lost = await _lost_before_it_tells(rig)
    await rig.exchange.tell_prints(says_so=False)
    await rig.exchange.tell(rig.new_print())
    await rig.healed()
    assert set(lost) <= set(rig.missed())


def _mute(exchange: Exchange) -> None:
    exchange.pongs = False


NOT_MUTE = {"binance-usdm": "here nothing comes on its second connection"}


@fault(
    31,
    "no-pongs",
    prepare=_mute,
    settings={"ping_s": 0.6},
    within_s=2.0,
    is_long=True,
    not_for=NOT_MUTE,
)
async def no_pongs(rig: Rig) -> None:
    """Data is a sign of life; where it ends too, the connection is given up."""
    await rig.live()
    dials, due = rig.dials, rig.exchange.clock() + 1800
    await rig.while_playing(lambda: rig.exchange.clock() > due)
    assert rig.dials == dials
    assert [s for s in rig.statuses() if s.state is not FeedState.STREAMING] == []
    status = await rig.told(DOWN)
    assert "nothing was heard" in status.text
    await rig.healed()


def _no_book(exchange: Exchange) -> None:
    exchange.sends_snapshots = False
    exchange.hangs_on = "depth"


@fault(32, "prints-without-a-book", settings={"first_book_s": 0.3}, within_s=0.6, prepare=_no_book)
async def prints_without_a_book(rig: Rig) -> None:
    """A stream that brings prints only is no stream: it is said, and dialed less and less."""
    async with rig.printing():
        await rig.told(DOWN, text="after subscribing")
    assert FeedState.STREAMING not in [s.state for s in rig.statuses()]
    assert not rig.books()
    rig.exchange.sends_snapshots, rig.exchange.hangs_on = True, ""
    await rig.live()


@fault(32, "book-that-stops", settings={"stale_after_s": 0.3}, within_s=0.4)
async def book_that_stops(rig: Rig) -> None:
    """Prints go on and the book does not: it is stale, however lively the tape."""
    await rig.live()
    rig.exchange.drops[BOOK] = 1_000_000
    async with rig.printing():
        await rig.told(STALE)
    rig.exchange.drops[BOOK] = 0
    await rig.healed()
