"""What is said of data that never came, and how often."""

from __future__ import annotations

from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.feeds.protocol import Sink
from tradetui.runtime.feeding import run_feed
from tradetui.runtime.notices import FeedWatch
from tradetui.runtime.views.status import feed_words

SECOND = 1_000_000_000


def down(symbol: str, at_s: float, text: str = "blocked here (HTTP 451)") -> FeedStatus:
    return FeedStatus(symbol, int(at_s * SECOND), FeedState.DOWN, text, 3.0)


def test_a_lost_connection_is_told_once_for_all_its_symbols() -> None:
    watch = FeedWatch()
    told = [watch.changed(down(symbol, 10 + n / 100)) for n, symbol in enumerate(("A/B", "C/D", "E/F"))]
    assert told[0] is not None
    assert told[0].text == "A/B down: blocked here (HTTP 451); next try in 3 s"
    assert told[1:] == [None, None]
    back = [watch.changed(FeedStatus(s, 20 * SECOND, FeedState.STREAMING)) for s in ("A/B", "C/D")]
    assert [notice is not None for notice in back] == [True, False]


def test_another_reason_or_a_later_loss_is_told() -> None:
    watch = FeedWatch()
    assert watch.changed(down("A/B", 10)) is not None
    assert watch.changed(down("C/D", 10, "other")) is not None
    assert watch.changed(down("E/F", 30, "other")) is not None


def test_a_symbol_without_a_market_shows_what_its_feed_last_said() -> None:
    watch = FeedWatch()
    watch.changed(down("A/B", 1))
    assert feed_words(None, watch.latest["A/B"]) == (FeedState.DOWN, "blocked here (HTTP 451)", 3.0)
    assert feed_words(None, None) == (FeedState.CONNECTING, "", 0.0)


class Breaking:
    """A feed that breaks off once, over what came from outside."""

    symbols = ("A/B",)
    own_clock = False

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, _sink: Sink) -> None:
        self.runs += 1
        if self.runs == 1:
            raise ValueError("was \x1b[2J of wss://stream.test/ws?x=1")


async def test_what_a_feed_broke_off_over_is_told_without_addresses_and_does_nothing_to_a_terminal() -> None:
    said: list[str] = []
    await run_feed(Breaking(), lambda _message: None, lost=said.append, retry_s=0.0)
    assert said == ["the feed broke off (ValueError: was ·[2J of ‹address›)"]
