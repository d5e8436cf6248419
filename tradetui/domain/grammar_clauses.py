"""The parts of an order's line: size, prices that stand, prices that follow, targets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from tradetui.domain.command import Follow, How, Size, SizeUnit, Stop, Target
from tradetui.domain.grammar_reader import NUMBER, Reader, Words, beginning, is_price
from tradetui.domain.number import ONE
from tradetui.domain.order import TimeInForce, Trail, TriggerBy

CLAUSES: Final = Words(
    ("limit", "trigger", "stop", "target", "post", "ioc", "fok", "reduce"),
    ("touch", "until", "scale", "chase"),
)
_ONE_OF: Final = {"ioc": "tif", "fok": "tif", "until": "tif", "touch": "trigger"}
"""Clauses of which only one may stand, by what they decide."""
_HUNDRED: Final = Decimal(100)
_TRAIL: Final = ("tra", "trai", "trail")
"""After a price `tr` is the clause trigger, as it always was."""
_FROM: Final = ("fr", "fro", "from")
_ALL: Final = "all"
_MARKET: Final = "market"
_TARGET_SIZE: Final = re.compile(NUMBER.pattern + "(%?)")

_TIMES: Final = re.compile(r"[xX](\d{1,4})")
_SOURCES: Final = Words(tuple(TriggerBy))
_JOINS: Final = ("oco", "then")
_LATER: Final = re.compile(r"\+(\d{1,6})([SMHD])")
_UNIT_NS: Final = {"S": 10**9, "M": 60 * 10**9, "H": 3600 * 10**9, "D": 86400 * 10**9}
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z?")


class Until(NamedTuple):
    """When an order ends: a moment, so long after it is taken, or the next time of day."""

    ts: int = 0
    after_ns: int = 0
    at: str = ""


class Steps(NamedTuple):
    """The prices of a scale and how many orders stand between them."""

    first: Decimal
    last: Decimal
    orders: int


Clause = Decimal | Stop | list[Target] | TimeInForce | Trail | TriggerBy | Until | Steps | Follow | bool
"""What the word of a clause brings with it."""


def _moment(word: str) -> int:
    """Nanoseconds UTC of a date and a time; 0 for a date that does not exist."""
    try:
        moment = datetime.fromisoformat(word.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return 0
    return int(moment.timestamp()) * 10**9


def how_of(clauses: Mapping[str, Clause]) -> How:
    """What clauses say beside limit, stop and targets."""
    trigger, tif = clauses.get("trigger"), clauses.get("tif", TimeInForce.GTC)
    until = tif if isinstance(tif, Until) else Until()
    chase, by = clauses.get("chase"), clauses.get("by")
    return How(
        trigger=trigger if isinstance(trigger, Decimal) else None,
        trail=trigger if isinstance(trigger, Trail) else None,
        take_profit="touch" in clauses,
        trigger_by=by if isinstance(by, TriggerBy) else TriggerBy.LAST,
        tif=tif if isinstance(tif, TimeInForce) else TimeInForce.GTD,
        expire_ts=until.ts,
        expire_after_ns=until.after_ns,
        expire_at=until.at,
        post_only="post" in clauses,
        reduce_only="reduce" in clauses,
        chase=chase if isinstance(chase, Follow) else None,
    )


def _list(found: Clause | None) -> list[Target]:
    return found if isinstance(found, list) else []


def _twice(name: str, word: str) -> str:
    if name == "tif":
        return f"ioc and fok{' and until' if word == 'until' else ''} exclude each other"
    return "trigger and touch exclude each other" if name == "trigger" else f"{word} stands twice"


class ClauseReader(Reader):
    """Reads what may stand in an order."""

    def is_joined(self) -> bool:
        """Whether another order follows, behind oco or then."""
        if not self.next_is(*_JOINS) or self.at + 1 >= len(self.words):
            return False
        return bool(beginning(self.words[self.at + 1][0], ("buy", "sell")))

    def clauses(self, offered: Sequence[str] = CLAUSES.all) -> dict[str, Clause]:
        """The clauses of an order by their word; ioc and fok are one; faults name those that are offered."""
        found: dict[str, Clause] = {}
        expected = f"{', '.join(offered[:-1])} or {offered[-1]}"
        while not self.done() and not self.is_joined():
            word = self.keyword(CLAUSES, expected, offered)
            name = _ONE_OF.get(word, word)
            if name == "target":
                found[name] = [*_list(found.get(name)), self.target()]
                continue
            if name in found:
                self.at -= 1
                raise self.wrong(_twice(name, word))
            found[name] = self._value_of(word)
            if word == "touch":
                found[word] = True
            if name == "trigger" and (by := self.source()) is not None:
                found["by"] = by
        return found

    def _value_of(self, word: str) -> Clause:
        readers: dict[str, Callable[[], Clause]] = {
            "stop": self.stop,
            "until": self.until,
            "scale": self._steps,
            "chase": self._chase,
        }
        if word in readers:
            return readers[word]()
        if word == "trigger" and self.next_is(*_TRAIL):
            return self.trail()[0]
        if word in ("limit", "trigger", "touch"):
            return self.price(f"a price after {word}")
        return TimeInForce(word) if word in ("ioc", "fok") else True

    # --- prices

    def stop(self) -> Stop:
        """A price, behind a slash the limit that it rests at, and how it follows the market."""
        if self.next_is(*_TRAIL):
            trail, rest = self.trail()
            return Stop(trail=trail, limit=rest, by=self.source())
        price, limit = self._pair("a price after stop")
        if not self.next_is(*_TRAIL):
            return Stop(price=price, limit=limit, by=self.source())
        self.at += 1
        has_value = not self.done() and self.peek()[:1].isdigit()
        trail = self.trail_value()[0] if has_value else Trail()
        return Stop(price=price, limit=limit, trail=trail, by=self.source())

    def source(self) -> TriggerBy | None:
        """The word by and the price that fires, where they follow."""
        if not self.next_is("by"):
            return None
        word = self.words[self.at + 1][0] if self.at + 1 < len(self.words) else ""
        found = _SOURCES.only(word.lower()) if word else None
        if found is None and self.looks_like_symbol("by"):
            return None
        self.at += 1
        if found is None:
            was = f", was {word!r}" if word else ""
            raise self.wrong(f"expected last, mark, index or bid_ask after by{was}")
        self.at += 1
        return TriggerBy(found)

    def _pair(self, expected: str) -> tuple[Decimal, Decimal | None]:
        trigger, slash, limit = "", "", ""
        if not self.done():
            trigger, slash, limit = self.peek().partition("/")
        if not slash:
            return self.price(expected), None
        if not (is_price(trigger) and is_price(limit)):
            raise self.wrong(f"expected {expected}, or two as in 61000/60950, was {self.peek()!r}")
        self.at += 1
        return Decimal(trigger), Decimal(limit)

    def trail(self) -> tuple[Trail, Decimal | None]:
        """The word trail and what stands behind it: 1% or a distance, and from which price on."""
        self.at += 1
        return self.trail_value(with_limit=True)

    def trail_value(self, *, with_limit: bool = False) -> tuple[Trail, Decimal | None]:
        """1% or a distance, behind a slash a limit, and the price from which on it follows."""
        expected = "a trail such as 1% or 300"
        if self.done():
            raise self.wrong(f"expected {expected}")
        word = self.peek()
        value, slash, limit = word.partition("/")
        number = value.removesuffix("%")
        if not is_price(number) or (slash and not (with_limit and is_price(limit))):
            raise self.wrong(f"expected {expected}, was {word!r}")
        self.at += 1
        is_rate = value.endswith("%")
        trail = Trail(
            rate=Decimal(number) / _HUNDRED if is_rate else None,
            distance=None if is_rate else Decimal(number),
            activation=self._activation(),
        )
        return trail, Decimal(limit) if limit else None

    def _activation(self) -> Decimal | None:
        if not self.next_is(*_FROM):
            return None
        self.at += 1
        return self.price("a price after from")

    def target(self) -> Target:
        """A price or a multiple of R, behind a slash how it executes, and how much of the position."""
        expected = "a price or a multiple of R (2r) after target"
        if self.done():
            raise self.wrong(f"expected {expected}")
        where, slash, how = self.peek().partition("/")
        r = re.fullmatch(NUMBER.pattern + "[rR]", where)
        is_price_too = bool(slash) and r is None and is_price(how)
        if not (r or is_price(where)) or (slash and how.lower() != _MARKET and not is_price_too):
            raise self.wrong(f"expected {expected}, was {self.peek()!r}")
        self.at += 1
        waits = is_price_too or how.lower() == _MARKET
        by = self.source() if waits else None
        return Target(
            by=by or TriggerBy.LAST,
            price=None if r else Decimal(where),
            r=Decimal(r.group(1)) if r else None,
            market=how.lower() == _MARKET,
            limit=Decimal(how) if is_price_too else None,
            size=self._target_size(),
        )

    def _target_size(self) -> Size | None:
        """50% (of the entry) or a quantity, where one follows."""
        match = None if self.done() else _TARGET_SIZE.fullmatch(self.peek())
        if match is None or Decimal(match.group(1)) == 0:
            return None
        self.at += 1
        number = Decimal(match.group(1))
        return Size(number / _HUNDRED, SizeUnit.POSITION) if match.group(2) else Size(number)

    def until(self) -> Until:
        """+10m, a time of day, or a date and a time in UTC."""
        expected = "+10m, 14:30 or 2026-08-10T14:30 after until"
        if self.done():
            raise self.wrong(f"expected {expected}")
        word = self.peek().upper()
        if found := _LATER.fullmatch(word):
            until = Until(after_ns=int(found[1]) * _UNIT_NS[found[2]])
        elif _CLOCK.fullmatch(word):
            until = Until(at=word)
        elif _MOMENT.fullmatch(word) and (moment := _moment(word)):
            until = Until(ts=moment)
        else:
            raise self.wrong(f"expected {expected}, was {self.peek()!r}")
        self.at += 1
        return until

    def _steps(self) -> Steps:
        """Two prices and a number of orders."""
        first, last = self.price("the first price after scale"), self.price("the last price of the scale")
        if self.done() or not self.peek().isdecimal():
            raise self.wrong("expected how many orders, as in scale 61000 60000 5")
        count = int(self.peek())
        self.at += 1
        return Steps(first, last, count)

    def _chase(self) -> Follow:
        """How far (a distance or 0.1%), how often (x10), and whether it takes at the end."""
        distance, rate, most, take = None, None, None, False
        if not self.done() and (found := _TARGET_SIZE.fullmatch(self.peek())):
            number = self._above_zero(found[1])
            distance, rate = (None, number / _HUNDRED) if found[2] else (number, None)
        if not self.done() and (found := _TIMES.fullmatch(self.peek())):
            most = int(self._above_zero(found[1]))
        if self.next_is("take"):
            self.at, take = self.at + 1, True
        return Follow(distance=distance, rate=rate, most=most, take=take)

    def _above_zero(self, digits: str) -> Decimal:
        if Decimal(digits) == 0:
            raise self.wrong("expected a number above zero")
        self.at += 1
        return Decimal(digits)

    # --- sizes

    def size(self) -> tuple[Decimal, str, int]:
        """A number, its unit as typed, and where it stood."""
        expected = "a size: 0.25, 500usdt, 10% or 0.5r"
        if self.done():
            raise self.wrong(f"expected {expected}")
        word = self.peek()
        if word.lower() == _ALL:
            self.at += 1
            return ONE, _ALL, self.at - 1
        match = NUMBER.match(word)
        if match is None:
            raise self.wrong(f"expected {expected}, was {word!r}")
        number = Decimal(match.group(1))
        if number == 0:
            raise self.wrong("expected a size above zero")
        self.at += 1
        return number, word[match.end() :].lower(), self.at - 1

    def size_of(self, number: Decimal, unit: str, symbol: str, at: int) -> Size:
        """What a number and a unit mean for a symbol."""
        base, _, rest = symbol.partition("/")
        quote, _, settle = rest.partition(":")
        coin_margined = settle == base
        if unit == "" or (unit == base.lower() and not coin_margined):
            return Size(number, SizeUnit.BASE)
        if unit == _ALL:
            return Size(number, SizeUnit.POSITION)
        if unit == "%":
            return Size(number / _HUNDRED, SizeUnit.EQUITY)
        if unit == "r":
            return Size(number, SizeUnit.RISK)
        if unit in (quote.lower(), "" if coin_margined else settle.lower()):
            return Size(number, SizeUnit.QUOTE)
        self.at = at
        words = f"%, r{'' if coin_margined else f', {base.lower()}'} or {quote.lower()}"
        raise self.wrong(f"expected {words} after the number, was {unit!r}")
