"""Keys become commands: the arm rule, the held key, exits, leaving, and what survives a fault."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from tests.engine.market import Table
from tests.ui.fake_link import FakeLink, tag
from tests.ui.fake_market import SYMBOLS
from tests.ui.waiting import until
from tradetui.domain.command import (
    AcknowledgeGaps,
    AmendOrder,
    AnyCommand,
    CancelOrder,
    Flatten,
    Size,
    SizeUnit,
    SubmitOrder,
)
from tradetui.domain.market_data import Timeframe
from tradetui.domain.reply import Reason, Refusal, Reply
from tradetui.domain.view import Draft, GapView, ViewRequest
from tradetui.errors import ConfigError
from tradetui.ui.app import CockpitApp
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.notices import Notices
from tradetui.ui.panes.orders import OrdersPane


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Cockpit:
    """A cockpit under test: presses keys, each a second after the one before."""

    def __init__(self, app: CockpitApp, link: FakeLink, clock: Clock, pilot: Pilot[None]) -> None:
        self.app, self.link, self.clock, self.pilot = app, link, clock, pilot

    async def press(self, *keys: str, wait_s: float = 1.0) -> None:
        for key in keys:
            await self.pilot.press(key)
            self.clock.now += wait_s
        await self.pilot.pause()
        self.app._paint()

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)
        await self.pilot.pause()

    @property
    def tags(self) -> list[str]:
        return [tag(command) for command in self.link.sent]

    @property
    def said(self) -> str:
        return " / ".join(line.text for line in self.app._main.query_one(Notices).lines)


@asynccontextmanager
async def cockpit(
    link: FakeLink | None = None, *, size: tuple[int, int] = (200, 60), first_run: bool = False
) -> AsyncIterator[Cockpit]:
    link, clock = link or FakeLink(), Clock()
    app = CockpitApp(link, now=clock, first_run=first_run, profiles=("sim", "kraken"))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: link.started or bool(app._failed))
        app._paint()
        yield Cockpit(app, link, clock, pilot)


async def press(keys: list[str], *, wait_s: float = 1.0, size: tuple[int, int] = (200, 60)) -> list[str]:
    async with cockpit(size=size) as open_cockpit:
        await open_cockpit.press(*keys, wait_s=wait_s)
        return open_cockpit.tags


async def test_an_entry_needs_arm() -> None:
    assert await press(["b", "s", "B", "S", "r"]) == []
    assert await press(["a", "b"]) == ["submit"]


async def test_exits_need_no_arm() -> None:
    assert await press(["x", "X", "h", "C", "e"]) == ["flatten", "flatten", "half", "cancel_all", "breakeven"]
    assert await press(["ctrl+x"]) == ["flatten"]


async def test_a_held_key_orders_once() -> None:
    assert await press(["a", "b", "b", "b", "b"], wait_s=0.03) == ["submit"]


async def test_arm_ends_after_a_minute_without_a_key() -> None:
    assert await press(["a", "b"], wait_s=61) == []


async def test_any_key_keeps_entries_armed() -> None:
    assert await press(["a", ",", "up", "b"], wait_s=40) == ["submit"]


async def test_keys_that_only_look_may_be_held() -> None:
    async with cockpit() as it:
        await it.press(".", ".", ".", wait_s=0.03)
        assert it.app.request.timeframe is Timeframe.M15


@pytest.mark.parametrize("size", [(200, 60), (160, 45), (120, 35), (80, 24), (20, 5)])
async def test_every_size_takes_an_exit(size: tuple[int, int]) -> None:
    assert await press(["x"], size=size) == ["flatten"]


async def test_a_market_order_takes_size_stop_and_target_of_the_draft() -> None:
    async with cockpit() as it:
        await it.press("5", ".", "a", "b")
        (order,) = it.link.sent
        assert isinstance(order, SubmitOrder)
        assert order.size == Size(Decimal(2), SizeUnit.RISK)
        assert order.limit is None
        assert order.stop is not None
        assert (order.stop.atr, order.stop.timeframe) == (Decimal(1), "3m")


async def test_a_limit_order_joins_the_bid_until_the_cursor_is_moved() -> None:
    async with cockpit() as it:
        ladder = it.link.market.ladder(it.app.request, {})
        await it.press("a", "B", "up", "up", "up", "S")
        cursor = it.app.query_one(LadderPane).cursor_tick
        prices = [order.limit for order in it.link.sent if isinstance(order, SubmitOrder)]
        assert ladder.best_bid is not None
        assert cursor is not None
        assert prices == [ladder.best_bid * ladder.tick_size, cursor * ladder.tick_size]


async def test_keys_that_can_not_act_say_why() -> None:
    async with cockpit(FakeLink(open_position=False)) as it:
        await it.press("c", "z")
        assert it.link.sent == []
        assert "no order is selected" in it.said
        assert "move it with the up and down keys" in it.said


class BrokenLink(FakeLink):
    async def submit(self, command: AnyCommand, *, profile: str = "") -> Reply:
        raise ConnectionError("the engine went away")


async def test_a_link_that_breaks_is_said_and_ends_nothing() -> None:
    async with cockpit(BrokenLink()) as it:
        await it.press("x")
        assert "the engine went away" in it.said
        assert it.app.is_running


async def test_leaving_asks_while_something_is_open() -> None:
    async with cockpit() as it:
        await it.press("q")
        assert "wait until the next start" in it.said
        assert it.app.is_running
        await it.press("up", "q")
        assert it.app._exit is False
        await it.press("y")
        assert it.app._exit is True


async def test_leaving_twice_or_with_nothing_open_leaves() -> None:
    async with cockpit() as it:
        await it.press("q", "q")
        assert it.app._exit
    async with cockpit(FakeLink(open_position=False)) as it:
        await it.press("q")
        assert it.app._exit


async def test_control_c_leaves_unasked() -> None:
    async with cockpit() as it:
        await it.press(":", "ctrl+c")
        assert it.app._exit


async def test_before_the_first_frame_a_key_says_that_the_engine_starts() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(80, 24)):
        app.run_key("flatten")
        assert [line.text for line in app._main.query_one(Notices).lines] == ["the engine is still starting"]


async def test_a_failed_start_says_so_and_offers_another_profile() -> None:
    link = FakeLink()
    link.start_error = ConnectionError("blocked here (HTTP 451)")
    async with cockpit(link) as it:
        assert "blocked here (HTTP 451)" in it.said
        await it.press("escape", "b", "x", "t")
        assert it.said == "could not start: blocked here (HTTP 451)"
        shown = "".join(strip.text for strip in it.app.screen._compositor.render_strips())
        assert "this profile did not start" in shown
        assert "waiting" not in shown
        link.started = True
        await it.press("p", "k", "r", "enter")
        assert link.switched == ["kraken"]


async def test_another_profile_takes_no_key_that_was_pressed_for_the_one_before() -> None:
    async with cockpit() as it:
        seen = it.link.profile
        await it.press("a")
        assert it.app.armed_s
        await it.link.switch("kraken")  # the screen does not show it yet
        it.app.run_key("flatten")
        await it.pilot.pause()
        assert it.link.sent_to == [seen]
        it.app._paint()
        assert not it.app.armed_s
        assert "this is another account" in it.said
        await it.press("b", "x")
        assert it.link.sent_to == [seen, "kraken"]


async def test_recording_keys_steer_a_recording_only() -> None:
    link = FakeLink()
    async with cockpit(link) as it:
        await it.press("P")
        assert link.playbacks == []
        link.status = {"playback": "3:12 of 10:48 · 4×"}
        link.rebuild()
        it.app._paint()
        await it.press("P", ">", "<")
        assert link.playbacks == [("pause", 0.0), ("step", 1), ("seek", -10.0)]


async def test_a_resize_tells_the_engine_the_new_room() -> None:
    async with cockpit() as it:
        wide = it.app.request.ladder_rows
        await it.pilot.resize_terminal(120, 35)
        await it.pilot.pause()
        assert it.link.requests[-1].ladder_rows < wide


@pytest.mark.parametrize("opening", [":", "/", "t", "?", "ctrl+p"])
@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_a_resize_while_something_is_open_loses_nothing(opening: str, size: tuple[int, int]) -> None:
    async with cockpit() as it:
        await it.press(opening)
        await it.pilot.resize_terminal(*size)
        await it.pilot.pause()
        it.app._paint()
        await it.press("escape", "x")
        assert it.tags == ["flatten"]


async def test_keys_can_be_bound_otherwise_and_the_old_ones_are_free() -> None:
    link = FakeLink()
    app = CockpitApp(link, keymap={"flatten": "f9", "flatten_anywhere": "ctrl+t", "half": "x"})
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._paint()
        await pilot.press("f9", "x", ":", "ctrl+t", "ctrl+x")
        assert [tag(command) for command in link.sent] == ["flatten", "half", "flatten"]


def test_a_keymap_with_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(ConfigError) as caught:
        CockpitApp(FakeLink(), keymap={"flaten": "f", "arm": "b"})
    assert len(caught.value.faults) == 2


async def test_the_request_given_at_the_start_is_what_is_shown() -> None:
    link = FakeLink()
    app = CockpitApp(link, request=ViewRequest(symbol="ETH/USDT", timeframe=Timeframe.H1, overlays=()))
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        assert (link.request.symbol, link.request.timeframe) == ("ETH/USDT", Timeframe.H1)
        assert link.request.draft.stop.timeframe == "1h"


async def test_cancel_means_the_own_order_under_the_cursor_first() -> None:
    async with cockpit() as it:
        ladder = it.app.query_one(LadderPane)
        own = it.link.account.own_marks(it.link.market)
        ladder.cursor_tick = next(tick for tick, marks in own.items() if marks[0].kind == "buy")
        await it.press("c")
        (command,) = it.link.sent
        assert command == CancelOrder(order_id="44")


async def test_enter_opens_what_the_watchlists_cursor_is_on_and_delete_takes_it_away() -> None:
    link = FakeLink()
    link.scans = ("ZEC/USDT", "XRP/USDT")
    async with cockpit(link) as it:
        second = list(SYMBOLS)[1]
        it.app.focus_pane("watchlist")
        await it.press("down", "enter")
        assert (it.app.request.symbol, link.watched) == (second, [])
        await it.press("delete")
        assert link.unwatched == [second]
        assert (it.app.request.symbol, f"{second} is gone" in it.said) == ("", True)
        it.app.focus_pane("chart")
        await it.press("enter", "delete")
        assert (link.watched, link.unwatched) == ([], [second])


async def test_a_scanned_symbol_is_found_by_its_name_and_one_that_is_refused_gives_way() -> None:
    link = FakeLink()
    link.scans = ("ZEC/USDT", "XRP/USDT")
    async with cockpit(link) as it:
        await it.press("/")
        await it.type("zec")
        await it.press("enter")
        assert link.watched == ["ZEC/USDT"]
        assert "ZEC/USDT is open" in it.said
        shown = it.app.request.symbol
        link.refusal = Refusal(Reason.BAD_INPUT, "XRP/USDT could not be opened: no book")
        await it.press(":")
        await it.type("watch xrp/usdt")
        await it.press("enter")
        assert link.watched[-1] == "XRP/USDT"
        assert "could not be opened: no book" in it.said
        assert it.app.request.symbol == shown


async def test_the_ladders_cursor_stays_on_the_order_that_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit() as it:
        pane, base = it.app.query_one(LadderPane), it.link.account._base[it.link.market.symbol]
        pane.cursor_tick = base - 9
        await it.press("a", "u")
        (command,) = it.link.sent
        assert isinstance(command, AmendOrder)
        assert command.order_id == "44"
        assert pane.cursor_tick == base - 9, "it is not there yet"
        marks = it.link.account.own_marks(it.link.market)
        moved = {base - 7 if tick == base - 9 else tick: own for tick, own in marks.items()}
        monkeypatch.setattr(it.link.account, "own_marks", lambda _: moved)
        it.link.rebuild()
        it.app._tick()
        assert pane.cursor_tick == base - 7
        monkeypatch.setattr(it.link.account, "own_marks", lambda _: {})
        it.link.rebuild()
        it.app._tick()
        assert it.app.order_meant() == "44", "it has filled: no other one is meant by the next press"
        await it.press("down")
        assert it.app.order_meant() == "41"


async def test_a_cursor_of_another_symbol_prices_no_order_while_the_ladder_is_hidden() -> None:
    async with cockpit(size=(80, 24)) as it:
        it.app.focus_pane("ladder")
        await it.press("up", "up")
        assert (sight := it.app.sight()) is not None
        assert sight.cursor is not None
        it.app.focus_pane("chart")
        await it.type(":symbol sol")
        await it.press("enter")
        it.app._tick()
        assert (sight := it.app.sight()) is not None
        assert (sight.symbol, sight.cursor) == ("SOL/USDT", None)


async def test_in_another_account_no_order_is_meant_that_was_meant_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with cockpit() as it:
        pane, base = it.app.query_one(LadderPane), it.link.account._base[it.link.market.symbol]
        it.app.query_one(OrdersPane).selected = 2
        pane.cursor_tick = base - 9
        await it.press("a", "u")
        it.link.sent.clear()
        it.app.switch_profile("kraken")
        await it.app.workers.wait_for_complete()
        monkeypatch.setattr(it.link.account, "own_marks", lambda _: {})
        it.link.rebuild()
        it.app._tick()
        assert it.app.order_meant() == "41", "the first one, as where none is selected"
        assert (sight := it.app.sight()) is not None
        assert sight.cursor is None
        await it.press("c")
        assert (it.link.sent, it.link.sent_to[-1]) == ([CancelOrder(order_id="41")], "kraken")


async def test_what_happened_to_one_account_is_not_acknowledged_in_another() -> None:
    async with cockpit() as it:
        it.link.part["gaps"] = (GapView("BTC/USDT", "10:00 to 10:05", "the stop was reached"),)
        it.link.rebuild()
        it.app._tick()
        await it.press("w")
        it.app.switch_profile("kraken")
        await it.app.workers.wait_for_complete()
        it.app._tick()
        await it.press("enter")
        assert (it.link.sent, it.link.sent_to) == ([AcknowledgeGaps()], ["sim"])


async def test_a_price_that_was_drafted_for_one_account_is_not_one_of_another_accounts_symbol() -> None:
    async with cockpit() as it:
        it.app.take_draft(Draft(limit=Decimal(61_000)))
        assert it.app.request.symbol == "", "none was chosen: each profile shows its first"
        it.app.switch_profile("kraken")
        await it.app.workers.wait_for_complete()
        assert it.app.request.draft.limit is None


async def test_a_flatten_that_nobody_fills_is_answered_by_a_warning_and_one_that_does_by_none() -> None:
    market = Table().open([(60_000.0, 5.0)], [(60_000.2, 5.0)])
    market.buy("0.1", stop="59700")
    market.snapshot([], [(60_000.2, 5.0)])
    async with cockpit() as it:
        lines = it.app._main.query_one(Notices)
        it.app._tell(market.do(Flatten(symbol=market.symbol)))
        assert lines.lines[-1].text.endswith("is open until its flatten can fill: no liquidity")
        assert lines.lines[-1].severity == "warning"
        market.snapshot([(60_000.0, 5.0)], [(60_000.2, 5.0)])
        it.app._tell(market.do(Flatten(symbol=market.symbol)))
        assert [(line.severity, line.text) for line in lines.lines][-1] == ("success", "nothing is open")
