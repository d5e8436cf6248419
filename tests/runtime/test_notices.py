"""Sentences for a trader; the numbers are counted by hand from the books of the script."""

from __future__ import annotations

import msgspec
import pytest

from tests.engine.market import PERP, START, D, Table, perp, risk
from tradetui.domain.command import CancelOrder, Flatten, SetRiskLimits, SetStop, Stop, Target
from tradetui.domain.event import Event, Noted
from tradetui.domain.instrument import LeverageTier
from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.domain.order import TimeInForce
from tradetui.domain.rule import Unit
from tradetui.domain.view import Notice
from tradetui.runtime.notices import FeedWatch, describe
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

BIDS = [(60000.0, 5.0), (59990.0, 5.0)]
ASKS = [(60000.1, 0.05), (60001.1, 5.0)]


def table(settings: EngineSettings | None = None) -> Table:
    told = perp(tiers=(LeverageTier(None, D("0.005"), D(50)),))
    return Table(told, settings=settings).open(BIDS, ASKS)


def said(table: Table, *, asked: bool = False) -> list[tuple[str, str]]:
    """What the newest transaction means."""
    notices = describe(table.transactions[-1], table.state, asked=asked)
    return [(notice.severity, notice.text) for notice in notices]


def test_the_levels_of_one_execution_are_one_sentence() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    # 0.05 at 60,000.1 and 0.05 at 60,001.1; 0.05 % of 6,000.06
    assert said(market) == [("success", "bought 0.1 BTC/USDT:USDT at 60,000.6 avg, fee 3.00")]


def test_a_fill_at_one_price_has_no_average() -> None:
    market = table()
    market.buy("0.01", stop="59700")
    assert said(market) == [("success", "bought 0.01 BTC/USDT:USDT at 60,000.1, fee 0.30")]


def test_opening_an_account_says_nothing() -> None:
    market = table()
    assert [said for part in market.transactions for said in describe(part, market.state)] == []


def test_a_stop_that_fires_says_its_price_and_the_result() -> None:
    market = table()
    market.buy("0.01", stop="59700")
    market.delta(bids=[(60000.0, 0.0), (59990.0, 0.0), (59690.0, 3.0)])
    market.trade(59690.0, 0.1)
    # (59,690.0 - 60,000.1) * 0.01 = -3.101
    text = "stop fired at 59,700.0: sold 0.01 BTC/USDT:USDT at 59,690.0, fee 0.30, result -3.10 before fees"
    assert said(market) == [("warning", text)]


def test_a_target_that_is_reached_says_so() -> None:
    market = table()
    market.buy("0.01", stop="59700", target=Target(price=D("60500")))
    market.delta(asks=[(60000.1, 0.0), (60001.1, 0.0), (60510.0, 2.0)])
    market.trade(60510.0, 1.0)
    assert [text.split(", fee")[0] for _, text in said(market)] == [
        "target reached: sold 0.01 BTC/USDT:USDT at 60,500.0"
    ]


def test_closing_by_hand_says_so() -> None:
    market = table()
    market.buy("0.01", stop="59700")
    market.do(Flatten())
    assert said(market)[0][1].startswith("closed: sold 0.01 BTC/USDT:USDT at 60,000.0, fee 0.30, result")


def test_a_part_that_filled_says_what_is_to_go() -> None:
    market = table()
    market.buy("0.1", stop="59700", limit="60000.1")
    assert said(market) == [("success", "bought 0.05 BTC/USDT:USDT at 60,000.1, fee 1.50 (0.05 to go)")]


def test_a_remainder_that_expires_says_why() -> None:
    market = table()
    market.buy("0.1", stop="59700", limit="60000.1", tif=TimeInForce.IOC)
    assert said(market)[-1] == (
        "warning",
        "expired buy 0.05 BTC/USDT:USDT at 60,000.1: what did not fill at once was not to wait",
    )


def test_a_refusal_has_its_numbers_and_what_would_pass() -> None:
    market = table()
    market.buy("0.1")
    (severity, text) = said(market)[0]
    assert severity == "error"
    assert text.startswith("refused: ")
    assert "stop" in text


def test_a_refusal_that_is_answered_is_not_said_twice() -> None:
    market = table()
    market.buy("0.1")
    assert said(market, asked=True) == []
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(59000))))
    assert said(market, asked=True) == []
    assert said(market)[0][1] == "refused: there is no position in BTC/USDT:USDT"


def test_an_order_taken_back_by_hand_says_only_that() -> None:
    market = table()
    reply = market.buy("0.01", stop="59500", limit="59900")
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    assert said(market) == [("info", "canceled buy 0.01 BTC/USDT:USDT at 59,900.0")]


def test_moving_a_stop_says_nothing_the_screen_does_not_show() -> None:
    market = table()
    market.buy("0.01", stop="59700")
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(59800))))
    assert said(market) == []


@pytest.mark.parametrize(("bid", "used"), [(59400.0, "50"), (59075.0, "75"), (58890.0, "90")])
def test_the_daily_loss_warns_in_per_cent(bid: float, used: str) -> None:
    limits = msgspec.structs.replace(EngineSettings().limits, risk_per_trade=D("0.5"))
    limits = limits.with_daily_loss(D("0.01"), Unit.ANCHOR)
    market = Table(settings=msgspec.structs.replace(EngineSettings(), limits=limits)).open(BIDS, ASKS)
    # 0.08 from about 60,000.5 down to the bid and a fee of 2.40, of a limit of 100.00
    market.buy("0.08", stop="59000")
    market.snapshot([(bid, 5.0)], [(bid + 0.1, 5.0)])
    assert ("warning", f"daily loss {used} % used") in said(market)


def test_a_lock_says_until_when_in_the_traders_zone() -> None:
    limits = EngineSettings().limits.with_daily_loss(D("0.001"), Unit.ANCHOR)
    settings = msgspec.structs.replace(EngineSettings(), limits=limits, zone="Europe/Berlin")
    market = Table(settings=settings).open(BIDS, ASKS)
    market.buy("0.01", stop="59500")
    market.snapshot([(58000.0, 50.0)], [(58000.1, 50.0)])
    texts = [text for _, text in said(market)]
    assert "locked until 00:00 Europe/Berlin: daily loss of 10.00 USDT reached" in texts


def test_a_new_day_unlocks() -> None:
    limits = EngineSettings().limits.with_daily_loss(D("0.001"), Unit.ANCHOR)
    market = Table(settings=msgspec.structs.replace(EngineSettings(), limits=limits)).open(BIDS, ASKS)
    market.buy("0.01", stop="59500")
    market.snapshot([(58000.0, 50.0)], [(58000.1, 50.0)])
    market.now += 24 * 3600 * 10**9
    market.snapshot([(58000.0, 50.0)], [(58000.1, 50.0)])
    assert ("success", "unlocked: a new trading day began") in said(market)


def test_a_fee_in_another_asset_names_it() -> None:
    market = Table(perp(settle="USDT")).open(BIDS, ASKS)
    market.buy("0.01", stop="59700")
    fill = market.transactions[-1]
    state = State.fold(market.journal)
    state.currency = "EUR"
    assert describe(fill, state)[0].text.endswith("fee 0.30 USDT")


def test_an_alarm_is_a_warning_and_other_notes_are_silent() -> None:
    alarm = Event(seq=1, ts=START, account="a", body=Noted(what="alarm", text="stood without a stop"))
    other = Event(seq=2, ts=START, account="a", body=Noted(what="duplicate", text="sent again"))
    notices = describe([alarm, other], State())
    assert notices == (Notice(START, "warning", "stood without a stop"),)


def test_changed_limits_say_nothing_by_themselves() -> None:
    market = table()
    market.do(SetRiskLimits(daily_loss=D("0.01")))
    assert said(market) == []


def test_a_size_in_r_is_told_in_units() -> None:
    market = table()
    market.buy(risk("0.5"), stop="59700")
    assert said(market)[0][1].startswith("bought 0.0")


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.GAP, FeedState.STALE, FeedState.CROSSED])
def test_lost_data_is_a_warning_with_its_cause(state: FeedState) -> None:
    watch = FeedWatch()
    notice = watch.changed(FeedStatus(PERP, START, state, "no message for 5 s", 2.0))
    assert notice == Notice(
        START, "warning", f"{PERP} {state.value}: no message for 5 s; next try in 2 s", f"loss of {PERP}"
    )


def test_words_of_an_exchange_that_goes_on_streaming_are_told_once() -> None:
    watch = FeedWatch()
    watch.changed(FeedStatus(PERP, START, FeedState.STREAMING))
    told = [
        watch.changed(FeedStatus(symbol, START + number, FeedState.STREAMING, "maintenance"))
        for number, symbol in enumerate((PERP, PERP, "BTC/USDT"))
    ]
    assert told == [Notice(START, "warning", f"{PERP}: maintenance", f"data of {PERP}"), None, None]
    assert watch.changed(FeedStatus(PERP, START + 9, FeedState.STREAMING)) is None


def test_the_first_connection_says_nothing() -> None:
    watch = FeedWatch()
    for state in (FeedState.CONNECTING, FeedState.STREAMING, FeedState.LAGGING, FeedState.STREAMING):
        assert watch.changed(FeedStatus(PERP, START, state)) is None
