"""Markets that were read once stand in while the exchange can not tell them; their age is said."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.exchanges.collector import Collector
from tests.exchanges.exchange import BOOK, Exchange
from tests.exchanges.rig import CALM, Rig
from tests.exchanges.venues.every import VENUES, exchange_of
from tradetui.cli.parts import load_config, make_feed
from tradetui.domain.market_data import FeedState, FeedStatus, InstrumentListed
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt import rest
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.ccxt.market_file import OLDEST_S, MarketFile, age_words
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

BY_STREAM = [venue for venue, wording in VENUES.items() if not wording.snapshot_by_rest]


class Running:
    """A feed at an exchange, with a file for its markets."""

    def __init__(self, exchange: Exchange, file: MarketFile, *, through: str = "native") -> None:
        wording = exchange.wording
        profile = Profile(
            name="x", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=exchange.address
        )
        native, calm = through == "native", dict[str, Any](CALM)
        self.feed: Any = (
            NativeFeed(profile, venue_of(profile), **calm) if native else CcxtFeed(profile, **calm)
        )
        self.feed.markets_file = file
        self.rig = Rig(exchange, self.feed, Collector())

    async def __aenter__(self) -> Rig:
        self._task = asyncio.create_task(self.feed.run(self.rig.collector))
        return self.rig

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def listed(rig: Rig) -> InstrumentListed:
    return rig.collector.of(InstrumentListed)[0]


@pytest.mark.parametrize(
    ("venue", "through"), [*((venue, "native") for venue in BY_STREAM), ("kraken", "ccxt")]
)
async def test_with_its_rest_down_a_market_opens_by_what_was_kept_and_says_so_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str, through: str
) -> None:
    monkeypatch.setattr(rest, "_AGED_AGAIN_S", 0.1)
    exchange = exchange_of(venue, None)
    async with exchange.running():
        file = MarketFile(tmp_path, exchange.wording.exchange)
        async with Running(exchange, file, through=through) as rig:
            await rig.live()
            first = listed(rig).instrument
        exchange.rest_faults["/"] = (503, {})
        async with Running(exchange, file, through=through) as rig:
            await rig.eventually(lambda: exchange.listening(BOOK) and rig.state is FeedState.STREAMING)
            assert listed(rig).instrument == first
            status = next(s for s in rig.collector.of(FeedStatus) if "markets as of" in s.text)
            assert "exchange unavailable (HTTP 503)" in status.text
            exchange.rest_faults.clear()
            await rig.eventually(lambda: not rig.collector.of(FeedStatus)[-1].text)
            await exchange.changes(2)
            await rig.eventually(lambda: rig.book == exchange.top())


async def test_an_exchange_that_answers_is_believed_and_not_the_file(tmp_path: Path) -> None:
    exchange = exchange_of("okx", None)
    async with exchange.running():
        file = MarketFile(tmp_path, "okx")
        async with Running(exchange, file) as rig:
            await rig.live()
        exchange.is_halted = True
        async with Running(exchange, file) as rig:
            await rig.told(FeedState.HALTED)
            assert not [s for s in rig.collector.of(FeedStatus) if "markets as of" in s.text]


def test_what_can_not_be_believed_is_no_market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = MarketFile(tmp_path / "markets", "okx", "mine http://127.0.0.1:7")
    assert file.read() is None
    markets = {"BTC/USDT": {"info": {"a": 1}}, "ETH/USDT": {"info": {"a": 2}}}
    file.write(file.content_of(markets, ["BTC/USDT"]))
    kept = file.read()
    assert kept is not None
    assert kept.markets == {"BTC/USDT": {"info": {"a": 1}}, "ETH/USDT": {"info": {}}}
    assert [each.name for each in (tmp_path / "markets").iterdir()] == ["okx-mine-http-127-0-0-1-7.json"]
    others = MarketFile(tmp_path / "markets", "bybit")
    others.path.write_bytes(file.path.read_bytes())
    assert others.read() is None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + OLDEST_S + 1)
    assert file.read() is None
    monkeypatch.setattr(time, "time", lambda: now - 60)
    assert file.read() is None
    monkeypatch.undo()
    file.path.write_bytes(file.path.read_bytes()[:-9])
    assert file.read() is None


def test_a_folder_that_can_not_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = MarketFile(tmp_path / "file" / "markets", "okx")
    file.write(file.content_of({"BTC/USDT": {}}, []))
    assert file.read() is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (119, "119 s"), (121, "2 min"), (10_800, "3 h"), (400_000, "5 d")]
)
def test_an_age_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert age_words(seconds) == words


def test_each_profile_keeps_its_own_in_the_data_folder(tmp_path: Path) -> None:
    options: Any = msgspec.defstruct("Options", [("config", None, None), ("data_dir", Path, tmp_path)])()
    config = load_config(options)
    paths = [
        make_feed(config.profiles[name], config=config, options=options).markets_file.path  # type: ignore[attr-defined]
        for name in ("binance", "binanceusdm", "kraken")
    ]
    assert len(set(paths)) == 3
    assert {path.parent for path in paths} == {tmp_path / "markets"}
