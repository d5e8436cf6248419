"""Checksums over a book's own digits: OKX (until it stopped sending one) and Bitget.

CRC32, signed, over the 25 best levels as the venue wrote them: bid price, bid size, ask price, ask size,
level by level, joined by colons; a side that has ended is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final
from zlib import crc32

_CHECKED: Final = 25
Texts = Sequence[Sequence[str]]


class TextBook:
    """The texts of both sides by price."""

    def __init__(self) -> None:
        self._sides: tuple[dict[float, str], dict[float, str]] = ({}, {})

    def replace(self, bids: Texts, asks: Texts) -> None:
        """Take a whole book."""
        self._sides = ({}, {})
        self.update(bids, asks)

    def update(self, bids: Texts, asks: Texts) -> None:
        """Take changes: a size of zero removes a level."""
        for side, levels in zip(self._sides, (bids, asks), strict=True):
            for level in levels:
                price = float(level[0])
                if float(level[1]):
                    side[price] = f"{level[0]}:{level[1]}"
                else:
                    side.pop(price, None)

    def texts(self) -> tuple[list[str], list[str]]:
        """Both sides, price and size with a colon between."""
        bids, asks = (list(side.values()) for side in self._sides)
        return bids, asks

    def resume(self, texts: Sequence[Sequence[str]]) -> None:
        """Take both sides as another one gave them."""
        bids, asks = ([text.split(":") for text in side] for side in texts)
        self.replace(bids, asks)

    def checksum(self) -> int:
        """What the venue should have sent."""
        bids, asks = self._sides
        best = (heapq.nlargest(_CHECKED, bids), heapq.nsmallest(_CHECKED, asks))
        columns = [[side[price] for price in prices] for side, prices in zip(self._sides, best, strict=True)]
        rows = zip_longest(*columns)
        parts = [text for row in rows for text in row if text is not None]
        value = crc32(":".join(parts).encode())
        return value - 2**32 if value >= 2**31 else value
