"""Frames of a made-up Binance stream for tests of faults: written out by hand, one symbol."""

from __future__ import annotations

import gzip
from pathlib import Path

START = 1_723_161_254_000_000_000


def line(at_ms: int, frame: str) -> str:
    return f"{START + at_ms * 1_000_000} {frame}"


def depth(first: int, last: int, *, bids: str = "[]", asks: str = "[]", pu: int | None = None) -> str:
    previous = "" if pu is None else f'"pu":{pu},'
    return (
        '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT",'
        f'"U":{first},"u":{last},{previous}"b":{bids},"a":{asks}}}}}'
    )


def snapshot(last: int, *, bids: str = '[["100.00","1.0"]]', asks: str = '[["101.00","1.0"]]') -> str:
    return f'{{"lastUpdateId":{last},"bids":{bids},"asks":{asks}}}'


def trade(number: int, *, price: str = "100.50", qty: str = "0.10", seller: bool = True) -> str:
    return (
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",'
        f'"t":{number},"p":"{price}","q":"{qty}","T":1723161255342,"m":{str(seller).lower()},"M":true}}}}'
    )


def quote(bid: str = "100.00", ask: str = "101.00") -> str:
    return (
        '{"stream":"btcusdt@bookTicker","data":{"u":5,"s":"BTCUSDT",'
        f'"b":"{bid}","B":"3.5","a":"{ask}","A":"1.25"}}}}'
    )


def recording(folder: Path, frames: list[str], *, name: str = "made.gz") -> Path:
    """A recording with one frame each ten milliseconds."""
    path = folder / name
    lines = [line(10 * number, frame) for number, frame in enumerate(frames)]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    return path
