"""Every venue behind TLS: followed where its certificate is trusted, and said to be untrusted where not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.exchanges.authority import authority
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.venues.every import VENUES
from tradetui.domain.market_data import FeedState
from tradetui.feeds.ccxt import endpoint


@pytest.fixture(autouse=True)
def encrypted_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint of a profile has to be plain; these tests alone want it otherwise."""
    monkeypatch.setattr(endpoint, "_SCHEMES", ("https",))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return authority(tmp_path_factory.mktemp("authority"))


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


@pytest.mark.parametrize("venue", VENUES)
async def test_a_venue_with_a_trusted_certificate_is_followed(
    signed: tuple[Path, ssl.SSLContext], venue: str
) -> None:
    ca_file, tls = signed
    async with rigged(venue, None, prepare=nothing, tls=tls, ca_file=str(ca_file)) as rig:
        await rig.live()
        await rig.exchange.play(5)
        await rig.synced()


@pytest.mark.parametrize("through", ["native", "ccxt"])
async def test_an_untrusted_certificate_is_said_to_be_one_and_nothing_is_asked(
    signed: tuple[Path, ssl.SSLContext], through: str
) -> None:
    async with rigged("kraken", None, through=through, prepare=nothing, tls=signed[1]) as rig:
        await rig.told(FeedState.DOWN, text="its certificate was not accepted")
        assert not rig.exchange.asked
        assert not rig.exchange.dials


BAD = {
    "expired": "certificate has expired",
    "other-host": "IP address mismatch",
    "self-signed": "self-signed certificate",
}


@pytest.mark.parametrize("through", ["native", "ccxt"])
@pytest.mark.parametrize("what", BAD)
async def test_a_stream_whose_certificate_turns_bad_is_said_to_be_down_and_dialed_less_and_less(
    tmp_path: Path, what: str, through: str
) -> None:
    """What was asked by REST was answered; only the stream has to dial again."""

    def once_each(exchange: Exchange) -> None:
        exchange.keeps_alive = False

    ca_file, tls = authority(tmp_path)
    async with rigged(
        "kraken", None, through=through, prepare=once_each, tls=tls, ca_file=str(ca_file)
    ) as rig:
        await rig.live()
        tls.load_cert_chain(tmp_path / f"{what}.pem")
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN, text=f"its certificate was not accepted: {BAD[what]}")
        await rig.eventually(lambda: len(waits(rig)) >= 3)
        assert sorted(waits(rig)) == waits(rig)
        assert waits(rig)[2] > 2 * waits(rig)[0]
        tls.load_cert_chain(tmp_path / "exchange.pem")
        await rig.healed()


def waits(rig: Rig) -> list[float]:
    told = [s for s in rig.statuses() if s.state is FeedState.DOWN and "certificate" in s.text]
    return [status.retry_s for status in told][:4]
