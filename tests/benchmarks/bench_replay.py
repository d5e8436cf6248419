"""Headless replay of the busiest spot capture against decoding the same lines and nothing else."""

from __future__ import annotations

import gzip
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from tradetui.engine import Engine
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.headless import run_headless
from tradetui.trading.settings import EngineSettings

ROUNDS = 7
BOUND = 4.0
NAMES = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")


def run() -> list[dict[str, Any]]:
    """CPU seconds of both, interleaved; the files lie unpacked, so gunzip is in neither."""
    captures = Path(os.environ.get("TRADETUI_CAPTURES", "../shared/data")) / "hftbacktest"
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name.removesuffix(".gz") for name in NAMES]
        for path, name in zip(paths, NAMES, strict=True):
            path.write_bytes(gzip.decompress((captures / name).read_bytes()))
        lines = [line.partition(b" ")[2] for path in paths for line in path.read_bytes().splitlines()]
        rounds = [(_replay(paths), _decode(lines)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(a / b for a, b in rounds)
    return [
        {
            "name": f"headless replay of {len(lines):,} messages, s",
            "ours": ours,
            "peer": "msgspec.json.decode of the same lines",
            "peer_value": theirs,
            "ratio": ratio,
            "bound": BOUND,
            "holds": ratio <= BOUND,
        }
    ]


def _replay(paths: list[Path]) -> float:
    start = time.process_time()
    feed = ReplayFeed(paths, speed=float("inf"))
    run_headless(Engine(EngineSettings().with_latency(0)), feed.pump)
    return time.process_time() - start


def _decode(lines: list[bytes]) -> float:
    decode = msgspec.json.decode
    start = time.process_time()
    for line in lines:
        decode(line)
    return time.process_time() - start
