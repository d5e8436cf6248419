"""What a headless replay costs beside decoding its lines: python -m tests.benchmarks.bench_replay.

Gunzip and imports are left out of both sides: the recording lies unpacked in memory-backed files,
and reading those is counted on our side only.
"""

from __future__ import annotations

import gc
import gzip
import json
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import msgspec

from tests.captures import CAPTURES
from tradetui.engine import Engine
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.headless import run_headless
from tradetui.trading.settings import EngineSettings

ROUNDS = 7
BOUND = 4.0
FILES = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")


def unpacked(folder: Path) -> list[Path]:
    """The recording without its compression."""
    paths = [folder / name.removesuffix(".gz") for name in FILES]
    for name, path in zip(FILES, paths, strict=True):
        path.write_bytes(gzip.decompress((CAPTURES / "hftbacktest" / name).read_bytes()))
    return paths


def ours(paths: list[Path]) -> float:
    """CPU seconds of scan, decoding, books, trades, candles and engine."""
    gc.collect()
    begun = process_time()
    feed = ReplayFeed(paths, speed=math.inf)
    engine = Engine(EngineSettings(account="replay", currency="USDT", balance=Decimal(10_000)))
    feed.crossed = lambda symbol: engine.markets[symbol].book.is_crossed
    run_headless(engine, feed.pump)
    return process_time() - begun


def peer(lines: list[bytes]) -> float:
    """CPU seconds of `msgspec.json.decode` alone on the same lines."""
    gc.collect()
    decode = msgspec.json.decode
    begun = process_time()
    for line in lines:
        decode(line)
    return process_time() - begun


def run() -> list[dict[str, Any]]:
    """One row: medians of interleaved rounds."""
    with tempfile.TemporaryDirectory() as folder:
        paths = unpacked(Path(folder))
        lines = [line[20:] for path in paths for line in path.read_bytes().splitlines()]
        rounds = [(ours(paths), peer(lines)) for _ in range(ROUNDS)]
    mine, other = (median(column) for column in zip(*rounds, strict=True))
    ratio = median(a / b for a, b in rounds)
    return [
        {
            "name": "headless replay of the BTCUSDT capture",
            "ours": mine,
            "peer": "msgspec.json.decode",
            "peer_value": other,
            "ratio": ratio,
            "bound": BOUND,
            "holds": ratio <= BOUND,
        }
    ]


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row))
