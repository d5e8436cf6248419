"""What `tradetui doctor` finds, on loopback exchanges that are well and ill."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.exchanges.binance_server import BinanceServer
from tests.runtime.test_recovery import trade
from tradetui.domain.profile import Network, Profile
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.probe import Verdict, probe
from tradetui.runtime.checkup import check_disk, check_journal, check_terminal


async def doctor(folder: Path, address: str, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run it against an endpoint; its exit code and its findings by check."""
    config = folder / "config.toml"
    config.write_text(f'[profiles.binance]\nendpoint = "{address}"\nsymbols = ["BTC/USDT"]\n')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradetui", "doctor", "--json", "--config", str(config)),
        *("--data-dir", str(folder / "data"), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await process.communicate()
    assert b"Traceback" not in errors
    rows = [json.loads(line) for line in said.splitlines()]
    return process.returncode or 0, {row["check"]: row for row in rows}


@pytest.mark.captures
async def test_a_well_exchange_is_good_from_name_to_book(captures: Path, tmp_path: Path) -> None:
    server = BinanceServer(captures)
    async with server.running():
        code, found = await doctor(tmp_path, server.address, "--profile", "binance")
    assert code == 0
    assert {
        name: found[name]["verdict"] for name in ("name", "certificate", "REST", "stream", "disk")
    } == dict.fromkeys(("name", "certificate", "REST", "stream", "disk"), "good")
    assert "levels after" in found["stream"]["text"]


@pytest.mark.captures
@pytest.mark.parametrize(
    ("status", "words", "mend"),
    [
        (451, "blocked here (HTTP 451)", "another profile"),
        (429, "asked too often", "wait"),
        (503, "HTTP 503", "wait"),
    ],
)
async def test_an_exchange_that_refuses_is_told_with_what_to_do(
    captures: Path, tmp_path: Path, status: int, words: str, mend: str
) -> None:
    server = BinanceServer(captures)
    server.rest_faults["exchangeInfo"] = (status, {})
    async with server.running():
        code, found = await doctor(tmp_path, server.address, "--profile", "binance")
    assert code == 1
    assert words in found["REST"]["text"]
    assert mend in found["REST"]["mend"]
    assert "stream" not in found


@pytest.mark.parametrize(
    ("more", "mend"),
    [
        ({"endpoint": "http://127.0.0.1:9"}, "where profiles.k.endpoint leads"),
        ({"network": Network(proxy="http://127.0.0.1:9")}, "that [network] proxy names"),
    ],
)
async def test_what_stands_in_the_way_and_does_not_answer_is_named(more: dict[str, Any], mend: str) -> None:
    profile = Profile(name="k", exchange="kraken", symbols=("BTC/USD",), **more)
    found = {each.check: each async for each in probe(profile, NativeFeed(profile, venue_of(profile)))}
    assert found["REST"].verdict is Verdict.BAD
    assert mend in found["REST"].mend


async def test_the_simulated_market_needs_no_network(tmp_path: Path) -> None:
    code, found = await doctor(tmp_path, "http://127.0.0.1:9")
    assert (code, found["exchange"]["verdict"]) == (0, "good")
    assert found["terminal"]["verdict"] == "warning"
    assert {"colors", "letters"} <= set(found)  # into a pipe as well


def test_a_terminal_is_judged_by_its_size_colors_and_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((60, 20)))
    poor = {each.check: each for each in check_terminal({"TERM": "vt100"}, is_terminal=True)}
    assert poor["terminal"].verdict is Verdict.WARNING
    assert "80×24" in poor["terminal"].mend
    assert "16 colors" in poor["colors"].text
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((200, 60)))
    rich = {each.check: each for each in check_terminal({"TERM": "xterm-256color"}, is_terminal=True)}
    assert [rich[name].verdict for name in ("terminal", "colors")] == [Verdict.GOOD] * 2
    piped = {each.check: each for each in check_terminal({"COLORTERM": "truecolor"}, is_terminal=False)}
    assert piped["terminal"].verdict is Verdict.WARNING
    assert piped["colors"].text == "truecolor"
    assert piped["letters"].verdict is Verdict.GOOD


async def test_a_journal_is_good_in_use_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    assert "none yet" in check_journal(path).text
    await trade(path)
    assert check_journal(path).verdict is Verdict.GOOD
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute("UPDATE event SET ts_ns = 1 WHERE seq = 4")
    found = check_journal(path)
    assert found.verdict is Verdict.BAD
    assert "journal resume" in found.mend


def test_a_full_disk_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_disk(tmp_path).verdict is Verdict.GOOD
    monkeypatch.setattr("tradetui.runtime.checkup._LEAST_FREE", 1 << 62)
    assert check_disk(tmp_path).verdict is Verdict.BAD
