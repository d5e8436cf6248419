"""Leverage tiers as each venue tells them, through ccxt and the guard, at exchanges on loopback."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ccxt.pro
import msgspec
import pytest

from tests.engine.market import inverse_perp, perp, spot
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.venues.kraken_futures import MARGIN_LEVELS
from tradetui.domain.instrument import Instrument, LeverageTier, TierRule
from tradetui.domain.market_data import InstrumentListed
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.tiers import rule_of, with_tiers
from tradetui.feeds.frame_guard import LiveTradingRefused
from tradetui.feeds.guard import guarded_class

D = Decimal
Rows = list[tuple[str | None, str, str]]
TOLD: dict[str, tuple[TierRule, Rows]] = {
    "bybit-linear": (
        TierRule.PARTS,
        [("2000000", "0.005", "100"), ("2600000", "0.0056", "90"), ("3200000", "0.0062", "80")],
    ),
    "okx-swap": (
        TierRule.CONTRACTS,
        [("1500", "0.004", "100"), ("3500.5", "0.005", "66.66"), ("6000", "0.01", "50")],
    ),
    "bitget-usdt-m": (
        TierRule.WHOLE,
        [
            ("150000", "0.004", "125"),
            ("900000", "0.005", "100"),
            ("12000000", "0.01", "50"),
            ("400000000", "0.6", "1"),
        ],
    ),
    "kraken-futures": (
        TierRule.CONTRACTS,
        [
            ("250000", "0.01", "50"),
            ("500000", "0.02", "25"),
            ("2000000", "0.03", "16.66"),
            (None, "0.075", "6.66"),
        ],
    ),
}
ENDPOINT = {
    "bybit-linear": "risk-limit",
    "okx-swap": "position-tiers",
    "bitget-usdt-m": "query-position-lever",
}


def table(rows: Rows) -> tuple[LeverageTier, ...]:
    return tuple(LeverageTier(D(cap) if cap else None, D(rate), D(most)) for cap, rate, most in rows)


def listings(rig: Rig) -> list[Instrument]:
    return [message.instrument for message in rig.collector.of(InstrumentListed)]


def untouched(_exchange: Exchange) -> None:
    """Nothing is planted."""


@pytest.mark.parametrize("through", ["native", "ccxt"])
@pytest.mark.parametrize("venue", TOLD)
async def test_a_contract_gets_the_table_of_its_venue_exactly(venue: str, through: str) -> None:
    rule, rows = TOLD[venue]
    async with rigged(venue, None, through=through, prepare=untouched) as rig:
        await rig.eventually(lambda: listings(rig) and listings(rig)[-1].tiers)
        first, last = listings(rig)[0], listings(rig)[-1]
    assert first.tiers == (), "the start waits for no tiers"
    assert (last.tiers, last.tier_rule) == (table(rows), rule)
    assert [str(tier.rate) for tier in last.tiers] == [rate for _cap, rate, _most in rows]
    assert last.max_leverage == D(rows[0][2])
    plain = msgspec.structs.replace(last, tiers=(), tier_rule=first.tier_rule)
    assert msgspec.structs.replace(plain, max_leverage=first.max_leverage) == first


async def test_bybits_own_deductions_are_those_that_follow_from_its_rates() -> None:
    instrument = perp(tiers=table(TOLD["bybit-linear"][1]))
    assert [instrument.maintenance_of(D(size))[1] for size in (1, 2_600_000, 3_200_000)] == [0, 1200, 2760]


def refuse(part: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.rest_faults.update({part: (400, {})})


def answer(part: str, text: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.rest_texts.update({part: text})


@pytest.mark.parametrize(
    ("venue", "prepare", "why"),
    [
        *[(venue, refuse(part), "refused (HTTP 400)") for venue, part in ENDPOINT.items()],
        ("bybit-linear", answer("risk-limit", "<html>"), ""),
        ("okx-swap", answer("position-tiers", '{"code":"0","msg":"","data":[]}'), "an empty table"),
        ("okx-swap", answer("position-tiers", '{"code":"0","msg":"","data":[[]]}'), ""),
        (
            "bitget-usdt-m",
            answer(
                "lever", '{"code":"00000","data":[{"startUnit":"0","endUnit":"x","keepMarginRate":"NaN"}]}'
            ),
            "",
        ),
    ],
)
async def test_a_table_that_can_not_be_had_leaves_the_default_and_is_said_once(
    venue: str, prepare: Callable[[Exchange], None], why: str
) -> None:
    async with rigged(venue, None, prepare=prepare, settings={"retry_s": 0.005}) as rig:
        text = f"leverage tiers not known: {why}"
        said = await rig.told(*[rig.state.STREAMING], text=text)
        assert said.text.endswith("; 0.5 % maintenance for every size")
        part = ENDPOINT[venue]
        await rig.eventually(lambda: sum(part in path for path in rig.exchange.asked) >= 3)
        assert sum(each.text == said.text for each in rig.statuses()) == 1
        assert {each.tiers for each in listings(rig)} == {()}
        await rig.live()


async def test_tiers_come_as_soon_as_the_venue_gives_them_again() -> None:
    async with rigged("okx-swap", None, prepare=refuse("position-tiers")) as rig:
        await rig.told(rig.state.STREAMING, text="leverage tiers not known")
        rig.exchange.rest_faults.clear()
        await rig.eventually(lambda: listings(rig)[-1].tiers)


async def test_nobody_waits_for_tiers_that_do_not_come() -> None:
    def hang(exchange: Exchange) -> None:
        exchange.hangs_on = "risk-limit"

    async with rigged("bybit-linear", None, prepare=hang) as rig:
        await rig.exchange.hung.wait()
        await rig.live()
        assert listings(rig)[-1].tiers == ()


async def test_new_tiers_are_told_with_the_next_reading_of_the_markets() -> None:
    async with rigged("kraken-futures", None, prepare=untouched, settings={"reload_s": 0.05}) as rig:
        await rig.eventually(lambda: listings(rig)[-1].tiers if listings(rig) else ())
        before = listings(rig)[-1]
        raised = [{**level, "maintenanceMargin": level["initialMargin"]} for level in MARGIN_LEVELS]
        listing = rig.exchange.wording._listing(rig.exchange)  # type: ignore[attr-defined]
        listing["marginLevels"] = raised
        rig.exchange.wording._listing = lambda _exchange: listing  # type: ignore[attr-defined]
        await rig.eventually(lambda: listings(rig)[-1] != before)
        assert [tier.rate for tier in listings(rig)[-1].tiers] == [D("0.02"), D("0.04"), D("0.06"), D("0.15")]


# --- what makes a table


def row(cap: object, rate: object, most: object = None, **info: object) -> dict[str, Any]:
    return {"maxNotional": cap, "maintenanceMarginRate": rate, "maxLeverage": most, "info": info}


@pytest.mark.parametrize(
    "rows",
    [
        None,
        {},
        [],
        [None],
        [row(None, 0.01), row(10, 0.02)],
        [row(10, 0.01), row(10, 0.02)],
        [row(10, 0.02), row(20, 0.01)],
        [row(10, 0.01, 20), row(20, 0.02, 50)],
        [row(10, None)],
        [row(10, 0)],
        [row(10, -0.01)],
        [row(10, float("nan"))],
        [row(float("inf"), 0.01)],
        [row("ten", 0.01)],
        [row(10, 1)],
        [row(10, 0.5, 100)],
        [row(10, 0.01)] * 1001,
    ],
)
def test_a_table_that_can_not_be_is_refused_whole(rows: object) -> None:
    with pytest.raises(FeedError):
        with_tiers(perp(), rows, TierRule.WHOLE)


def test_rates_in_percent_are_told_by_their_leverage() -> None:
    """Bybit's documentation shows half a percent of an inverse contract as 0.5, with a leverage of 100."""
    rows = [row(150.0, 0.5, 100.0, initialMargin="1"), row(300.0, 1.0, 50.0, initialMargin="2")]
    found = with_tiers(inverse_perp(), rows, TierRule.PARTS)
    assert found.tiers == (LeverageTier(D(150), D("0.005"), D(100)), LeverageTier(D(300), D("0.01"), D(50)))


def test_kraken_counts_linear_contracts_by_their_worth() -> None:
    exchange = ccxt.pro.krakenfutures()
    levels = [
        {"numNonContractUnits" if key == "contracts" else key: value for key, value in level.items()}
        for level in MARGIN_LEVELS
    ]
    market = {"id": "PF_XBTUSD", "symbol": "BTC/USD:USD", "quote": "USD"}
    rows = exchange.parse_market_leverage_tiers({"symbol": "PF_XBTUSD", "marginLevels": levels}, market)
    instrument = perp(venue="krakenfutures", symbol="BTC/USD:USD")
    rule = rule_of(instrument)
    assert rule is TierRule.WHOLE
    found = with_tiers(instrument, rows, rule)
    assert found.maintenance_of(found.tier_size(D(5), D(100_000))) == (D("0.02"), D(0))
    assert found.maintenance_of(found.tier_size(D(5), D(100_001))) == (D("0.03"), D(0))


def test_gate_and_kucoin_tell_notionals_in_the_settlement_asset() -> None:
    """Rows as ccxt's own documentation of both endpoints shows them."""
    gate = ccxt.pro.gate().parse_market_leverage_tiers(
        [
            {"maintenance_rate": "0.004", "tier": 1, "leverage_max": "125", "risk_limit": "1000000"},
            {"maintenance_rate": "0.005", "tier": 2, "leverage_max": "100", "risk_limit": "2000000"},
        ],
        {"symbol": "BTC/USDT:USDT", "settle": "USDT"},
    )
    found = with_tiers(perp(venue="gate"), gate, TierRule.PARTS)
    assert found.tiers == table([("1000000", "0.004", "125"), ("2000000", "0.005", "100")])
    row_of = {"symbol": "ETHUSDTM", "level": 1, "minRiskLimit": 0, "initialMargin": 0.01}
    kucoin = ccxt.pro.kucoinfutures().parse_market_leverage_tiers(
        [{**row_of, "maxRiskLimit": 300000, "maxLeverage": 100, "maintainMargin": 0.005}],
        {"symbol": "ETH/USDT:USDT", "base": "ETH"},
    )
    found = with_tiers(perp(venue="kucoinfutures"), kucoin, TierRule.WHOLE)
    assert found.tiers == table([("300000", "0.005", "100")])


def test_only_contracts_of_venues_with_a_public_table_are_asked_for() -> None:
    assert rule_of(perp(venue="binanceusdm")) is None
    assert rule_of(perp(venue="bingx")) is None
    assert rule_of(inverse_perp(venue="bitget")) is None
    assert rule_of(inverse_perp(venue="okx")) is TierRule.CONTRACTS
    assert rule_of(spot(venue="okx")) is None


@pytest.mark.parametrize("exchange_id", ["binance", "binanceusdm", "bingx"])
async def test_tables_that_are_told_to_accounts_only_stay_behind_the_guard(exchange_id: str) -> None:
    exchange = guarded_class(exchange_id)({"apiKey": "", "timeout": 500})
    exchange.apiKey = exchange.secret = "c2VjcmV0"  # noqa: S105
    market = {"id": "BTCUSDT", "symbol": "BTC/USDT:USDT", "base": "BTC", "quote": "USDT", "settle": "USDT"}
    kind = {
        "type": "swap",
        "spot": False,
        "swap": True,
        "contract": True,
        "linear": True,
        "inverse": False,
        "active": True,
    }
    exchange.set_markets([{**market, **kind}])
    with pytest.raises(LiveTradingRefused):
        await exchange.fetch_market_leverage_tiers("BTC/USDT:USDT")
    await exchange.close()
