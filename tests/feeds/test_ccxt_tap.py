"""What is read beside ccxt: losses that it does not see, what it must not see, and words that it keeps."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tests.engine.market import PERP, SPOT, perp, spot
from tests.exchanges.captures import DecimalBook
from tests.exchanges.tape import Change
from tests.exchanges.venues.bitget import BitgetNumbered, BitgetUsdtM
from tests.exchanges.venues.okx import Okx
from tradetui.feeds.ccxt.tap import Tap, Taps
from tradetui.feeds.native.venue import Refused, Said

CHANGE = Change([(Decimal(99), Decimal(1))], [])


def book() -> DecimalBook:
    made = DecimalBook()
    made.apply([(99.0, 1.0)], [(101.0, 1.0)])
    return made


def tap_of(exchange: str, symbols: tuple[str, ...] = (SPOT,)) -> Tap:
    listed = [each for each in (spot(venue=exchange), perp(venue=exchange)) if each.symbol in symbols]
    tap = Taps(exchange, listed, depth=None).of(symbols)
    assert tap is not None
    return tap


def frames(venue: Any, count: int) -> list[bytes]:
    texts = venue.snapshot(book(), 1)
    for at_ms in range(2, count + 2):
        texts += venue.update(CHANGE, book(), at_ms)
    return [text.encode() for text in texts]


def test_a_lost_frame_shows_and_nothing_more_is_for_ccxt_until_a_whole_book() -> None:
    tap = tap_of("bitget")
    whole, first, _lost, second, third = frames(BitgetNumbered(), 4)
    assert [tap.read(each, 1).is_wanted for each in (whole, first)] == [True, True]
    assert tap.read(second, 1).lost == {SPOT: "expected the update after 103, was 106"}
    tap.forget(SPOT)
    assert not tap.read(third, 1).is_wanted
    assert tap.read(whole, 1).whole == [SPOT]
    assert tap.read(first, 1).is_wanted


def test_what_is_known_already_is_not_for_ccxt() -> None:
    tap = tap_of("okx")
    whole, first = frames(Okx(), 1)
    assert [tap.read(each, 1).is_wanted for each in (whole, first, first)] == [True, True, False]
    assert tap.read(first, 1).lost == {}


def test_instruments_of_one_name_on_one_address_are_told_apart_by_their_market() -> None:
    tap = tap_of("bitget", (SPOT, PERP))
    markets = {SPOT: frames(BitgetNumbered(), 1), PERP: frames(BitgetUsdtM(), 0)}
    for symbol, told in markets.items():
        assert tap.read(told[0], 1).whole == [symbol]
    heard = tap.read(markets[SPOT][1], 1)
    assert (heard.lost, heard.books, heard.is_wanted) == ({}, [SPOT], True)


def test_words_are_heard_and_a_refusal_is_kept_from_ccxt() -> None:
    tap = tap_of("okx")
    refused = tap.read(Okx().refusal({}).encode(), 1)
    assert [type(word) for word in refused.words] == [Refused]
    assert not refused.is_wanted
    notice = tap.read(Okx().maintenance().encode(), 1)
    assert [type(word) for word in notice.words] == [Said]
    assert notice.is_wanted


def test_an_exchange_that_is_not_known_and_a_frame_that_can_not_be_read_are_left_to_ccxt() -> None:
    assert Taps("kucoin", [spot(venue="kucoin")], depth=None).of([SPOT]) is None
    assert tap_of("okx").read(json.dumps({"arg": 7}).encode(), 1) == ((), {}, (), (), True)
