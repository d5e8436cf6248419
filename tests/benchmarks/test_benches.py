"""The clients that are measured deliver everything: a benchmark of one that does not says nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.benchmarks.bench_feed_captured import Capture, of_cryptofeed, of_spot, ours


@pytest.mark.usefixtures("captures")
@pytest.mark.parametrize("make", [of_cryptofeed, of_spot])
def test_of_a_captured_feed_every_quote_and_print_is_delivered(make: Callable[[], Capture]) -> None:
    capture = make()
    channels = Counter(text.partition("@")[2].partition('"')[0] for _, text in capture.frames)
    _, found = ours(capture)
    assert found["quotes"] == channels["bookTicker"] > 0
    assert found["trades"] == channels["aggTrade"]
    assert 0.95 * channels["depth@100ms"] < found["books"] <= channels["depth@100ms"]
