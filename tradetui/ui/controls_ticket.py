"""The words of the ticket's fields: a draft becomes text, and text a draft or a fault in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from tradetui.domain.command import Follow, How, SetStop, SetTarget, Size, SizeUnit, Stop, Target
from tradetui.domain.grammar import GrammarError, parse, parse_how
from tradetui.domain.number import canonical, parse_decimal
from tradetui.domain.order import TimeInForce, Trail, TriggerBy
from tradetui.domain.view import Draft
from tradetui.ui.controls import read_size

FIELDS: Final = ("size", "limit", "stop", "target", "how")
PLACEHOLDERS: Final[Mapping[str, str]] = {
    "size": "0.5r  0.25  500usdt  10%",
    "limit": "empty: at market",
    "stop": "61000  1.5atr  trail 1%  61000/60950",
    "target": "62000  2r  2r 50%, 3r; empty: none",
    "how": "post ioc until +5m trigger 61000",
}
_TRAIL: Final = ("trail", "trai", "tra")
_SPANS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_UNITS: Final = {SizeUnit.BASE: "", SizeUnit.RISK: "r"}
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
"""A number as the screen writes it; with its commas elsewhere it may mean another one."""
_UNCLEAR: Final = re.compile(r"\d[\d,.]*,\d[\d,.]*")
_ATR: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)?\s*atr(\s+trail)?", re.IGNORECASE)


def words_of(draft: Draft, symbol: str) -> dict[str, str]:
    """The text of each field."""
    stop = draft.stop
    targets = draft.more_targets if draft.target is None else (draft.target, *draft.more_targets)
    return {
        "size": size_words(draft.size, symbol),
        "limit": "" if draft.limit is None else canonical(draft.limit),
        "stop": _stop_words(stop),
        "target": ", ".join(_target_words(each) for each in targets),
        "how": how_words(draft.how),
    }


def how_words(how: How) -> str:
    """As the grammar has it: trigger 61000 by mark until +5m post."""
    flags = (
        _trigger_words(how),
        _chase_words(how.chase) if how.chase is not None else "",
        _tif_words(how),
        "post" if how.post_only else "",
        "reduce" if how.reduce_only else "",
    )
    return " ".join(words for words in flags if words)


def _trigger_words(how: How) -> str:
    by = "" if how.trigger_by is TriggerBy.LAST else f" by {how.trigger_by.value}"
    if how.trail is not None:
        return f"trigger {_trail_words(how.trail)}{by}"
    if how.trigger is None:
        return ""
    return f"{'touch' if how.take_profit else 'trigger'} {canonical(how.trigger)}{by}"


def _chase_words(chase: Follow) -> str:
    far = "" if chase.distance is None else canonical(chase.distance)
    far = far if chase.rate is None else f"{canonical(chase.rate * 100)}%"
    most = "" if chase.most is None else f"x{chase.most}"
    return " ".join(words for words in ("chase", far, most, "take" if chase.take else "") if words)


def _tif_words(how: How) -> str:
    if how.tif is not TimeInForce.GTD:
        return "" if how.tif is TimeInForce.GTC else how.tif.value
    if how.expire_at:
        return f"until {how.expire_at}"
    if how.expire_after_ns:
        return f"until +{_span(how.expire_after_ns)}"
    return f"until {datetime.fromtimestamp(how.expire_ts // 10**9, UTC):%Y-%m-%dT%H:%M:%S}"


def _span(ns: int) -> str:
    """A time as the grammar has it, in the largest unit that fits."""
    seconds = ns // 10**9
    unit, length = next((unit, length) for unit, length in _SPANS.items() if not seconds % length)
    return f"{seconds // length}{unit}"


def _stop_words(stop: Stop) -> str:
    """As the grammar has it: 61000/60950 trail 1% from 62000, or 1.5atr trail."""
    price = f"{multiple(stop)}atr" if stop.atr is not None else ""
    price = canonical(stop.price) if stop.price is not None else price
    limit = "" if stop.limit is None else f"/{canonical(stop.limit)}"
    trail = "" if stop.trail is None else _trail_words(stop.trail)
    by = "" if stop.by is None else f" by {stop.by.value}"
    return (f"{price}{limit} {trail}".strip() if price else f"{trail}{limit}") + by


def _trail_words(trail: Trail) -> str:
    rate = "" if trail.rate is None else f" {canonical(trail.rate * 100)}%"
    distance = "" if trail.distance is None else f" {canonical(trail.distance)}"
    begins = "" if trail.activation is None else f" from {canonical(trail.activation)}"
    return f"trail{rate}{distance}{begins}"


def multiple(stop: Stop) -> str:
    """How many ATR, to two digits."""
    return canonical(round(stop.atr or Decimal(1), 2))


def size_words(size: Size, symbol: str) -> str:
    """A size as the command line has it."""
    if size.unit is SizeUnit.EQUITY:
        return f"{canonical(size.value * 100)}%"
    if size.unit is SizeUnit.POSITION:
        return "all"
    if size.unit is SizeUnit.QUOTE:
        quote = symbol.partition("/")[2].partition(":")[0]
        return f"{canonical(size.value)}{quote.lower()}"
    return canonical(size.value) + _UNITS[size.unit]


def _target_words(target: Target) -> str:
    where = f"{canonical(target.r)}r" if target.r is not None else canonical(target.price or Decimal(0))
    how = "/market" if target.market else ""
    how = how if target.limit is None else f"/{canonical(target.limit)}"
    how += "" if target.by is TriggerBy.LAST else f" by {target.by.value}"
    size = target.size
    if size is None:
        return where + how
    part = size.unit is SizeUnit.POSITION
    return f"{where}{how} {canonical(size.value * 100) + '%' if part else canonical(size.value)}"


def read_fields(texts: Mapping[str, str], symbol: str, timeframe: str) -> tuple[Draft | None, dict[str, str]]:
    """The draft that the fields describe, or the faults by field in words."""
    faults: dict[str, str] = {}
    texts = {name: texts.get(name, "").strip() for name in FIELDS}
    size = _size(texts["size"], symbol, faults)
    limit = _price("limit", texts["limit"], faults) if texts["limit"] else None
    stop = _stop(texts["stop"], timeframe, faults)
    targets = _targets(texts["target"], faults) if texts["target"] else []
    how = _how(texts["how"], faults)
    if faults:
        return None, faults
    first = targets[0] if targets else None
    return Draft(
        size=size, limit=limit, stop=stop, target=first, more_targets=tuple(targets[1:]), how=how
    ), {}


def _how(text: str, faults: dict[str, str]) -> How:
    """The clauses of the command line that have no field of their own."""
    try:
        return parse_how(text)
    except GrammarError as error:
        word = text[error.start : error.end].lower()
        hint = "; trigger trail 1% makes the order trail" if word in _TRAIL else ""
        faults["how"] = f"how: {error.message}{hint}"
        return How()


def _size(text: str, symbol: str, faults: dict[str, str]) -> Size:
    try:
        return read_size(text, symbol)
    except GrammarError as error:
        faults["size"] = f"size: {error.message}"
        return Size(Decimal(1))


def _price(name: str, text: str, faults: dict[str, str], wanted: str = "a price above zero") -> Decimal:
    try:
        price = parse_decimal(text.replace(",", "") if _GROUPED.fullmatch(text) else text)
    except ValueError:
        price = Decimal(0)
    if price <= 0:
        faults[name] = f"{name}: expected {wanted}, was {text!r}"
    return price


def _stop(text: str, timeframe: str, faults: dict[str, str]) -> Stop:
    if match := _ATR.fullmatch(text):
        atr = Decimal(match[1] or 1)
        if atr == 0:
            faults["stop"] = "stop: expected a multiple of ATR above zero"
        return Stop(atr=atr, timeframe=timeframe, trail=Trail() if match[2] else None)
    if "/" in text or set(text.lower().split()) & {"by", "tra", "trai", "trail"}:
        return _typed_stop(text, faults)
    return Stop(price=_price("stop", text, faults, "a price above zero or a multiple such as 1.5atr"))


def _typed_stop(text: str, faults: dict[str, str]) -> Stop:
    """A stop in the words of the command line."""
    try:
        command = parse(f"stop {text}", symbol="-", symbols=())
    except GrammarError as error:
        faults["stop"] = f"stop: {error.message}"
        return Stop()
    assert isinstance(command, SetStop)  # noqa: S101 - the verb above makes no other command
    return command.stop


def _targets(text: str, faults: dict[str, str]) -> list[Target]:
    """One target, or several with their sizes in the words of the command line: 2r 50%, 3r."""
    if match := _UNCLEAR.search(text):
        said = match[0]
        apart = said.replace(",", ", ")
        faults["target"] = f"target: {said} may be one price or two: write {said.replace(',', '')} or {apart}"
        return []
    if not set(text) & set(", /"):
        return [_target(text, faults)]
    line = " target ".join(part.strip() for part in text.split(","))
    try:
        command = parse(f"target {line}", symbol="-", symbols=())
    except GrammarError as error:
        faults["target"] = f"target: {error.message}"
        return []
    assert isinstance(command, SetTarget)  # noqa: S101 - the verb above makes no other command
    return [command.target, *command.more]


def _target(text: str, faults: dict[str, str]) -> Target:
    if text[-1:] in "rR":
        return Target(r=_price("target", text[:-1], faults, "a multiple of R such as 2r"))
    return Target(price=_price("target", text, faults, "a price above zero or a multiple of R such as 2r"))
