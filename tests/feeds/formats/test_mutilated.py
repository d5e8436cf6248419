"""Lines that were cut, mixed or changed are refused in words, and nothing else ever happens."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from tradetui.feeds.formats.binance_public import BinancePublicReader
from tradetui.feeds.formats.cryptofeed import open_readers
from tradetui.feeds.formats.reader import Reader, Unreadable
from tradetui.feeds.formats.tardis import TardisReader

VENUES = ("BINANCE", "BINANCE_FUTURES", "COINBASE", "GATEIO", "KRAKEN", "KRAKEN_FUTURES", "KUCOIN", "OKX")
ODD = (b"", b"-1", b"NaN", b"null", b"{}", b"[]", b'"x"', b"1e400", b"\xff", b"0", b"true")


def mutilated(line: bytes, chance: random.Random) -> bytes:
    """A line with something taken away, put in or put in place of something else."""
    at, end = sorted(chance.choices(range(len(line) + 1), k=2))
    match chance.randrange(4):
        case 0:
            return line[:at]
        case 1:
            return line[:at] + line[end:]
        case 2:
            return line[:at] + chance.choice(ODD) + line[min(end, at + 6) :]
        case _:
            return line[:at] + line[at:end][::-1] + line[end:]


def survives(reader: Reader, line: bytes) -> None:
    words = "expected"
    try:
        ts = reader.stamp(line)
        if ts:
            list(reader.decode([line], ts))
    except Unreadable as error:
        words = str(error)
    assert "expected" in words


@pytest.mark.captures
@pytest.mark.parametrize("venue", VENUES)
def test_mutilated_lines_of_a_capture_are_refused_and_never_crash(captures: Path, venue: str) -> None:
    paths = sorted((captures / "cryptofeed").glob(f"{venue}.*gz"))[1:]
    lines = []
    for path in paths:
        with gzip.open(path) as file:
            lines.append(file.read().split(b"\n"))
    reader = open_readers([(path, found[0]) for path, found in zip(paths, lines, strict=True)])[0]
    chance = random.Random(venue)
    flat = [line for found in lines for line in found if line and len(line) < 5_000]
    for line in flat[:40]:
        survives(reader, line)
    for _ in range(1_500):
        survives(reader, mutilated(chance.choice(flat), chance))


@pytest.mark.parametrize(
    ("reader", "line"),
    [
        (
            TardisReader(b"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"),
            b"binance,BTCUSDT,1722988800000000,1722988800000900,false,bid,61000.5,0.25",
        ),
        (
            TardisReader(b"exchange,symbol,timestamp,local_timestamp,id,side,price,amount"),
            b"binance,BTCUSDT,1722988800000000,1722988800000900,17,unknown,61000.5,0.25",
        ),
        (
            BinancePublicReader(Path("BTCUSDT-trades-2024-08-07.csv"), b""),
            b"3700000000,61000.50000000,0.25000000,15250.1,1722988800000,True,True",
        ),
        (
            BinancePublicReader(Path("BTCUSDT-1m-2024-08-07.csv"), b""),
            b"1722988800000,61000.5,61010,60990,61001,12.5,1722988859999,1,200,6,1,0",
        ),
    ],
)
def test_mutilated_rows_are_refused_and_never_crash(reader: Reader, line: bytes) -> None:
    chance = random.Random(1)
    survives(reader, line)
    for _ in range(3_000):
        survives(reader, mutilated(line, chance))
