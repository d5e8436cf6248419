"""OKX v5 as cryptofeed captured it; its books carried a checksum then."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.feeds.formats.captured import ByCodec, Rule
from tradetui.feeds.formats.listing import named
from tradetui.feeds.native.okx import OkxVenue
from tradetui.feeds.native.okx_book import OkxBook
from tradetui.feeds.native.venue import BookSequence


class _Listing(msgspec.Struct):
    instId: str  # noqa: N815  (the venue's names)
    tickSz: str = ""  # noqa: N815
    lotSz: str = ""  # noqa: N815
    ctVal: str = ""  # noqa: N815


class _Listings(msgspec.Struct):
    data: list[_Listing] = []


class CapturedOkx(ByCodec):
    """Spot, swaps and futures."""

    venue = "okx"

    def __init__(self) -> None:
        super().__init__(OkxVenue(), named)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the instruments' listing says."""
        if not urlsplit(url).path.endswith("/instruments"):
            return {}
        listed = msgspec.json.decode(body, type=_Listings).data
        return {
            each.instId: Rule(Decimal(each.tickSz), Decimal(each.lotSz), Decimal(each.ctVal or 1))
            for each in listed
            if each.tickSz and each.lotSz
        }

    def book(self, instrument: Instrument) -> BookSequence:
        """Numbered, or held against its checksum."""
        del instrument
        return OkxBook()
