"""The same order file through the program and through a second implementation: the same fills.

Prices of the orders are chosen where the books stood, so that markets walk, limits join, improve and
cross, and stops are near enough to fire. Then both read the capture and the file from the start.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from tests.reference.exchange import BUY, SECOND, SELL, D, Entry, Exchange, lines, play

pytestmark = pytest.mark.captures

ROUNDS = 80
ROUND_S = 4
"""Orders for three seconds, then everything is canceled and closed."""
T = TypeVar("T")
Step = tuple[int, Entry | str]
"""What is done so many seconds after the first line."""


class Case(NamedTuple):
    name: str
    tick: Decimal
    lot: Decimal
    fee_in_base: Decimal
    shorts: bool

    def paths(self, captures: Path) -> list[Path]:
        return [captures / "hftbacktest" / f"{self.name}_20240808.gz"]

    def exchange(self) -> Exchange:
        return Exchange(self.tick, lot=self.lot, fee_in_base=self.fee_in_base)


CASES = {
    "spot": Case("spot_btcusdt", D("0.01"), D("0.000001"), D("0.001"), shorts=False),
    "linear": Case("usdm_ethusdt", D("0.01"), D("0.001"), D(0), shorts=True),
    "inverse": Case("cm_btcusd_perp", D("0.1"), D(1), D(0), shorts=True),
}


def played(exchange: Exchange, paths: list[Path], due: Iterable[tuple[int, T]]) -> Iterator[T]:
    """Play a capture and stop at each due time (ns), after the messages received until then."""
    waiting = iter(due)
    at, what = next(waiting)
    last_id = None
    early: list[tuple[int, dict[str, Any]]] = []
    for now, message in lines(paths):
        while now > at:
            exchange.now = at
            yield what
            if (following := next(waiting, None)) is None:
                return
            at, what = following
        if last_id is None and message.get("e") == "depthUpdate":
            early.append((now, message))
        last_id = play(exchange, now, message, last_id)
        while last_id is not None and early:
            last_id = play(exchange, *early.pop(0), last_id)


def scenario(case: Case, paths: list[Path]) -> list[Step]:
    """What to do when, at prices that the books of those moments suggest."""
    start = next(iter(lines(paths)))[0]
    exchange = case.exchange()
    seconds = {number: 10 + ROUND_S * number for number in range(ROUNDS)}
    steps: list[Step] = []
    times = [(start + second * SECOND, number) for number, second in seconds.items()]
    for number in played(exchange, paths, times):
        at = seconds[number]
        steps += [(at, entry(case, exchange, number)), (at + 3, "cancel all"), (at + 3, "flatten")]
    return steps


def entry(case: Case, exchange: Exchange, number: int) -> Entry:
    """One of seven kinds of orders at what the book shows now."""
    side = SELL if case.shorts and number % 3 == 1 else BUY
    own = sorted(exchange.book[side], reverse=side == BUY)
    other = sorted(exchange.book[-side], reverse=side == SELL)
    inside = own[0] + side * case.tick
    limits = {
        1: own[0],
        2: own[2],
        3: inside if inside != other[0] else own[0],
        4: other[2],
        5: other[1],
    }
    kind = number % 7
    limit = limits.get(kind)
    shown = sum((exchange.book[-side][price] for price in other[:3]), D(0))
    size = shown / (2 if kind in (0, 4, 5, 6) else 16)
    far = own[0] * (1 - side * D("0.01")) // case.tick * case.tick
    # behind the last print too, or it would be refused
    near = side * min(side * own[0], side * exchange.last) - side * (3 + number % 5) * case.tick
    tail = {3: "post", 5: "ioc"}.get(kind, "")
    lots = (size // case.lot + 1) * case.lot
    return Entry(f"o{number}", side, lots, limit, far if limit is not None else near, tail)


def expected(case: Case, paths: list[Path], steps: list[Step]) -> Exchange:
    start = next(iter(lines(paths)))[0]
    exchange = case.exchange()
    for step in played(exchange, paths, [(start + at * SECOND, what) for at, what in steps]):
        if isinstance(step, Entry):
            exchange.enter(step)
        elif step == "flatten":
            exchange.flatten()
        else:
            exchange.cancel_all()
    return exchange


def replayed(paths: list[Path], file: Path, steps: list[Step]) -> dict[str, Any]:
    rows = [
        {"at": f"+{at}s", "do": str(step), **({"id": step.name} if isinstance(step, Entry) else {})}
        for at, step in steps
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ["replay", *map(str, paths), "--headless", "--json"]
    arguments += ["--orders", str(file), "--balance", "1000000000"]
    done = subprocess.run(
        [sys.executable, "-m", "tradetui", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_second_implementation_fills_the_same_order_file_alike(
    captures: Path, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    paths = case.paths(captures)
    steps = scenario(case, paths)
    found = replayed(paths, tmp_path / "orders.jsonl", steps)
    wanted = expected(case, paths, steps).fills
    assert {fill[0] for fill in wanted if not fill[0].startswith("o")} == {"flatten", "stop"}
    assert {fill[4] for fill in wanted} == {"maker", "taker"}
    assert len(wanted) > 150
    for number, (fill, want) in enumerate(zip(found["fills"], wanted, strict=False)):
        side = BUY if fill["side"] == "buy" else SELL
        got = (side, D(fill["qty"]), D(fill["price"]), fill["liquidity"])
        assert got == want[1:], f"fill {number} of {want[0]}"
    assert len(found["fills"]) == len(wanted)
