"""Every venue behind TLS: followed where its certificate is trusted, and said to be untrusted where not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.exchanges.authority import authority
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import rigged
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
