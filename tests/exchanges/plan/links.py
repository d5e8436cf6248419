"""Faults 11 to 18: frames that can not be read, connections that end, and what REST refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from email.utils import formatdate
from itertools import pairwise
from typing import Any

from tests.exchanges.exchange import BOOK, Exchange
from tests.exchanges.plan.fault import DOWN, Act, fault
from tests.exchanges.rig import Rig
from tradetui.domain.market_data import BookSnapshot, Trade


@fault(11, "malformed")
async def malformed(rig: Rig) -> None:
    await rig.live()
    rig.exchange.garbles = 1
    await rig.exchange.changes(2)
    await rig.lost()
    assert rig.feed.stats(rig.symbol).bad_messages == 1
    await rig.healed()


@fault(11, "nonsense", is_shared=True)
async def nonsense(rig: Rig) -> None:
    await rig.live()
    for text in ("[]", "x", "7", '{"data":', "\x00"):
        for socket in list(rig.exchange.sockets):
            await rig.exchange.send(socket, text)
    await rig.healed()


@fault(12, "error-frame", settings={"settle_s": 0.0})
async def error_frame(rig: Rig) -> None:
    await rig.live()
    words = rig.exchange.wording.error()
    assert words is not None
    await rig.exchange.announce(words)
    status = await rig.told(DOWN)
    assert status.text.rpartition(": ")[2][:20] in words
    await rig.healed()


async def _outage(rig: Rig, cut: Callable[[], Awaitable[None]]) -> None:
    await rig.live()
    rig.exchange.handshake_fault = (503, {})
    await cut()
    await rig.told(DOWN)
    await rig.eventually(lambda: not rig.exchange.listening(BOOK))
    lost = [rig.new_print() for _ in range(4)]
    for each in lost:
        await rig.exchange.tell(each)
    rig.exchange.market.jump(Decimal(3))
    rig.exchange.handshake_fault = None
    await rig.healed()
    assert {each.number for each in lost} <= set(rig.missed())


def _closing(code: int) -> Act:
    async def closing(rig: Rig) -> None:
        await _outage(rig, lambda: rig.exchange.close_sockets(code))

    return closing


def _cutting(*, reset: bool) -> Act:
    async def cutting(rig: Rig) -> None:
        async def cut() -> None:
            rig.exchange.cut_sockets(reset=reset)

        await _outage(rig, cut)

    return cutting


fault(13, "close-1000")(_closing(1000))
fault(13, "close-1001", is_long=True)(_closing(1001))
fault(13, "close-1006", is_long=True)(_cutting(reset=False))
fault(13, "reset")(_cutting(reset=True))


@fault(13, "long-outage", is_shared=True)
async def long_outage(rig: Rig) -> None:
    """More was printed than one page of REST holds: all of it comes, or it is said what does not."""
    await rig.live()
    rig.exchange.handshake_fault = (503, {})
    await rig.exchange.close_sockets()
    await rig.told(DOWN)
    await rig.eventually(lambda: not rig.exchange.listening(BOOK))
    for _ in range(1200):
        await rig.exchange.tell(rig.new_print())
    rig.exchange.handshake_fault = None
    wording = rig.exchange.wording
    if not wording.pages_forward and not wording.tells_older:
        await rig.eventually(lambda: any("missed trades: only" in s.text for s in rig.statuses()))
        rig.from_print = len(rig.exchange.prints) - 50
    await rig.healed()


@fault(14, "storm", settings={"retry_s": 0.04})
async def storm(rig: Rig) -> None:
    """The waits are measured: at the usual first wait of 1 s they allow at most five dials in 3 s."""
    await rig.live()
    dials, lines = rig.dials, len(rig.exchange.sockets)
    rig.exchange.is_storming = True
    await rig.exchange.close_sockets()
    await rig.eventually(lambda: rig.dials >= dials + 4 * lines)
    new = rig.exchange.dials[dials : dials + 4 * lines]
    rounds = [new[start] for start in range(0, len(new), lines)]
    waits = [later - before for before, later in pairwise(rounds)]
    assert sum(waits) >= 0.04 * (2 + 4 + 8) * 0.9 if lines == 1 else sum(waits) >= 0.04 * 6
    rig.exchange.is_storming = False
    await rig.healed()


@fault(15, "handshake-503", is_shared=True)
async def handshake_503(rig: Rig) -> None:
    await rig.live()
    rig.exchange.handshake_fault = (503, {})
    await rig.exchange.close_sockets()
    await rig.told(DOWN, text="503" if rig.is_native else "")
    rig.exchange.handshake_fault = None
    await rig.healed()


@fault(15, "handshake-429", is_shared=True)
async def handshake_429(rig: Rig) -> None:
    await rig.live()
    rig.exchange.handshake_fault = (429, {"Retry-After": "1"})
    await rig.exchange.close_sockets()
    await rig.soon(lambda: any(s.retry_s >= 1 for s in rig.statuses()))
    rig.exchange.handshake_fault = None
    await rig.healed()


def _in(rig: Rig, seconds: float) -> str:
    """A date as HTTP writes it, so many seconds from now."""
    return formatdate(rig.exchange.clock() / 1000 + seconds, usegmt=True)


@fault(15, "handshake-429-date", is_shared=True)
async def handshake_429_date(rig: Rig) -> None:
    await rig.live()
    rig.exchange.handshake_fault = (429, {"Retry-After": _in(rig, 30)})
    await rig.exchange.close_sockets()
    await rig.soon(lambda: any(20 < s.retry_s <= 31 for s in rig.statuses()))


@fault(16, "rest-429-date", not_for={"kraken ccxt": "its streams ask nothing of REST"})
async def rest_429_date(rig: Rig) -> None:
    await rig.live()
    rig.exchange.rest_faults["/"] = (429, {"Retry-After": _in(rig, 30)})
    await rig.exchange.close_sockets()
    await rig.eventually(lambda: rig.feed._exchange.pause_s)
    assert 20 < rig.feed._exchange.pause_s <= 31


@fault(
    15,
    "handshake-hangs",
    settings={"handshake_s": 0.2},
    within_s=0.3,
    not_for={"ccxt": "ccxt waits its own 10 s"},
)
async def handshake_hangs(rig: Rig) -> None:
    await rig.live()
    rig.exchange.handshakes_hang = True
    await rig.exchange.close_sockets()
    await rig.told(DOWN, text="no answer in time")
    rig.exchange.handshakes_hang = False
    await rig.healed()


def _limited(status: int) -> Act:
    async def limited(rig: Rig) -> None:
        """After a refusal nothing is asked until the exchange allows it, and it is said."""
        await rig.live()
        rig.exchange.rest_faults["/"] = (status, {"Retry-After": "1"})
        asked = len(rig.exchange.asked)
        await rig.exchange.close_sockets()
        await rig.eventually(lambda: len(rig.exchange.asked) > asked)
        await rig.soon(lambda: any(f"HTTP {status}" in s.text for s in rig.statuses()))
        refused_at, asked = rig.exchange.clock(), len(rig.exchange.asked)
        await rig.eventually(lambda: rig.exchange.clock() > refused_at + 300)
        assert len(rig.exchange.asked) <= asked + 1
        rig.exchange.rest_faults.clear()
        if rig.exchange.wording.snapshot_by_rest:
            await rig.healed()

    return limited


fault(16, "rest-429", not_for={"kraken ccxt": "its streams ask nothing of REST"})(_limited(429))
fault(16, "rest-418", is_long=True, not_for={"kraken ccxt": "its streams ask nothing of REST"})(_limited(418))


def _unavailable(exchange: Exchange) -> None:
    exchange.rest_faults["/"] = (503, {})


@fault(17, "rest-503", is_shared=True, prepare=_unavailable)
async def rest_503(rig: Rig) -> None:
    await rig.told(DOWN, text="exchange unavailable (HTTP 503)")
    rig.exchange.rest_faults.clear()
    await rig.live()


def _page(exchange: Exchange) -> None:
    exchange.rest_texts["/"] = "<html><body>Bad gateway</body></html>"


@fault(17, "rest-html", prepare=_page)
async def rest_html(rig: Rig) -> None:
    await rig.told(DOWN)
    rig.exchange.rest_texts.clear()
    await rig.live()


def _half_a_book(exchange: Exchange) -> None:
    exchange.cuts_snapshot = True
    exchange.hangs_on = "depth"


@fault(18, "cut-in-snapshot", prepare=_half_a_book)
async def cut_in_snapshot(rig: Rig) -> None:
    await rig.eventually(rig.exchange.hung.is_set)
    rig.exchange.hangs_on = ""
    if rig.exchange.wording.snapshot_by_rest:
        await rig.exchange.close_sockets()
    await rig.told(DOWN)
    assert not rig.books()
    await rig.live()
    assert isinstance(rig.collector.messages[rig.collector.messages.index(_first_book(rig))], BookSnapshot)


def _first_book(rig: Rig) -> Any:
    return next(m for m in rig.collector.messages if not isinstance(m, Trade) and hasattr(m, "bids"))
