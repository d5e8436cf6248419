"""The little language in which a case is told: one line a step, a tenth of a second apart.

book 5@99 4@98 / 1@100 2@100.5     every level: bids / asks
bids 3@99  or  asks 0@100          levels that changed
print 2@99 sell                    a public print and its aggressor; none where it is not known
print 2@99 sell late               one that happened before the book's last change
a: buy 4 limit 100.5 ioc           an order of ours; also fok, post, reduce, gtd STEP
a: sell 1 trigger 98 limit 97      a stop; with touch in place of trigger it waits for a better price
a: sell 1 trail 2 from 103         a trailing stop and its activation; bp 50 in place of a distance
a: buy 4 limit 99 or b: sell 4 limit 101    the first fill of one takes the other away
a: stop 98                         the position's protective stop, of its size
a: buy 4 stop 98 target 103        an entry with both (a.stop, a.target)
amend a qty 3 limit 99             and cancel a
wait 12                            so many steps without anything
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradetui.domain.market_data import Side
from tradetui.domain.order import TimeInForce

D = Decimal
STEP_NS = 100_000_000
LATE_NS = STEP_NS // 2
"""How much a late print is older than the step before its own."""
Level = tuple[Decimal, Decimal]
"""Price and size."""


@dataclass(frozen=True)
class Book:
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    whole: bool
    """Whether these are all levels, or those that changed."""


@dataclass(frozen=True)
class Print:
    price: Decimal
    qty: Decimal
    aggressor: Side | None
    late: bool


@dataclass(frozen=True)
class Place:
    name: str
    side: Side
    qty: Decimal
    limit: Decimal | None = None
    trigger: Decimal | None = None
    touch: Decimal | None = None
    trail: Decimal | None = None
    bp: Decimal | None = None
    """The trailing distance in basis points."""
    activation: Decimal | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    until: int = 0
    """The step that is a gtd order's last moment."""
    post_only: bool = False
    reduce_only: bool = False


@dataclass(frozen=True)
class Either:
    first: Place
    second: Place


@dataclass(frozen=True)
class Protect:
    name: str
    trigger: Decimal


@dataclass(frozen=True)
class Amend:
    name: str
    qty: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None


@dataclass(frozen=True)
class Cancel:
    name: str


@dataclass(frozen=True)
class Wait:
    pass


Step = Book | Print | Place | Either | Protect | Amend | Cancel | Wait


def read(script: str) -> tuple[Step, ...]:
    """The steps of a script; raises ValueError for a line that is none."""
    steps: list[Step] = []
    for line in script.strip().splitlines():
        word, *rest = line.split()
        steps += [Wait()] * int(rest[0]) if word == "wait" else [_step(line.strip())]
    return tuple(steps)


def _step(line: str) -> Step:
    if " or " in line:
        first, second = (_step(part) for part in line.split(" or "))
        if isinstance(first, Place) and isinstance(second, Place):
            return Either(first, second)
    word, *rest = line.split()
    if word.endswith(":"):
        return _order(word[:-1], rest)
    if word in ("book", "bids", "asks"):
        return _book(word, line.removeprefix(word))
    if word == "print":
        (level,), sides = _levels(rest[0]), [Side(side) for side in rest[1:] if side != "late"]
        return Print(*level, aggressor=sides[0] if sides else None, late="late" in rest)
    if word == "amend":
        name, *changes = rest
        return Amend(name, **{key: D(value) for key, value in _pairs(changes)})
    if word == "cancel":
        return Cancel(rest[0])
    raise ValueError(f"expected a step, was {line!r}")


def _book(word: str, text: str) -> Book:
    if word != "book":
        levels = _levels(text)
        return Book(levels if word == "bids" else (), levels if word == "asks" else (), whole=False)
    bids, _, asks = text.partition("/")
    return Book(_levels(bids), _levels(asks), whole=True)


def _levels(text: str) -> tuple[Level, ...]:
    pieces = (piece.split("@") for piece in text.split())
    return tuple((D(price), D(size)) for size, price in pieces)


def _order(name: str, words: list[str]) -> Place | Protect:
    if words[0] == "stop":
        return Protect(name, D(words[1]))
    side, qty, *rest = words
    tif = next((TimeInForce(word) for word in rest if word in ("ioc", "fok", "gtd")), TimeInForce.GTC)
    flags = {"post", "reduce", "ioc", "fok"}
    values = dict(_pairs([word for word in rest if word not in flags]))
    until = int(values.pop("gtd", 0))
    prices = {{"from": "activation"}.get(key, key): D(value) for key, value in values.items()}
    return Place(
        name,
        Side(side),
        D(qty),
        tif=tif,
        until=until,
        post_only="post" in rest,
        reduce_only="reduce" in rest,
        **prices,
    )


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(words[::2], words[1::2], strict=True))
