"""Keys to commands without a screen: the arm rule, the held key, stops, and why a key does nothing."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.ui.fake_link import FakeLink
from tradetui.domain.command import (
    AmendOrder,
    AnyCommand,
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    Reverse,
    SetStop,
    Size,
    SizeUnit,
    Stop,
    SubmitOrder,
)
from tradetui.domain.market_data import Side, Timeframe
from tradetui.domain.order import Trail
from tradetui.domain.view import Draft, Frame, TradingState, ViewRequest
from tradetui.ui.actions import ACTIONS
from tradetui.ui.controls import Controls, taken_words
from tradetui.ui.controls_orders import Outcome, Sight, atr_of
from tradetui.ui.controls_view import (
    UnknownName,
    named,
    stepped_timeframe,
    with_indicator,
    with_symbol,
    with_timeframe,
)
from tradetui.ui.locked import locked_words

PRESETS = ("0.25r", "500usdt", "10%", "many")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def controls(clock: Clock | None = None) -> Controls:
    keys = {action.id: action.key for action in ACTIONS}
    return Controls(keys=keys, size_presets=PRESETS, disarm_after_s=60, now=clock or Clock())


async def frame_of(*, open_position: bool = True, request: ViewRequest | None = None) -> Frame:
    link = FakeLink(open_position=open_position)
    await link.start()
    link.show(request or ViewRequest())
    frame = link.frame()
    assert frame is not None
    return frame


async def pressed(
    action: str,
    *,
    open_position: bool = True,
    request: ViewRequest | None = None,
    cursor: Decimal | None = None,
    order_id: str = "",
) -> Outcome:
    frame = await frame_of(open_position=open_position, request=request)
    keys = controls()
    keys.toggle_arm()
    sight = Sight(frame=frame, request=request or ViewRequest(), cursor=cursor, order_id=order_id)
    return keys.press(action, sight)


async def test_a_refused_press_is_not_held_back_after_arming() -> None:
    clock = Clock()
    keys, sight = controls(clock), Sight(frame=await frame_of(), request=ViewRequest())
    assert "press a first" in keys.press("buy", sight).text
    keys.toggle_arm()
    clock.now += 0.05
    assert isinstance(keys.press("buy", sight).command, SubmitOrder)


async def test_a_held_key_counts_from_its_last_event() -> None:
    clock = Clock()
    keys, sight = controls(clock), Sight(frame=await frame_of(), request=ViewRequest())
    sent = []
    for _ in range(5):
        sent.append(keys.press("flatten", sight).command)
        clock.now += 0.6
    assert [command is not None for command in sent] == [True, False, False, False, False]
    clock.now += 0.2
    assert keys.press("flatten", sight).command is not None


async def test_arming_twice_disarms() -> None:
    keys = controls()
    keys.toggle_arm()
    assert keys.armed_s == 60
    keys.toggle_arm()
    assert keys.armed_s == 0


@pytest.mark.parametrize(
    ("number", "size"),
    [
        (1, Size(Decimal("0.25"), SizeUnit.RISK)),
        (2, Size(Decimal(500), SizeUnit.QUOTE)),
        (3, Size(Decimal("0.1"), SizeUnit.EQUITY)),
    ],
)
async def test_a_size_key_changes_the_draft(number: int, size: Size) -> None:
    outcome = await pressed(f"size_{number}")
    assert outcome.draft is not None
    assert outcome.draft.size == size


async def test_a_size_key_without_a_good_preset_says_so() -> None:
    assert "'many'" in (await pressed("size_4")).text
    assert "there are 4 presets" in (await pressed("size_9")).text


async def test_the_stop_of_a_long_moves_up_to_come_nearer() -> None:
    frame = await frame_of()
    stop, tick = frame.positions[0].stop, Decimal(1)
    assert stop is not None
    nearer, farther = await pressed("stop_nearer"), await pressed("stop_farther")
    assert nearer.command == SetStop(symbol="BTC/USDT", stop=Stop(price=stop + tick))
    assert farther.command == SetStop(symbol="BTC/USDT", stop=Stop(price=stop - tick))


async def test_a_tenth_of_an_atr_is_rounded_up_to_the_tick() -> None:
    frame = await frame_of()
    stop, atr = frame.positions[0].stop, atr_of(frame)
    assert stop is not None
    assert atr is not None
    assert abs(atr - 302) < 1
    outcome = await pressed("stop_nearer_atr")
    assert outcome.command == SetStop(symbol="BTC/USDT", stop=Stop(price=stop + 31))


async def test_without_a_position_the_stop_of_the_draft_moves() -> None:
    wider = await pressed("stop_farther_atr", open_position=False)
    assert wider.command is None
    assert wider.draft is not None
    assert wider.draft.stop.atr == Decimal("1.1")
    tick = await pressed("stop_farther", open_position=False)
    assert tick.draft is not None
    assert tick.draft.stop.atr is not None
    assert abs((tick.draft.stop.atr - 1) * 302 - 1) < Decimal("0.01")


@pytest.mark.parametrize(("price", "nearer"), [("61000", "61001"), ("62200", "62199")])
async def test_a_priced_stop_of_the_draft_moves_towards_the_market(price: str, nearer: str) -> None:
    request = ViewRequest(draft=Draft(stop=Stop(price=Decimal(price))))
    outcome = await pressed("stop_nearer", open_position=False, request=request)
    assert outcome.draft is not None
    assert outcome.draft.stop.price == Decimal(nearer)


async def test_the_cursor_sets_the_stop_of_the_position_or_of_the_draft() -> None:
    price = Decimal(61500)
    assert (await pressed("stop_here", cursor=price)).command == SetStop(
        symbol="BTC/USDT", stop=Stop(price=price)
    )
    draft = (await pressed("stop_here", cursor=price, open_position=False)).draft
    assert draft is not None
    assert draft.stop == Stop(price=price)


async def test_the_trail_key_lets_the_stop_follow_at_its_distance() -> None:
    assert (await pressed("trail")).command == SetStop(symbol="BTC/USDT", stop=Stop(trail=Trail()))
    following = await pressed("trail", open_position=False)
    assert following.draft is not None
    assert following.draft.stop == Stop(atr=Decimal(1), trail=Trail())
    again = await pressed("trail", open_position=False, request=ViewRequest(draft=following.draft))
    assert again.draft == Draft()


def test_a_stop_that_trails_is_moved_with_its_trail() -> None:
    stop = Stop(trail=Trail())
    assert taken_words(SetStop(symbol="BTC/USDT", stop=stop)) == "stop of BTC/USDT trails"


async def test_cancel_means_the_order_in_sight() -> None:
    assert (await pressed("cancel", order_id="44")).command == CancelOrder(order_id="44")
    assert "no order is selected" in (await pressed("cancel")).text


async def test_a_reverse_brings_the_default_stop_of_the_timeframe_shown() -> None:
    request = with_timeframe(ViewRequest(), Timeframe.M5)
    outcome = await pressed("reverse", request=request)
    assert outcome.command == Reverse(symbol="BTC/USDT", stop=Stop(atr=Decimal(1), timeframe="5m"))


async def test_an_empty_book_gives_no_price_to_join() -> None:
    frame = await frame_of()
    assert frame.ladder is not None
    empty = msgspec.structs.replace(frame.ladder, best_bid=None, best_ask=None)
    keys = controls()
    keys.toggle_arm()
    sight = Sight(frame=msgspec.structs.replace(frame, ladder=empty), request=ViewRequest())
    assert "the book is empty" in keys.press("buy_limit", sight).text


async def test_a_limit_in_the_draft_is_what_buy_sends() -> None:
    request = ViewRequest(draft=Draft(limit=Decimal(61400)))
    command = (await pressed("buy", request=request)).command
    assert isinstance(command, SubmitOrder)
    assert (command.limit, command.side) == (Decimal(61400), Side.BUY)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SetStop(symbol="BTC/USDT", stop=Stop(price=Decimal("61300.5"))), "stop of BTC/USDT at 61,300.5"),
        (CancelAll(), "orders of every symbol are being canceled"),
        (CancelOrder(order_id="o-7"), "order o-7 is being canceled"),
        (Flatten(), "every symbol is being closed"),
        (Half(symbol="ETH/USDT"), "half of ETH/USDT is being closed"),
    ],
)
def test_a_command_that_was_taken_in_silence_is_named(command: AnyCommand, words: str) -> None:
    assert taken_words(command) == words


# the view


def test_a_stop_in_atr_follows_the_timeframe_and_prices_leave_with_the_symbol() -> None:
    request = stepped_timeframe(ViewRequest(symbol="BTC/USDT"), 2)
    assert (request.timeframe, request.draft.stop.timeframe) == (Timeframe.M5, "5m")
    priced = msgspec.structs.replace(
        request, draft=Draft(limit=Decimal(5), stop=Stop(price=Decimal(4)), size=Size(Decimal(2)))
    )
    moved = with_symbol(priced, "ETH/USDT").draft
    assert moved == Draft(size=Size(Decimal(2)), stop=Stop(atr=Decimal(1), timeframe="5m"))


def test_the_timeframe_stops_at_the_ends_of_the_list() -> None:
    assert stepped_timeframe(ViewRequest(), -99).timeframe is Timeframe.S1
    assert stepped_timeframe(ViewRequest(), 99).timeframe is Timeframe.D1


def test_an_indicator_is_switched_where_it_belongs() -> None:
    request = ViewRequest(overlays=("ema20",), panes=())
    assert with_indicator(request, "ema20").overlays == ()
    assert with_indicator(request, "ema55").overlays == ("ema20", "ema55")
    assert with_indicator(request, "rsi7").panes == ("rsi7",)
    with pytest.raises(UnknownName, match=r"did you mean rsi14\?"):
        with_indicator(request, "rsy14")


def test_a_name_may_be_shortened_while_it_is_unique() -> None:
    assert named("symbol", "eth", ("BTC/USDT", "ETH/USDT")) == "ETH/USDT"
    with pytest.raises(UnknownName, match="may mean"):
        named("profile", "b", ("binance", "bybit"))
    with pytest.raises(UnknownName, match=r"did you mean midnight\?"):
        named("theme", "midnigth", ("midnight", "mono"))


async def test_a_locked_day_says_why_nothing_is_armed_and_lets_exits_through() -> None:
    link = FakeLink()
    link.status = {"trading_state": TradingState.LOCKED, "lock_text": "daily loss 200 of 200"}
    await link.start()
    frame = link.frame()
    assert frame is not None
    later = msgspec.structs.replace(frame.status, locked_until=frame.status.ts + 60_000_000_000)
    frame = msgspec.structs.replace(frame, status=later)
    keys, sight = controls(), Sight(frame=frame, request=ViewRequest())
    words = keys.toggle_arm(later)
    assert words == "exits only until 14:04 UTC: daily loss 200 of 200"
    assert keys.armed_s == 0
    for entry in ("buy", "buy_limit", "reverse"):
        assert keys.press(entry, sight) == Outcome(text=words)
    for exit_key in ("flatten", "half", "cancel_all", "sell"):  # a long position is open
        assert keys.press(exit_key, sight).command is not None, exit_key


async def test_a_lock_for_good_is_told_without_a_time() -> None:
    status = (await frame_of()).status
    status = msgspec.structs.replace(
        status, trading_state=TradingState.LOCKED, lock_text="for good: drawdown"
    )
    assert locked_words(status) == "exits only, for good: drawdown"


@pytest.mark.parametrize(("action", "sign"), [("order_up", 1), ("order_down", -1)])
async def test_an_order_is_moved_by_a_row_of_the_ladder(action: str, sign: int) -> None:
    frame = await frame_of()
    assert frame.ladder is not None
    step = frame.ladder.group * frame.ladder.tick_size * sign
    stop, _, entry = (row.order for row in frame.orders)
    moved = await pressed(action, order_id=entry.order_id)
    assert moved.command == AmendOrder(order_id=entry.order_id, limit=(entry.price or 0) + step)
    moved = await pressed(action, order_id=stop.order_id)
    assert moved.command == AmendOrder(order_id=stop.order_id, trigger=(stop.trigger or 0) + step)


async def test_only_an_entry_has_to_be_armed_to_be_moved() -> None:
    frame, keys = await frame_of(), controls()
    _, target, entry = (row.order for row in frame.orders)
    sight = Sight(frame=frame, request=ViewRequest(), order_id=entry.order_id)
    assert "not armed" in keys.press("order_up", sight).text
    sight = Sight(frame=frame, request=ViewRequest(), order_id=target.order_id)
    assert isinstance(keys.press("order_up", sight).command, AmendOrder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": "ETH/USDT"}, "is of ETH/USDT: show that symbol"),
        ({"trail": Trail(rate=Decimal("0.01"))}, "follows the price by itself"),
        ({"price": None}, "has no price to move"),
        ({"price": Decimal("0.1")}, "zero or below"),
        ({"pending_cancel": True}, ""),
    ],
)
async def test_an_order_that_can_not_be_moved_says_why(changes: dict[str, object], words: str) -> None:
    frame = await frame_of()
    row = frame.orders[2]
    order = msgspec.structs.replace(row.order, **changes)
    frame = msgspec.structs.replace(frame, orders=(msgspec.structs.replace(row, order=order),))
    keys = controls()
    keys.toggle_arm()
    found = keys.press("order_down", Sight(frame=frame, request=ViewRequest(), order_id=order.order_id))
    assert found.command is None
    assert words in found.text
    assert bool(words) is bool(found.text)


async def test_steps_of_a_stop_or_an_order_may_follow_each_other_at_once() -> None:
    frame, keys = await frame_of(), controls()
    keys.toggle_arm()
    sight = Sight(frame=frame, request=ViewRequest(), order_id=frame.orders[2].order.order_id)
    for action in ("stop_nearer", "order_up"):
        first, second = (keys.press(action, sight) for _ in range(2))
        assert first.command is not None
        assert second.command is not None
    assert [keys.press("half", sight).command is None for _ in range(2)] == [False, True]
