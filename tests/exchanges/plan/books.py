"""Faults 1 to 10: books that lose their thread, subscriptions that are not kept, and silence."""

from __future__ import annotations

from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.plan.fault import DOWN, HALTED, STALE, fault
from tests.exchanges.rig import Rig
from tradetui.domain.market_data import FeedState

NO_CHECKSUM = dict.fromkeys(
    ("binance", "binance-usdm", "coinbase", "kraken-futures", "bybit", "bybit-linear", "bitget-numbered"),
    "sends no checksum",
)
BY_STREAM = dict.fromkeys(
    ("coinbase", "kraken", "kraken-futures", "bybit", "bybit-linear", "bitget", "okx"),
    "its snapshot comes in order on the stream",
)


@fault(1, "gap")
async def gap(rig: Rig) -> None:
    await rig.live()
    rig.exchange.drops[BOOK] = 1
    await rig.exchange.changes(3)
    await rig.lost()
    assert rig.feed.stats(rig.symbol).gaps == 1
    await rig.healed()


UNCOUNTED = "its prints are not counted"


@fault(
    1,
    "lost-print",
    not_for={
        **dict.fromkeys(("bybit", "bybit-linear", "bitget", "okx"), UNCOUNTED),
    },
)
async def lost_print(rig: Rig) -> None:
    await rig.live()
    rig.exchange.drops[TRADES] = 1
    lost = rig.new_print()
    for each in (lost, rig.new_print(), rig.new_print()):
        await rig.exchange.tell(each)
    await rig.soon(rig.missed)
    await rig.healed()
    assert lost.number in rig.missed()


@fault(2, "duplicate")
async def duplicate(rig: Rig) -> None:
    await rig.live()
    rig.exchange.doubles[BOOK] = rig.exchange.doubles[TRADES] = 2
    await rig.exchange.changes(4)
    for _ in range(3):
        await rig.exchange.tell(rig.new_print())
    await rig.synced()
    assert not [s for s in rig.statuses() if not s.state.is_fresh]


@fault(3, "reorder")
async def reorder(rig: Rig) -> None:
    await rig.live()
    rig.exchange.swaps = 1
    await rig.exchange.changes(3)
    await rig.lost()
    await rig.healed()


@fault(4, "checksum", not_for=NO_CHECKSUM)
async def checksum(rig: Rig) -> None:
    await rig.live()
    rig.exchange.wording.checksum_error = 1
    await rig.exchange.changes(1)
    rig.exchange.wording.checksum_error = 0
    status = await rig.lost()
    assert "checksum" in status.text
    await rig.healed()


def _no_snapshot(exchange: Exchange) -> None:
    exchange.sends_snapshots = False
    exchange.hangs_on = "depth"


@fault(5, "lost-snapshot", settings={"first_book_s": 0.3}, within_s=0.6, prepare=_no_snapshot)
async def lost_snapshot(rig: Rig) -> None:
    await rig.told(DOWN)
    assert rig.state is not FeedState.STREAMING
    assert not rig.books()
    rig.exchange.sends_snapshots, rig.exchange.hangs_on = True, ""
    await rig.live()


def _old_snapshot(exchange: Exchange) -> None:
    exchange.snapshot_shift = -50


@fault(6, "stale-snapshot", prepare=_old_snapshot, not_for=BY_STREAM)
async def stale_snapshot(rig: Rig) -> None:
    await rig.eventually(lambda: rig.exchange.listening(BOOK))
    await rig.exchange.changes(2)
    await rig.while_playing(lambda: rig.feed.stats(rig.symbol).gaps)
    rig.exchange.snapshot_shift = 0
    await rig.live()


@fault(6, "future-snapshot", settings={"stale_after_s": 0.3}, within_s=0.4, not_for=BY_STREAM)
async def future_snapshot(rig: Rig) -> None:
    await rig.live()
    rig.exchange.snapshot_shift = 100_000
    await rig.exchange.close_sockets()
    await rig.told(DOWN)
    await rig.eventually(lambda: rig.exchange.listening(BOOK, TRADES))
    await rig.exchange.changes(3)
    await rig.told(STALE)
    rig.exchange.snapshot_shift = 0
    await rig.healed()


def _no_ack(exchange: Exchange) -> None:
    exchange.acknowledges = False


@fault(7, "no-ack", settings={"first_book_s": 0.8}, within_s=1.1, prepare=_no_ack)
async def no_ack(rig: Rig) -> None:
    await rig.told(DOWN)
    assert FeedState.STREAMING not in [s.state for s in rig.statuses()]
    assert not rig.books()
    dials = rig.dials
    await rig.eventually(lambda: rig.dials > dials)
    rig.exchange.acknowledges = True
    await rig.live()


REFUSALS = ("unknown stream", "not supported", "roduct", "doesn't exist", "not found")


def _refusing(exchange: Exchange) -> None:
    exchange.refuses = True


@fault(8, "refused", settings={"first_book_s": 0.1}, prepare=_refusing)
async def refused(rig: Rig) -> None:
    status = await rig.told(HALTED)
    assert "refused" in status.text
    assert any(words in status.text for words in REFUSALS)
    dials, due = rig.dials, rig.exchange.clock() + 300
    await rig.eventually(lambda: rig.exchange.clock() > due)  # three deadlines later
    assert rig.dials == dials
    assert rig.state is HALTED


@fault(9, "half-open", settings={"stale_after_s": 0.3}, within_s=0.4)
async def half_open(rig: Rig) -> None:
    await rig.live()
    rig.exchange.go_deaf()
    dials = rig.dials
    await rig.told(STALE, DOWN)
    await rig.eventually(lambda: rig.dials > dials)
    await rig.healed()


@fault(
    9,
    "half-open-quiet",
    is_shared=True,
    settings={"ping_s": 0.1},
    within_s=0.4,
)
async def half_open_quiet(rig: Rig) -> None:
    """A market that is silent by itself: only the missing pongs tell."""
    await rig.live()
    rig.exchange.go_deaf()
    status = await rig.told(DOWN)
    assert "nothing was heard" in status.text
    await rig.healed()


@fault(10, "frozen", settings={"stale_after_s": 0.3}, within_s=0.4)
async def frozen(rig: Rig) -> None:
    await rig.live()
    dials = rig.dials
    await rig.told(STALE)
    await rig.eventually(lambda: rig.dials > dials)
    await rig.healed()
