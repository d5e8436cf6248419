"""How config, options and journal become the engine's settings."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tradetui.cli.parts import chosen_profile, engine_settings, growing, make_feed, run_stamp
from tradetui.cli.simulation import realism
from tradetui.config.load import load
from tradetui.domain.event import Event, LimitsChanged
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderType
from tradetui.domain.profile import Profile
from tradetui.domain.rule import Unit
from tradetui.errors import ConfigError
from tradetui.feeds.protocol import GivesFrames
from tradetui.state import State
from tradetui.trading.limits import RiskLimits
from tradetui.trading.match_types import QueueProfile
from tradetui.trading.realism import HARSH, REALISTIC, Realism

D = Decimal


def config_text(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def chosen_in_the_cockpit() -> State:
    state = State()
    limits = RiskLimits().with_daily_loss(D("0.01"), Unit.ANCHOR)
    texts = {**limits.texts(), "zone": "UTC", "roll": "00:00"}
    body = LimitsChanged(now=texts, next_session={}, rules=limits.rules)
    state.apply(Event(seq=1, ts=1, account="sim", body=body))
    return state


def daily_loss(limits: RiskLimits) -> tuple[Decimal, Unit]:
    rule = limits.rule("daily_loss")
    assert rule is not None
    return rule.amount, rule.unit


def test_the_assumed_maintenance_of_a_profile_reaches_the_engine(tmp_path: Path) -> None:
    text = '[profiles.sim]\nassumed_maintenance = "deny"\n'
    denied = load(config_text(tmp_path, text))
    assert engine_settings(denied.profiles["sim"], denied).assumed_maintenance is None
    assert engine_settings(load(None).profiles["sim"], load(None)).assumed_maintenance == D("0.005")


def test_limits_chosen_in_the_cockpit_hold_until_the_config_names_any(tmp_path: Path) -> None:
    profile = load(None).profiles["sim"]
    kept = chosen_in_the_cockpit()
    assert daily_loss(engine_settings(profile, load(None), kept=kept).limits) == (D("0.01"), Unit.ANCHOR)
    named = load(config_text(tmp_path, "[risk]\nrisk_per_trade = 0.003\n"))
    limits = engine_settings(profile, named, kept=kept).limits
    assert limits.risk_per_trade == D("0.003")
    assert daily_loss(limits) == (D("0.02"), Unit.ANCHOR)


def test_an_amount_takes_the_place_of_the_fraction(tmp_path: Path) -> None:
    named = load(config_text(tmp_path, '[risk]\ndaily_loss = "150 USDT"\n'))
    limits = engine_settings(named.profiles["sim"], named).limits
    assert daily_loss(limits) == (D(150), Unit.MONEY)


def test_symbols_of_the_options_come_first() -> None:
    options = argparse.Namespace(profile="sim", symbol=["eth/usdt"])
    symbols = chosen_profile(options, load(None)).symbols
    assert symbols[:2] == ("ETH/USDT", "BTC/USDT")


@pytest.mark.parametrize(
    ("profile", "symbol", "hint"),
    [("krakn", None, "did you mean kraken?"), ("sim", ["BTC/USDC"], "did you mean BTC/USDT")],
)
def test_unknown_names_are_answered_with_the_nearest(
    profile: str, symbol: list[str] | None, hint: str
) -> None:
    with pytest.raises(ConfigError, match=r".*") as caught:
        chosen_profile(argparse.Namespace(profile=profile, symbol=symbol), load(None))
    assert hint in str(caught.value)


def realism_of(tmp_path: Path, *lines: str) -> Realism:
    return realism(load(config_text(tmp_path, "[simulation]\n" + "\n".join(lines))))


def test_a_realism_set_is_taken_whole(tmp_path: Path) -> None:
    assert realism_of(tmp_path) == REALISTIC
    assert realism_of(tmp_path, 'realism = "harsh"') == HARSH


def test_a_number_written_beside_a_set_makes_it_custom(tmp_path: Path) -> None:
    found = realism_of(
        tmp_path,
        'realism = "harsh"',
        "entry_latency_ms = 7",
        'queue = "probabilistic"',
        "gap_slippage_bp = 3",
    )
    assert (found.name, found.entry_ns, found.cancel_ns) == ("custom", 7_000_000, HARSH.cancel_ns)
    assert found.rules.profile is QueueProfile.PROBABILISTIC
    assert found.gap_slip == D("0.0003")


def test_r_mat_9_a_set_without_a_queue_says_so_in_its_name(tmp_path: Path) -> None:
    assert realism_of(tmp_path, 'queue = "optimistic"').name == "custom, optimistic"
    assert (
        realism_of(tmp_path, 'realism = "frictionless"', "entry_latency_ms = 7").name == "custom, optimistic"
    )


def test_a_number_that_the_set_has_anyway_changes_nothing(tmp_path: Path) -> None:
    assert realism_of(tmp_path, 'realism = "harsh"', "entry_latency_ms = 400").name == "harsh"


def test_r_tim_9_a_run_tells_its_settings_and_its_zone_data(tmp_path: Path) -> None:
    plain, changed = load(None), load(config_text(tmp_path, '[day]\nzone = "Asia/Tokyo"\n'))
    stamps = [run_stamp(plain), run_stamp(plain), run_stamp(changed)]
    assert stamps[0].config_hash == stamps[1].config_hash != stamps[2].config_hash
    assert len(stamps[0].config_hash) == 64
    assert stamps[0].tzdata == importlib.metadata.version("tzdata")


def test_r_tim_9_zones_come_from_the_package_and_not_from_the_machine() -> None:
    code = (
        "import sys, zoneinfo; from tradetui.cli import main\n"
        "main.run(['profiles'])\n"
        "print(zoneinfo.TZPATH, zoneinfo.ZoneInfo('Europe/Berlin'), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "() Europe/Berlin"


@pytest.mark.parametrize("exchange", ["bybit", "gate"])
def test_a_symbol_that_carries_something_is_watched_again_after_a_restart(exchange: str) -> None:
    order = Order(
        order_id="O-1", ts=1, symbol="ETH/USDT", side=Side.SELL, type=OrderType.STOP_MARKET, qty=D(1)
    )
    state, options = State(live={"O-1": order}), argparse.Namespace()
    profile = Profile(name="x", exchange=exchange, symbols=("BTC/USDT",))
    first = make_feed(profile, config=load(None), options=options)
    feed = growing(first, profile, config=load(None), options=options, kept=state)
    assert feed.symbols == ("BTC/USDT", "ETH/USDT")
    assert isinstance(feed, GivesFrames) is (exchange == "bybit")
    assert growing(first, profile, config=load(None), options=options, kept=State()).symbols == first.symbols


def test_the_simulator_takes_no_more_symbols() -> None:
    profile = load(None).profiles["sim"]
    first = make_feed(profile, config=load(None), options=argparse.Namespace())
    assert growing(first, profile, config=load(None), options=argparse.Namespace(), kept=State()) is first
