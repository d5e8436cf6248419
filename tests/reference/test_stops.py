"""A stop fills no better than the market went on to trade, measured on a capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.stops import FILES, measured


@pytest.mark.captures
def test_stops_without_latency_get_what_the_market_traded_next_on_average(captures: Path) -> None:
    paths = [captures / "hftbacktest" / name for name in FILES["linear ETHUSDT"]]
    count, told, untold = measured(paths, 0)
    assert count > 500
    assert abs(told) < 1, "ticks"
    assert untold > 10, "what the displayed book alone would have given away"
