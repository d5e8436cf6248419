"""Faults 19 to 28: times, amounts and prices that can not be, instruments that end, and notices."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.exchanges.exchange import BOOK
from tests.exchanges.loopback import raw_frame
from tests.exchanges.plan.fault import CROSSED, DOWN, HALTED, LAGGING, Act, fault
from tests.exchanges.rig import Rig
from tests.exchanges.tape import Change
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import FeedState, InstrumentListed

NO_NOTICE = dict.fromkeys(
    ("coinbase", "bybit", "bybit-linear", "bitget"), "says nothing of maintenance on its public streams"
)


@fault(19, "late", settings={"lagging_after_s": 1.0})
async def late(rig: Rig) -> None:
    await rig.live()
    clock = rig.exchange.clock
    rig.exchange.clock = lambda: clock() - 5000
    await rig.exchange.changes(4)
    status = await rig.told(LAGGING)
    assert "s late" in status.text
    rig.exchange.clock = clock
    await rig.healed()


@fault(20, "burst")
async def burst(rig: Rig) -> None:
    await rig.live()
    await rig.exchange.burst(5000)
    await rig.eventually(lambda: rig.numbers() == rig.expected_numbers())
    assert not [s for s in rig.statuses() if not s.state.is_fresh]


@fault(21, "huge-frame")
async def huge_frame(rig: Rig) -> None:
    await rig.live()
    dials, sockets = rig.dials, len(rig.exchange.sockets)
    rig.exchange.write_raw(b"\x81\x7f" + (64 << 20).to_bytes(8, "big") + b" " * 4096)
    await rig.told(DOWN, text="large" if rig.is_native else "")
    await rig.eventually(lambda: rig.dials >= dials + sockets)
    await rig.healed()
    assert rig.dials - dials <= 3 + sockets


def _timed(at_ms: Callable[[int], int]) -> Act:
    async def timed(rig: Rig) -> None:
        """Data goes on, its impossible time is not taken, and that is counted."""
        await rig.live()
        clock = rig.exchange.clock
        rig.exchange.clock = lambda: at_ms(clock())
        first = len(rig.collector.messages)
        await rig.exchange.changes(2)
        await rig.exchange.tell(rig.new_print())
        await rig.synced()
        for each in rig.collector.messages[first:]:
            stamp = getattr(each, "ts_exchange", 0)
            assert stamp == 0 or abs(stamp - each.ts_received) < 60 * 10**9
        rig.exchange.clock = clock
        await rig.healed()
        assert rig.state is FeedState.STREAMING
        if rig.is_native:
            assert rig.feed.stats(rig.symbol).bad_times

    return timed


fault(22, "time-0")(_timed(lambda _: 0))
fault(22, "time-1e17")(_timed(lambda _: 10**17))
fault(22, "time-backwards", is_shared=True, not_for={"ccxt": "told as lagging"})(
    _timed(lambda now: now - 3_600_000)
)


@fault(23, "crossed")
async def crossed(rig: Rig) -> None:
    await rig.live()
    ask = rig.exchange.top(1)[1][0][0]
    for tick in (1, 2):
        await rig.exchange.tell(rig.exchange.market.take(Change([(ask + tick, Decimal(1))], [])))
    for tick in (1, 2):
        rig.exchange.market.take(Change([(ask + tick, Decimal(0))], []))
    await rig.told(CROSSED)
    await rig.healed()
    assert rig.book[0][0][0] < ask + 1


@fault(
    23,
    "crossed-once",
    is_shared=True,
    settings={"crossed_s": 0.2},
    within_s=0.3,
    not_for={"ccxt": "withheld at the first"},
)
async def crossed_once(rig: Rig) -> None:
    """One update that crosses, and then nothing more."""
    await rig.live()
    ask = rig.exchange.top(1)[1][0][0]
    await rig.exchange.tell(rig.exchange.market.take(Change([(ask + 1, Decimal(1))], [])))
    rig.exchange.market.take(Change([(ask + 1, Decimal(0))], []))
    await rig.told(CROSSED)
    await rig.healed()


@fault(23, "locked")
async def locked(rig: Rig) -> None:
    await rig.live()
    ask = rig.exchange.top(1)[1][0][0]
    await rig.exchange.tell(rig.exchange.market.take(Change([(ask, Decimal(1))], [])))
    await rig.exchange.tell(rig.exchange.market.take(Change([(ask, Decimal(2))], [])))
    await rig.synced()
    await rig.exchange.tell(rig.exchange.market.take(Change([(ask, Decimal(0))], [])))
    await rig.synced()
    assert not [s for s in rig.statuses() if not s.state.is_fresh]


def _impossible(price: Decimal | None, qty: Decimal | None) -> Act:
    async def impossible(rig: Rig) -> None:
        await rig.live()
        good = rig.exchange.top(1)[0][0]
        level: Any = (good[0] if price == 1 else price, qty)
        rig.mark()
        wording = rig.exchange.wording
        texts = wording.update(Change([level], []), rig.exchange.book, rig.exchange.clock())
        await rig.exchange.emit(BOOK, texts)
        if rig.is_native:
            await rig.lost()
        else:  # the frame is passed over, and what it may have lost shows by the next one
            await rig.soon(lambda: rig.feed.stats(rig.symbol).bad_messages or rig.state is FeedState.GAP)
        await rig.healed()

    return impossible


ONE = Decimal(1)
fault(24, "price-nan")(_impossible(Decimal("NaN"), ONE))
fault(24, "price-negative", is_shared=True)(_impossible(Decimal(-5), ONE))
fault(24, "price-zero", is_shared=True)(_impossible(Decimal(0), ONE))
fault(24, "price-null")(_impossible(None, ONE))
fault(24, "qty-infinite", is_shared=True)(_impossible(ONE, Decimal("Infinity")))
fault(24, "qty-negative", is_shared=True)(_impossible(ONE, Decimal(-1)))


@fault(25, "halted", settings={"reload_s": 0.1}, within_s=0.2)
async def halted(rig: Rig) -> None:
    await rig.live()
    rig.exchange.is_halted = True
    await rig.told(HALTED)
    assert rig.collector.of(InstrumentListed)[-1].instrument.status is InstrumentStatus.HALTED
    rig.exchange.is_halted = False
    await rig.healed()
    assert rig.collector.of(InstrumentListed)[-1].instrument.status is InstrumentStatus.TRADING


@fault(25, "delisted", settings={"reload_s": 0.1}, within_s=0.2)
async def delisted(rig: Rig) -> None:
    await rig.live()
    rig.exchange.is_listed = False
    await rig.told(HALTED, text="no longer listed")
    assert rig.collector.of(InstrumentListed)[-1].instrument.status is InstrumentStatus.HALTED


@fault(26, "big-move")
async def big_move(rig: Rig) -> None:
    await rig.live()
    rig.exchange.handshake_fault = (503, {})
    await rig.exchange.close_sockets()
    await rig.told(DOWN)
    before = rig.exchange.top(1)[1][0][0]
    rig.exchange.market.jump(Decimal(1000))
    rig.exchange.handshake_fault = None
    await rig.healed()
    assert min(rig.collector.books[rig.symbol].bids) > before - 500
    assert rig.collector.books[rig.symbol].top(10) == rig.exchange.top(10)


@fault(27, "maintenance", not_for=NO_NOTICE)
async def maintenance(rig: Rig) -> None:
    await rig.live()
    words = rig.exchange.wording.maintenance()
    assert words is not None
    await rig.exchange.announce(words)
    await rig.soon(lambda: any(s.text for s in rig.statuses()))
    if (over := rig.exchange.wording.maintained()) is not None:
        await rig.told(HALTED)
        await rig.exchange.announce(over)
    await rig.healed()


@fault(28, "fragments")
async def fragments(rig: Rig) -> None:
    await rig.live()
    step = rig.exchange.market.take(Change([rig.exchange.top(1)[0][0]], []))
    wording = rig.exchange.wording
    texts = wording.update(step, rig.exchange.book, rig.exchange.clock())
    for socket in list(rig.exchange.sockets):
        if BOOK not in rig.exchange._listeners[socket]:
            continue
        for text in texts:
            payload = rig.exchange._numbered(socket, text).encode()
            cut = len(payload) // 2
            frames = (
                raw_frame(payload[:cut], fin=False),
                raw_frame(b"are you there", opcode=9),
                raw_frame(payload[cut:], opcode=0),
            )
            rig.exchange._transport(socket).write(b"".join(frames))
    before = len(rig.books())
    await rig.eventually(lambda: len(rig.books()) > before)
    await rig.healed()
    assert not [s for s in rig.statuses() if not s.state.is_fresh]


@fault(28, "deflate", is_shared=True)
async def deflate(rig: Rig) -> None:
    """The exchange offers compression to whoever asks for it; here it is only seen to do no harm."""
    await rig.live()
    await rig.exchange.play(5)
    await rig.synced()


@fault(28, "compressed", is_shared=True, not_for={"ccxt": "it asks for compression"})
async def compressed(rig: Rig) -> None:
    """Nobody asked the exchange to compress, and it does."""
    await rig.live()
    step = rig.exchange.market.take(Change([rig.exchange.top(1)[0][0]], []))
    words = rig.exchange.wording.update(step, rig.exchange.book, rig.exchange.clock())[0]
    squeezer = zlib.compressobj(wbits=-15)
    small = squeezer.compress(words.encode()) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    whole = raw_frame(small[:-4])
    rig.exchange.write_raw(bytes([whole[0] | 0x40]) + whole[1:])
    await rig.told(DOWN, text="compresses")
    assert rig.feed.stats(rig.symbol).bad_messages == 0
    await rig.healed()
