"""What does not fit is left out whole, or says that there was more; a number never loses a part unseen."""

from __future__ import annotations

import pytest

from tradetui.domain.market_data import Timeframe
from tradetui.domain.view_market import ChartCandle, ChartView, PriceMark
from tradetui.ui.paint.axis import axis_label, tag_rows, tag_run
from tradetui.ui.paint.rows import lines_of, whole_runs
from tradetui.ui.paint.scale import Scale
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.fills import joined


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (80, "O 61,602.1 H 61,610.0 L 61,590.5 C 61,600.0  vol 12.5"),
        (50, "O 61,602.1 H 61,610.0 L 61,590.5 C 61,600.0"),
        (40, "O 61,602.1 H 61,610.0 L 61,590.5"),
    ],
)
def test_a_title_keeps_values_with_their_labels_or_leaves_both_out(width: int, words: str) -> None:
    candle = ChartCandle(0, 61_602.1, 61_610.0, 61_590.5, 61_600.0, 12.5)
    part = ChartView(
        symbol="BTC/USDT", timeframe=Timeframe.M1, price_scale=1, version=1, closed=(), open=candle
    )
    row = whole_runs(list(ChartPane().title_words(part)), width)
    assert "".join(text for text, _ in row) == words


@pytest.mark.parametrize(
    ("text", "width", "label"),
    [
        ("61,825.0", 12, "   61,825.0 "),
        ("61,825.00", 10, "61,825.00 "),
        ("61,825.00", 9, "61,825.00"),
        ("161,825.00", 9, "161,825.0"),
        ("vol 1.3", 9, " vol 1.3 "),
    ],
)
def test_a_label_gives_up_its_blank_before_its_digits(text: str, width: int, label: str) -> None:
    assert axis_label(text, width) == label


def test_a_tag_gives_up_its_margin_before_its_digits() -> None:
    mark = PriceMark("last", 61_833.09, "61,833.09")
    assert tag_run(mark, "", 12, 2)[0] == " 61,833.09  "
    assert tag_run(mark, "", 9, 2)[0] == "61,833.09"
    stop = PriceMark("stop", 61_800.0, "stop 0.13149")
    assert tag_run(stop, "▼", 12, 2)[0] == "▼stop .13149"
    assert tag_run(stop, "", 12, 2)[0] == " stop .13149"
    assert tag_run(stop, "", 9, 2)[0] == " stop    "


def test_a_receipt_breaks_between_its_parts() -> None:
    line = "slip -0.4 bp -0.01 R · fee 0.00013325 BTC · 150 ms"
    assert joined(line, 60) == [line]
    assert joined(line, 45) == ["slip -0.4 bp -0.01 R · fee 0.00013325 BTC", "150 ms"]
    assert joined(line, 24) == ["slip -0.4 bp -0.01 R", "fee 0.00013325 BTC", "150 ms"]
    assert joined(line, 12) == ["slip -0.4 bp", "-0.01 R", "fee", "0.00013325", "BTC · 150 ms"]


def test_words_that_go_on_end_with_an_ellipsis() -> None:
    assert lines_of("set the stop at the cursor", 14, 2) == ["set the stop", "at the cursor"]
    assert lines_of("set the stop at the cursor, or wait", 14, 2) == ["set the stop", "at the cursor…"]


def test_a_price_outside_the_plot_has_its_tag_beyond_those_of_all_prices_inside() -> None:
    scale = Scale(100.0, 110.0)
    marks = (
        PriceMark("stop", 100.2, "stop 0.3"),
        PriceMark("last", 100.6, ""),
        PriceMark("entry", 101.1, "entry"),
        PriceMark("liquidation", 80.0, "liq"),
        PriceMark("target", 130.0, "target"),
    )
    for rows in (5, 6, 10, 20):
        found = tag_rows(marks, scale, rows)
        kinds = [found[row][0].kind for row in sorted(found)]
        assert kinds == ["target", "entry", "last", "stop", "liquidation"]
        assert [found[row][1] for row in sorted(found)] == ["▲", "", "", "", "▼"]
    assert len(tag_rows(marks, scale, 3)) == 3
