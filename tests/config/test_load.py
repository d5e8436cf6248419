"""The config: what it makes of good files, and how it names every fault of bad ones."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tradetui.config.load import endpoint_fault, load
from tradetui.errors import ConfigError


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, text))
    return {fault.where: f"{fault.value} {fault.message}" for fault in caught.value.faults}


def test_without_a_file_every_default_holds() -> None:
    loaded = load(None)
    assert loaded.settings.risk.risk_per_trade == Decimal("0.005")
    assert list(loaded.profiles) == [
        "sim",
        "binance",
        "binanceusdm",
        "coinbase",
        "kraken",
        "bybit",
        "bitget",
        "okx",
    ]


def test_a_table_is_merged_over_the_shipped_profile_of_its_name(tmp_path: Path) -> None:
    text = '[profiles.binance]\nendpoint = "http://127.0.0.1:9"\nfees = [0, 0.0005]\nbalance = 500'
    profile = load(config(tmp_path, text)).profiles["binance"]
    assert profile.endpoint == "http://127.0.0.1:9"
    assert (profile.maker_fee, profile.taker_fee) == (Decimal(0), Decimal("0.0005"))
    assert profile.balance == 500
    assert profile.symbols[0] == "BTC/USDT"
    assert profile.exchange == "binance"


@pytest.mark.parametrize(
    ("written", "rate"), [("0.01", "0.01"), ('"0.004"', "0.004"), ('"deny"', None), ('""', None)]
)
def test_the_assumed_maintenance_is_a_rate_or_none(tmp_path: Path, written: str, rate: str | None) -> None:
    text = f"[profiles.binanceusdm]\nassumed_maintenance = {written}\n"
    found = load(config(tmp_path, text)).profiles["binanceusdm"].assumed_maintenance
    assert found == (Decimal(rate) if rate else None)
    assert load(None).profiles["binanceusdm"].assumed_maintenance == Decimal("0.005")


@pytest.mark.parametrize("written", ["1", "0", "-0.1", '"denied"', '"nan"'])
def test_an_assumed_maintenance_that_is_no_rate_is_a_fault(tmp_path: Path, written: str) -> None:
    faults = faults_of(tmp_path, f"[profiles.sim]\nassumed_maintenance = {written}\n")
    expected = "expected a rate above 0 and below 1, as 0.005, or deny"
    assert expected in faults["profiles.sim.assumed_maintenance"]


def test_a_new_profile_takes_the_day_of_the_config(tmp_path: Path) -> None:
    text = '[day]\nzone = "Europe/Berlin"\n[profiles.mine]\nexchange = "kucoin"\nsymbols = ["BTC/USDT"]'
    profile = load(config(tmp_path, text)).profiles["mine"]
    assert (profile.exchange, profile.zone) == ("kucoin", "Europe/Berlin")


def test_every_fault_is_named_at_once_with_key_value_and_mend(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        """
        colour = 1
        [cockpit]
        themme = "x"
        frames_per_second = 900
        timeframe = "7m"
        profile = "binanse"
        [day]
        zone = "Europe/Berln"
        roll = "25:00"
        [risk]
        risk_per_trade = "much"
        daily_loss = 3
        require_stop = "yes"
        [profiles.mine]
        symbols = ["btcusdt"]
        endpoint = "https://api.binance.com"
        """,
    )
    assert "did you mean theme?" in faults["cockpit.themme"]
    assert "900" in faults["cockpit.frames_per_second"]
    assert "1m" in faults["cockpit.timeframe"]
    assert "did you mean binance?" in faults["cockpit.profile"]
    assert "did you mean Europe/Berlin?" in faults["day.zone"]
    assert "25:00" in faults["day.roll"]
    assert "expected" in faults["risk.risk_per_trade"]
    assert "fraction of equity" in faults["risk.daily_loss"]
    assert "true or false" in faults["risk.require_stop"]
    assert "missing" in faults["profiles.mine.exchange"]
    assert "BTC/USDT" in faults["profiles.mine.symbols"]
    assert "loopback" in faults["profiles.mine.endpoint"]
    assert "colour" in faults


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not found"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="is no TOML"):
        load(config(tmp_path, "[risk\n"))


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:80", "http://localhost:9", "http://[::1]:5"])
def test_loopback_endpoints_pass(endpoint: str) -> None:
    assert not endpoint_fault(endpoint)


@pytest.mark.parametrize("endpoint", ["http://10.0.0.1:80", "http://127.0.0.1", "ws://127.0.0.1:9", "x"])
def test_other_endpoints_do_not(endpoint: str) -> None:
    assert "127.0.0.1:PORT" in endpoint_fault(endpoint)


def test_keys_and_themes_are_checked_with_the_rest(tmp_path: Path) -> None:
    text = '[cockpit]\ntheme = "midnite"\n[keys]\nbuy = "s"\nfly = "F"\n[day]\nroll = "x"'
    faults = faults_of(tmp_path, text)
    assert "midnight" in faults["cockpit.theme"]
    assert any("buy" in message and "sell" in message for message in faults.values())
    assert "no such action" in faults["keys.fly"]
    assert "day.roll" in faults


def test_a_theme_with_a_bad_color_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    shipped = (Path(__file__).parents[2] / "themes" / "midnight.toml").read_text(encoding="utf-8")
    bad = shipped.replace('"#', '"#zz', 1)
    (tmp_path / "themes" / "mine.toml").write_text(bad, encoding="utf-8")
    faults = faults_of(tmp_path, '[cockpit]\ntheme = "mine"')
    assert any(where.startswith("mine.toml") for where in faults)
