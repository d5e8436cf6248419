"""What stands between here and an exchange, as `tradetui doctor` tells it: each thing by its own name."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.exchanges.authority import authority
from tests.exchanges.exchange import Exchange
from tests.exchanges.venues.every import exchange_of
from tradetui.domain.profile import Network, Profile
from tradetui.feeds import probe as probing
from tradetui.feeds.ccxt import endpoint
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.probe import Finding, Verdict, probe


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return authority(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def served(venue: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Exchange]:
    exchange = exchange_of(venue, None)
    async with exchange.running(tls):
        yield exchange


async def found_at(exchange: Exchange, *, through: str = "native", ca_file: str = "") -> dict[str, Finding]:
    """The findings by check."""
    profile = Profile(
        name="x",
        exchange=exchange.wording.exchange,
        symbols=(exchange.wording.symbol,),
        endpoint=exchange.address,
        network=Network(ca_file=ca_file),
    )
    native = NativeFeed(profile, venue_of(profile), retry_s=0.02)
    feed = native if through == "native" else CcxtFeed(profile, retry_s=0.02)
    return {each.check: each async for each in probe(profile, feed)}


async def test_a_name_without_an_address_is_a_matter_of_dns_and_nothing_else_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    profile = Profile(name="k", exchange="kraken", symbols=("BTC/USD",))
    found = [each async for each in probe(profile, NativeFeed(profile, venue_of(profile)))]
    assert [(each.check, each.verdict) for each in found] == [("name", Verdict.BAD)]
    assert found[0].text == "api.kraken.com has no address here"
    assert "DNS" in found[0].mend


async def test_a_certificate_that_holds_is_good_to_the_book(
    monkeypatch: pytest.MonkeyPatch, signed: tuple[Path, ssl.SSLContext]
) -> None:
    monkeypatch.setattr(endpoint, "_SCHEMES", ("https",))
    async with served("kraken", signed[1]) as exchange:
        found = await found_at(exchange, ca_file=str(signed[0]))
    assert found["certificate"].verdict is found["stream"].verdict is Verdict.GOOD
    assert "is verified, TLSv1." in found["certificate"].text


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("expired", "certificate has expired"),
        ("other-host", "IP address mismatch"),
        ("self-signed", "self-signed certificate"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_told_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, signed: tuple[Path, ssl.SSLContext], file: str, words: str
) -> None:
    monkeypatch.setattr(endpoint, "_SCHEMES", ("https",))
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(signed[0].parent / f"{file}.pem")
    async with served("kraken", shown) as exchange:
        found = await found_at(exchange, ca_file=str(signed[0]))
    assert found["certificate"].verdict is found["REST"].verdict is Verdict.BAD
    assert words in found["certificate"].text
    assert "read along" in found["certificate"].mend
    assert "stream" not in found


@pytest.mark.parametrize(
    ("offset_ms", "verdict", "words"),
    [
        (0, Verdict.GOOD, "ms from the exchange's"),
        (90_000, Verdict.WARNING, "s behind the exchange's"),
        (-90_000, Verdict.WARNING, "s ahead of the exchange's"),
    ],
)
async def test_a_clock_that_is_off_is_said_to_be_ahead_or_behind(
    offset_ms: int, verdict: Verdict, words: str
) -> None:
    async with served("binance") as exchange:
        exchange.rest_texts["/v3/time"] = json.dumps({"serverTime": time.time_ns() // 1_000_000 + offset_ms})
        found = await found_at(exchange)
    assert found["clock"].verdict is verdict
    assert words in found["clock"].text
    assert ("NTP" in found["clock"].mend) is (verdict is Verdict.WARNING)


@pytest.mark.parametrize("through", ["native", "ccxt"])
@pytest.mark.parametrize("status", [403, 451])
async def test_a_stream_that_is_blocked_where_websites_are_not_is_a_matter_of_the_place(
    through: str, status: int
) -> None:
    async with served("kraken") as exchange:
        exchange.handshake_fault = (status, {})
        found = await found_at(exchange, through=through)
    assert found["REST"].verdict is Verdict.GOOD
    assert found["stream"].verdict is Verdict.BAD
    assert f"(HTTP {status})" in found["stream"].text
    assert found["stream"].mend == "this exchange does not serve the place you are in: use another profile"


@pytest.mark.parametrize(
    ("fault", "words"),
    [((503, {}), "exchange unavailable (HTTP 503)"), ((429, {"Retry-After": "9"}), "asked too often")],
)
async def test_a_stream_that_is_refused_is_told_with_the_newest_reason(
    monkeypatch: pytest.MonkeyPatch, fault: tuple[int, dict[str, str]], words: str
) -> None:
    monkeypatch.setattr(probing, "_STREAM_S", 0.5)
    async with served("kraken") as exchange:
        exchange.handshake_fault = fault
        found = await found_at(exchange)
    assert found["stream"].verdict is Verdict.BAD
    assert words in found["stream"].text
    assert "try again" in found["stream"].mend


async def test_a_stream_that_says_nothing_may_be_held_back_by_a_firewall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "_STREAM_S", 0.5)
    async with served("kraken") as exchange:
        exchange.handshakes_hang = True
        found = await found_at(exchange)
    assert found["stream"].text.endswith("no book in 0 s")
    assert "firewall" in found["stream"].mend
