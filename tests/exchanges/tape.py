"""What happens on a made-up or a captured market, step by step, in no venue's words.

A step is a change of the book or a print. The first change is the whole book. What a venue cuts off
below its depth is a change here too, so that a book is only ever what its changes say.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.exchanges.captures import DecimalBook, Levels, kraken_frames

DEPTH = 60
STEPS = 400


class Change(NamedTuple):
    bids: Levels
    asks: Levels


class Print(NamedTuple):
    price: Decimal
    qty: Decimal
    side: str
    number: int = 0
    at_ms: int = 0


Step = Change | Print


class Market:
    """A book and its prints: steps are taken from a tape, and prices can be moved all at once."""

    def __init__(self, tape: Iterable[Step]) -> None:
        self.book = DecimalBook()
        self.offset = Decimal(0)
        self._tape = iter(tape)
        self._printed = 1000

    def step(self) -> Step:
        """The next step, after it has been taken."""
        step = next(self._tape)
        while isinstance(step, Change) and not any(step):
            step = next(self._tape)
        if isinstance(step, Change):
            return self.take(Change(self._moved(step.bids), self._moved(step.asks)))
        return self.printed(step._replace(price=step.price + self.offset))

    def take(self, change: Change) -> Change:
        self.book.apply(change.bids, change.asks)
        return change

    def printed(self, step: Print) -> Print:
        self._printed += 1
        return step._replace(number=self._printed)

    def jump(self, offset: Decimal) -> None:
        """Move every price, unseen."""
        self.offset += offset
        bids, asks = self.book.top(10_000)
        self.book = DecimalBook()
        self.book.apply([(p + offset, q) for p, q in bids], [(p + offset, q) for p, q in asks])

    def _moved(self, levels: Levels) -> Levels:
        return [(price + self.offset, qty) for price, qty in levels]


def generated(
    *, tick: Decimal = Decimal("0.1"), lot: Decimal = Decimal("0.001"), start: int = 600_000, seed: int = 7
) -> Iterator[Step]:
    """A walk: levels come, change and go around a mid that drifts, with prints at the touch."""
    chance, mid = Random(seed), start

    def size() -> Decimal:
        return chance.randint(1, 5000) * lot

    bids = {mid - 1 - away: size() for away in range(25)}
    asks = {mid + 1 + away: size() for away in range(25)}
    yield Change([(p * tick, q) for p, q in bids.items()], [(p * tick, q) for p, q in asks.items()])
    while True:
        if chance.random() < 0.3:
            is_buy = chance.random() < 0.5
            yield Print((min(asks) if is_buy else max(bids)) * tick, size(), "buy" if is_buy else "sell")
        drift = chance.choice((-1, 0, 0, 0, 1))
        mid += drift
        change: dict[bool, dict[int, Decimal]] = {True: {}, False: {}}
        for is_bid, side in ((True, bids), (False, asks)):
            for price in [each for each in side if (each >= mid if is_bid else each <= mid)]:
                change[is_bid][price] = Decimal(0)
            price = mid - chance.randint(1, 20) if is_bid else mid + chance.randint(1, 20)
            is_gone = price in side and len(side) > 20 and chance.random() < 0.5
            change[is_bid][price] = Decimal(0) if is_gone else size()
            _keep(side, change[is_bid])
        yield Change(*([(p * tick, q) for p, q in change[each].items()] for each in (True, False)))


def _keep(side: dict[int, Decimal], changes: dict[int, Decimal]) -> None:
    for price, qty in changes.items():
        side[price] = qty
        if not qty:
            del side[price]


# --- captured markets


class _Cut:
    """Turns a capture into explicit changes of a book of limited depth."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._book = DecimalBook()

    def whole(self, bids: list[Any], asks: list[Any]) -> Change:
        self._book = DecimalBook()
        self._book.apply(bids, asks)
        self._book.cut(self._depth)
        return Change(*self._book.top(self._depth))

    def change(self, bids: list[Any], asks: list[Any]) -> Change:
        before = dict(self._book.bids), dict(self._book.asks)
        known_bids, known_asks = (
            [level for level in side if self._has(level, index)] for index, side in enumerate((bids, asks))
        )
        self._book.apply(known_bids, known_asks)
        self._book.cut(self._depth)
        return Change(*(_difference(old, new) for old, new in zip(before, self._sides(), strict=True)))

    def _has(self, level: Any, index: int) -> bool:
        """A level that is removed has to be there: what was cut off is not known any more."""
        return bool(Decimal(str(level[1]))) or Decimal(str(level[0])) in self._sides()[index]

    def _sides(self) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
        return self._book.bids, self._book.asks


def _difference(old: dict[Decimal, Decimal], new: dict[Decimal, Decimal]) -> Levels:
    gone = [(price, Decimal(0)) for price in old if price not in new]
    return gone + [(price, qty) for price, qty in new.items() if old.get(price) != qty]


@cache
def binance(captures: Path, *, futures: bool) -> tuple[Step, ...]:
    """The first steps behind the inline snapshot of a captured session."""
    name = "usdm_ethusdt_20240808" if futures else "spot_btcusdt_20240808"
    cut, steps, last = _Cut(DEPTH), list[Step](), 0
    with gzip.open(captures / "hftbacktest" / f"{name}.gz", "rt") as lines:
        for line in lines:
            event = json.loads(line.split(" ", 1)[1])
            body = event.get("data", event)
            if "lastUpdateId" in body:
                last = body["lastUpdateId"]
                steps = [cut.whole(body["bids"], body["asks"])]
            elif last and body.get("e") == "depthUpdate" and body["u"] > last:
                steps.append(cut.change(body["b"], body["a"]))
            elif last and body.get("e") == "trade":
                steps.append(_print(body["p"], body["q"], "sell" if body["m"] else "buy"))
            if len(steps) > STEPS:
                break
    return tuple(steps)


def _print(price: Any, qty: Any, side: str) -> Print:
    return Print(Decimal(str(price)), Decimal(str(qty)), side)


def _captured(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            stamp, _, text = line.partition(": ")
            if stamp[:1].isdigit():
                yield json.loads(text, parse_float=Decimal)


@cache
def okx(captures: Path) -> tuple[Step, ...]:
    return tuple(islice(_okx(captures), STEPS))


def _okx(captures: Path) -> Iterator[Step]:
    cut, is_begun = _Cut(DEPTH), False
    for frame in _captured(captures / "cryptofeed" / "OKX.ws.1.0.gz"):
        if frame["arg"]["instId"] != "BTC-USDT" or "data" not in frame:
            continue
        is_begun = is_begun or frame.get("action") == "snapshot"
        if not is_begun:
            continue
        for item in frame["data"]:
            if frame["arg"]["channel"] == "trades":
                yield _print(item["px"], item["sz"], item["side"])
            elif frame["arg"]["channel"] == "books":
                take = cut.whole if frame["action"] == "snapshot" else cut.change
                yield take(*([level[:2] for level in item[side]] for side in ("bids", "asks")))


@cache
def kraken_futures(captures: Path) -> tuple[Step, ...]:
    return tuple(islice(_kraken_futures(captures), STEPS))


def _kraken_futures(captures: Path) -> Iterator[Step]:
    cut, is_begun = _Cut(DEPTH), False
    for frame in _captured(captures / "cryptofeed" / "KRAKEN_FUTURES.ws.1.0.gz"):
        if frame.get("product_id") != "PI_ETHUSD":
            continue
        if frame["feed"] == "book_snapshot":
            is_begun = True
            yield cut.whole(
                *([(each["price"], each["qty"]) for each in frame[side]] for side in ("bids", "asks"))
            )
        elif frame["feed"] == "book" and is_begun:
            level = [(frame["price"], frame["qty"])]
            yield cut.change(*((level, []) if frame["side"] == "buy" else ([], level)))
        elif frame["feed"] == "trade" and is_begun:
            yield _print(frame["price"], frame["qty"], frame["side"])


@cache
def kraken(captures: Path) -> tuple[Step, ...]:
    """A captured book without prints: every fifth step is one at its best bid."""
    cut, steps = _Cut(10), list[Step]()
    for text in kraken_frames(captures):
        frame = json.loads(text, parse_float=Decimal)
        if frame.get("channel") != "book":
            continue
        part = frame["data"][0]
        take = cut.whole if frame["type"] == "snapshot" else cut.change
        change = take(*([(each["price"], each["qty"]) for each in part[side]] for side in ("bids", "asks")))
        steps.append(change)
        if len(steps) % 5 == 0:
            steps.append(Print(max(cut._book.bids), Decimal("0.01"), "sell"))
        if len(steps) > STEPS:
            break
    return tuple(steps)
