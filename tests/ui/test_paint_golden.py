"""Painters word for word: at several widths, with nothing, with one row, and with more than fits."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

import tradetui
from tests.ui.fake_account import FakeAccount
from tests.ui.fake_market import FakeMarket
from tests.ui.pane_views import TS
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.view import LimitGauge, PositionView
from tradetui.domain.view_market import LadderRow, OwnMark, TapeRow, TapeView, WatchRow
from tradetui.ui.paint.axis import shortened
from tradetui.ui.paint.bars import gauge, sparkline
from tradetui.ui.paint.ladder import LadderLook, RowFlags, heading, ladder_row, look_for, own_words, small
from tradetui.ui.paint.numbers import compact, fixed, held_text, signed
from tradetui.ui.paint.oscillator import digits_for, pane_title
from tradetui.ui.paint.rows import Row, to_ascii
from tradetui.ui.paint.scale import Scale, round_values
from tradetui.ui.panes.account import amounts, balance, gauge_row, gauge_words
from tradetui.ui.panes.fills import fill_line
from tradetui.ui.panes.positions import second_line
from tradetui.ui.panes.tape import TapePane
from tradetui.ui.panes.watchlist import WatchlistPane, change_text, is_mover, short_symbol


def text(row: Row) -> str:
    return "".join(words for words, _ in row)


# The ladder, as on the picture of the cockpit: own, bid, price, ask, own, volume, change.

BUY = LadderRow(61599, 61_599.0, 3.781, 0.0, 8.3, 0.0, (OwnMark("buy", "0.20", 4.1, "44"),))
TARGET = LadderRow(61615, 61_615.0, 0.0, 1.468, 0.3, -0.8, (OwnMark("target", "0.42", None, "42"),))


def look(width: int) -> LadderLook:
    return look_for(width, price_cells=6, price_scale=0, qty_scale=3, largest=5.0)


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (65, "   own             bid  price        ask   own       vol    ±1s"),
        (51, "  own         bid  price     ask own    vol  ±1s"),
        (42, "  own       bid  price     ask own    vol"),
        (33, "  own      bid  price     ask own  "),
        (24, "      bid  price      ask"),
    ],
)
def test_the_ladder_s_heading(width: int, words: str) -> None:
    assert text(heading(look(width))).split() == words.split()
    assert len(text(heading(look(width)))) == look(width).width <= max(width, 24)


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (51, " B .20 q4.1  3.781 61,599                8.3    ·"),
        (24, "   3.781 61,599"),
    ],
)
def test_an_own_bid_with_its_queue(width: int, words: str) -> None:
    assert text(ladder_row(BUY, look(width), RowFlags())).rstrip() == words.rstrip()


@pytest.mark.parametrize(
    ("sign", "qty", "room", "words"),
    [
        ("S", "0.268", 6, "S .268"),
        ("S", "0.268", 5, "S.268"),
        ("S", "0.268", 4, "S.27"),
        ("S", "0.268", 3, "S"),
        ("T", "12345", 5, "T 12k"),
        ("STOP", "0.18824", 10, "STOP .19"),
        ("LIQ", "", 10, "LIQ"),
    ],
)
def test_no_ellipsis_hides_the_quantity_of_an_own_order(sign: str, qty: str, room: int, words: str) -> None:
    assert own_words(sign, qty, room) == words


@pytest.mark.parametrize(
    ("size", "digits"),
    [
        (0.0, 2),
        (12_345.0, 0),
        (133.2, 1),
        (1.5, 2),
        (0.76, 3),
        (1.23e-8, 10),
        (float("nan"), 2),
        (float("inf"), 0),
    ],
)
def test_an_indicator_of_tiny_prices_shows_digits_that_say_something(size: float, digits: int) -> None:
    assert digits_for(size) == digits


def test_an_own_target_beside_the_ask() -> None:
    words = " " * 19 + "61,615   1.468 T .42  0.3 -0.8"
    assert text(ladder_row(TARGET, look(51), RowFlags())) == words


def test_the_bid_s_bar_ends_at_the_price() -> None:
    row = ladder_row(BUY, look(51), RowFlags(is_last=True))
    at = next(at for at, (words, _) in enumerate(row) if words == "▸")
    assert row[at - 1][1] == "bid@bid-depth"
    assert row[at - 1][0].endswith("1")


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0.0, "·"), (0.004, "·"), (0.034, ".03"), (0.31, "0.3"), (8.34, "8.3"), (1234, "1.2k")],
)
def test_traded_and_changed_amounts_are_short(amount: float, words: str) -> None:
    assert small(amount) == words


def test_a_row_without_sizes() -> None:
    row = LadderRow(61622, 61_622.0, 0.0, 0.0, 0.0, 0.0)
    assert text(ladder_row(row, look(51), RowFlags())).split() == ["61,622", "·"]


# The tape.

PRINT = TapeRow(TS, 61_602.0, 0.2014, Side.BUY, False)


def tape(*rows: TapeRow) -> list[str]:
    return [text(row) for row in TapePane().paint(TapeView(rows, 1.0, 0.5, 2, 4), 33, 3)]


def test_the_tape() -> None:
    assert tape() == []
    assert [line.split() for line in tape(PRINT)] == [["14:03:00", "▲", "61,602.00", "0.2014"]]
    assert len(tape(*[PRINT] * 9)) == 3


# The watchlist.

BTC = WatchRow("BTC/USDT", 75_263.5, 2.21, 9e8, 0.13, 0.05, 1, FeedState.STREAMING, 1)
PEPE = WatchRow("PEPE/USDT", 0.0000137, -10.14, None, 7.3, 0.4, 8, FeedState.STREAMING, -1)
PERP = WatchRow("BTC/USDT:USDT", None, None, None, None, None, 1, FeedState.DOWN, 0)


def test_the_watchlist_shows_the_spread_at_34_cells_with_one_free_at_the_edge() -> None:
    rows = WatchlistPane().paint((BTC, PEPE, PERP), 34, 6)
    assert [text(row).rstrip() for row in rows] == [
        " symbol           last  24h%  spr",
        " BTC/USDT     75,263.5 +2.21 0.13",
        " PEPE/USDT  0.00001370 -10.1 7.30",
        " BTC/USDT:P          –     –    –",
    ]


def test_a_high_but_narrow_watchlist_gives_each_symbol_a_second_line() -> None:
    btc = msgspec.structs.replace(BTC, spark=(1.0, 3.0, 2.0, 8.0))
    for height, gaps in ((5, 0), (6, 1)):
        rows = [text(row).rstrip() for row in WatchlistPane().paint((btc, PERP), 34, height)]
        assert rows == [
            " symbol         last  24h%  spr",
            " BTC/USDT   75,263.5 +2.21 0.13 ▲",
            "  atr 0.05% vol 900M      ▁▃▂█",
            *[""] * gaps,
            " BTC/USDT:P        –     –    – !",
            "  atr –     vol –",
            *[""] * gaps,
        ]


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("BTC/USDT", "BTC/USDT"),
        ("BTC/USDT:USDT", "BTC/USDT:P"),
        ("BTC/USD:BTC", "BTC/USD:BTC"),
        ("BTC/USDT:USDT-250328", "BTC/USDT:250328"),
    ],
)
def test_a_contract_s_short_name(symbol: str, words: str) -> None:
    assert short_symbol(symbol) == words


def test_a_mover_jumps_half_its_range_and_ten_basis_points() -> None:
    assert not is_mover(BTC, 75_263.5 * 0.9992)
    assert is_mover(BTC, 75_263.5 * 0.9985)
    assert not is_mover(PEPE, 0.0000137 * 0.9985)
    assert [change_text(change) for change in (9.99, 9.996, -99.96, None)] == ["+9.99", "+10.0", "-100", "–"]


# Positions and account.

LONG = PositionView(
    symbol="BTC/USDT",
    side=Side.BUY,
    qty=Decimal("0.42"),
    entry_price=Decimal("61510.6"),
    mark_price=Decimal(61602),
    unrealized_pnl=Decimal("38.4"),
    unrealized_pct=0.15,
    r=0.44,
    stop=Decimal(61300),
    stop_distance=Decimal(302),
    stop_age_ms=40,
    target=Decimal(61930),
    held_s=252,
    mae=Decimal("-10.71"),
    mfe=Decimal("36.21"),
    price_scale=1,
)


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (80, "  stop by last · target 61,930.0 · 4 m 12 s · MAE -10.71 · MFE +36.21"),
        (60, "  stop by last · target 61,930.0 · 4 m 12 s · MAE -10.71"),
        (46, "  stop by last · target 61,930.0 · 4 m 12 s"),
        (34, "  stop by last · target 61,930.0"),
    ],
)
def test_the_second_line_of_a_position_leaves_out_whole_words(width: int, words: str) -> None:
    assert text(second_line(LONG, width)) == words


def test_the_second_line_tells_margin_and_funding() -> None:
    row = msgspec.structs.replace(
        LONG, margin_pct=42.4, funding_rate=0.0001, funding_in_s=7_140, funding_paid=Decimal("-2.52")
    )
    words = text(second_line(row, 200))
    assert "margin 42 % · 4 m 12 s · funding 0.0100 % in 1 h 59 m · paid -2.52" in words


def test_what_orders_lock_has_its_own_line() -> None:
    pairs = balance("USDT", Decimal("0.52"), Decimal("108.4"))
    assert pairs == [("USDT", ("0.52", "text")), ("  in orders", ("108.40", "dim"))]


def test_dust_is_not_shown_as_nothing() -> None:
    shown = [balance("BTC", Decimal(free), Decimal(0)) for free in ("0.00000018", "0.189091", "0")]
    assert [text for ((_, (text, _)),) in shown] == ["0.00000018", "0.189091", "0.000000"]


def test_an_assumed_maintenance_has_its_own_line() -> None:
    account = FakeAccount().view()
    assert not any("maintenance" in text(row) for row in amounts(account, 40))
    assumed = msgspec.structs.replace(account, maintenance="0.5 % assumed")
    lines = [text(row).split() for row in amounts(assumed, 40)]
    assert ["maintenance", "0.5", "%", "assumed"] in lines


def test_what_moves_in_a_gauge_keeps_its_digits() -> None:
    gauges = [
        LimitGauge("open risk", Decimal(1), Decimal(2), "R"),
        LimitGauge("trades", Decimal(7), Decimal(20), ""),
        LimitGauge("max loss", Decimal("0.5"), Decimal(12_000), "USDT"),
        LimitGauge("daily loss", Decimal("0.00012"), Decimal("0.02"), "BTC"),
    ]
    assert [gauge_words(gauge, 30) for gauge in gauges] == [
        "1.00 of 2 R",
        "7 of 20",
        "0.50 of 12,000",
        "0.00012000 of 0.02",
    ]


@pytest.mark.parametrize(
    ("used", "words"),
    [("0", "daily loss  ────    0.00 of 200"), ("150", "daily loss  ━━━─  150.00 of 200")],
)
def test_a_limit_s_gauge(used: str, words: str) -> None:
    row = gauge_row(LimitGauge("daily loss", Decimal(used), Decimal(200), "USDT"), 33)
    assert text(row).strip() == words


# Numbers, scales and bars.


@pytest.mark.parametrize(
    ("words", "width", "short"),
    [("stop 0.13149", 11, "stop .13149"), ("target 2R", 11, "target 2R"), ("liquidation x", 8, "liquida…")],
)
def test_a_tag_loses_digits_before_words(words: str, width: int, short: str) -> None:
    assert shortened(words, width) == short


def test_prices_on_the_axis_are_round() -> None:
    assert round_values(Scale(74_700.0, 75_800.0), 8) == [
        74_800.0,
        75_000.0,
        75_200.0,
        75_400.0,
        75_600.0,
        75_800.0,
    ]
    assert round_values(Scale(1.0, 1.0), 8) == []


def test_what_lies_beyond_a_scale_stands_on_its_edge_however_far_away_it_is() -> None:
    tiny = Scale(0.0, 1e-308)
    values = (1e-308, 0.0, 1.0, -1.0, 1e308, -1e308, math.inf, -math.inf)
    assert [tiny.step(value, 6) for value in values] == [0, 5, 0, 5, 0, 5, 0, 5]
    assert tiny.step(math.nan, 6) == 0


def test_macd_s_title_has_value_signal_histogram() -> None:
    from tests.ui.fake_market import FakeMarket
    from tradetui.domain.view import ViewRequest

    lines = FakeMarket().chart(ViewRequest(), (), ()).lines
    words = text(pane_title([line for line in lines if line.group.startswith("macd")], 60)).split()
    assert words[0:2] == ["MACD", "12,26,9"]
    assert [word for word in words if word.isalpha()] == ["MACD", "sig", "hist"]


def test_numbers() -> None:
    assert [fixed(value, 1) for value in (-0.04, 1234.56, None, float("nan"))] == ["0.0", "1,234.6", "–", "–"]
    assert [signed(value, 2) for value in (0.0, 1.0, -1.0)] == ["0.00", "+1.00", "-1.00"]
    assert [compact(value) for value in (0.052, 950, 1234, 999_999, 3.4e6)] == [
        "0.05",
        "950",
        "1.23k",
        "1.00M",
        "3.40M",
    ]
    assert [held_text(value) for value in (-1, 59, 252, 7500, 90_000)] == [
        "0 s",
        "59 s",
        "4 m 12 s",
        "2 h 05 m",
        "1 d 01 h",
    ]


def test_bars() -> None:
    assert text(gauge(0.0, 6)) == "──────"
    assert text(gauge(2.0, 6)) == "━━━━━━"
    assert sparkline((), 4) == "    "
    assert sparkline((1.0, 2.0, 3.0), 4) == " ▁▅█"
    assert sparkline(tuple(range(100)), 4) == "▁▃▆█"


@pytest.mark.parametrize("price", [6, 8, 10])
def test_the_ladder_leaves_a_cell_free_at_the_edge(price: int) -> None:
    for width in range(24 + price, 90):
        shown = look_for(width, price_cells=price, price_scale=1, qty_scale=5, largest=10.0)
        assert len(text(heading(shown))) < width


def test_every_sign_of_the_screen_has_one_in_ascii() -> None:
    package = Path(tradetui.__file__).parent
    shown = [path for room in ("ui", "runtime") for path in (package / room).rglob("*.py")]
    signs = {sign for path in shown for sign in path.read_text(encoding="utf-8") if not sign.isascii()}
    assert {"±", "✓", "≥", "Δ", "▸"} <= signs
    assert {sign for sign in signs if to_ascii(sign) == "?"} == set()


def test_a_fill_leaves_out_whole_words_where_there_is_little_room() -> None:
    (first, *_) = FakeAccount().fills(FakeMarket())
    whole = text(fill_line(first, 200, "UTC")).strip()
    for width in range(20, 80):
        shown = text(fill_line(first, width, "UTC"))
        assert len(shown) < width or len(shown) <= 10
        assert whole.startswith(shown.strip())
        assert shown.split()[-1] in whole.split()
