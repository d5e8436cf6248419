"""Two markets of one venue on loopback: the second is the first in other words, with a walk of its own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from aiohttp import web

from tests.exchanges.exchange import Exchange
from tests.exchanges.loopback import Loopback
from tests.exchanges.venues.every import exchange_of

OTHER = "LTC"
BASES = ("XBT", "BTC", "ETH")
OF_ONE = ("depth", "trades", "ticker", "fills", "history", "candle", "kline", "charts", "ohlc")
"""What requests for one symbol's things name."""


class TwoMarkets(Loopback):
    """Whatever names the second one is for it, a listing tells both."""

    def __init__(self, venue: str) -> None:
        super().__init__()
        self.first, self.second = exchange_of(venue, None), exchange_of(venue, None)
        self.second.is_listed = False  # so its listing names another base
        self.second.market.jump(Decimal(7))
        wording = self.second.wording
        wording.symbol, wording.name = in_other_words(wording.symbol), in_other_words(wording.name)

    async def heard(self, socket: web.WebSocketResponse, text: str) -> None:
        named = [each for each in (self.first, self.second) if each.wording.name.lower() in text.lower()]
        for each in named or [self.first]:
            await each.heard(socket, text)

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        for each in (self.first, self.second):
            each.forgotten(socket)

    async def rest(self, request: web.Request) -> web.StreamResponse:
        if any(word in request.path_qs.lower() for word in OF_ONE):
            return await self._meant(request.path_qs).rest(request)
        answers = [await each.rest(request) for each in (self.first, self.second)]
        one, other = (json.loads(each.text or "null") for each in answers if isinstance(each, web.Response))
        return web.json_response(merged(one, other))

    def _meant(self, text: str) -> Exchange:
        return self.second if OTHER.lower() in text.lower() else self.first


def in_other_words(text: str) -> str:
    for base in BASES:
        text = text.replace(base, OTHER)
    return text


def merged(one: Any, other: Any) -> Any:
    """Both answers in one: rows behind rows, keys beside keys."""
    if isinstance(one, list):
        return one + [row for row in other if row not in one]
    if isinstance(one, dict):
        return {**other, **one} | {key: merged(one[key], other[key]) for key in one if key in other}
    return one
