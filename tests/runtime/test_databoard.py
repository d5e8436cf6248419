"""What a loss of data leads to is one sentence, made of what the engine and the feed really say."""

from __future__ import annotations

from tests.engine.market import PERP, SECOND, Table
from tradetui.domain.market_data import ClockTick, FeedState, FeedStatus
from tradetui.domain.view import Notice
from tradetui.runtime.noticeboard import Noticeboard

BIDS = [(60000.0, 5.0), (59990.0, 5.0)]
ASKS = [(60000.1, 5.0), (60001.1, 5.0)]


def holding() -> Table:
    market = Table().open(BIDS, ASKS)
    market.trade(60000.0, 0.1)
    market.buy("0.1", stop="59700")
    return market


def told(board: Noticeboard, market: Table, since: int) -> list[Notice]:
    for events in market.transactions[since:]:
        board.tell(events, market.state, asked=False)
    return list(board.take())


def lose(board: Noticeboard, market: Table, state: FeedState, text: str = "") -> list[Notice]:
    """The feed's word, and all that the engine says to it until ten seconds later."""
    since = len(market.transactions)
    board.hear(FeedStatus(PERP, market.now, state, text))
    market.status(state)
    for _ in range(10):
        market.now += SECOND
        market.feed(ClockTick(market.now, market.now))
    return told(board, market, since)


def test_a_loss_with_a_position_open_is_one_notice_that_says_everything() -> None:
    board, market = Noticeboard(), holding()
    said = lose(board, market, FeedState.STALE, "no data for 5 s")
    assert {notice.topic for notice in said} == {f"data of {PERP}"}
    stop = "its stop at 59,700.0 has seen no price for 5 s"
    assert said[-1].text == f"{PERP} stale: no data for 5 s; {stop}; its orders by last wait"
    assert said[-1].severity == "error"


def test_that_data_is_back_takes_its_place_with_what_orders_look_at_again() -> None:
    board, market = Noticeboard(), holding()
    lose(board, market, FeedState.STALE, "no data for 5 s")
    since = len(market.transactions)
    board.hear(FeedStatus(PERP, market.now, FeedState.STREAMING))
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    market.trade(60000.0, 0.1)
    (*_, last) = [notice for notice in told(board, market, since) if notice.topic]
    assert last.topic == f"data of {PERP}"
    assert last.text == f"{PERP}: data is back; its orders look at the last price again"


def test_an_alarm_without_a_loss_keeps_its_reason() -> None:
    board = Noticeboard()
    market = holding()
    since = len(market.transactions)
    for _ in range(6):
        market.now += SECOND
        market.feed(ClockTick(market.now, market.now))
    (notice,) = told(board, market, since)
    assert notice.severity == "warning"
    assert notice.text == f"{PERP}: its stop at 59,700.0 has seen no price for 5 s: nothing comes"


def test_losses_of_two_symbols_are_two_notices() -> None:
    board = Noticeboard()
    for at, symbol in enumerate(("A/USDT", "B/USDT")):
        board.hear(FeedStatus(symbol, at * 5 * SECOND, FeedState.STREAMING))
        board.hear(FeedStatus(symbol, at * 5 * SECOND, FeedState.STALE, "no data for 5 s"))
    assert [notice.topic for notice in board.take()] == ["data of A/USDT", "data of B/USDT"]


def connected(market: Table) -> list[Notice]:
    """What a new run says until its data streams."""
    board, since = Noticeboard(), len(market.transactions)
    for state in (FeedState.CONNECTING, FeedState.STREAMING):
        status = FeedStatus(PERP, market.tick(), state)
        board.hear(status)
        market.feed(status)
    market.snapshot(BIDS, ASKS)
    market.trade(60000.0, 0.1)
    return told(board, market, since)


def test_a_start_says_nothing_of_sources_that_only_the_run_before_had_lost() -> None:
    market = holding()
    market.status(FeedState.DOWN)
    market.restart()
    assert market.state.fallbacks
    said = connected(market)
    assert not market.state.fallbacks
    assert not [notice.text for notice in said if "its orders" in notice.text]


def test_a_start_that_only_connects_has_lost_no_source() -> None:
    market = holding()
    market.restart()
    said = connected(market)
    assert not [notice.text for notice in said if "its orders" in notice.text]
