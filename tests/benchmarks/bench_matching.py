"""What a print costs that reaches no order of ours: python -m tests.benchmarks.bench_matching."""

from __future__ import annotations

import json
from decimal import Decimal
from statistics import median
from time import process_time
from typing import Any

from tests.engine.market import PERP, START, Table
from tradetui.domain.event import Event, OrderChanged
from tradetui.domain.market_data import Side, Trade
from tradetui.domain.order import Order, OrderState, OrderType
from tradetui.engine import Engine
from tradetui.state import State

FEW, MANY, PRINTS, ROUNDS, BOUND = 10, 100_000, 20_000, 9, 1.5


def engine_with(count: int) -> tuple[Engine, int]:
    """An engine whose account has so many orders in the book, all of them below the market."""
    table = Table().open([(59_999.9, 5.0)], [(60_000.1, 5.0)])
    state = State.fold(table.journal)
    for number in range(count):
        for step in (OrderState.SUBMITTED, OrderState.WORKING):
            body = OrderChanged(order=order(number, step))
            state.apply(Event(seq=state.seq + 1, ts=START, account="paper", body=body))
    table.engine = Engine(table.settings, state=state)
    table.open([(59_999.9, 5.0)], [(60_000.1, 5.0)])
    return table.engine, table.now


def order(number: int, state: OrderState) -> Order:
    """A buy limit far below the market."""
    return Order(
        order_id=f"O-{number + 1}",
        ts=START,
        symbol=PERP,
        side=Side.BUY,
        type=OrderType.LIMIT,
        qty=Decimal("0.001"),
        price=Decimal(50_000) - Decimal(number) / 10,
        state=state,
    )


def cost(engine: Engine, start: int) -> float:
    """CPU seconds of prints at the market."""
    prints = [Trade(PERP, start + n, start + n, 60_000.0, 0.01, Side.BUY, n) for n in range(PRINTS)]
    process = engine.process
    begun = process_time()
    for trade in prints:
        process(trade)
    return process_time() - begun


def run() -> list[dict[str, Any]]:
    """One row: medians of interleaved rounds."""
    (few, start), (many, _) = engine_with(FEW), engine_with(MANY)
    assert many.queue_ahead("O-1") is not None
    rounds = []
    for number in range(ROUNDS):
        moment = start + number * PRINTS
        rounds.append((cost(many, moment), cost(few, moment)))
    mine, other = (median(column) for column in zip(*rounds, strict=True))
    ratio = median(a / b for a, b in rounds)
    row = {"name": f"prints that cross nothing, {MANY:,} resting orders", "ours": mine, "ratio": ratio}
    peer = {"peer": f"the same with {FEW}", "peer_value": other}
    return [{**row, **peer, "bound": BOUND, "holds": ratio <= BOUND}]


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
