"""Tardis' CSV files, written here after the public description, against a reading with pandas."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.feeds.formats.playing import Played
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, InstrumentListed, Side
from tradetui.errors import RecordingError
from tradetui.feeds.replay import ReplayFeed

BOOK = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"
START = 1_722_988_800_000_000


def row(at: int, *rest: object, exchange: str = "binance-futures", symbol: str = "BTCUSDT") -> str:
    return ",".join(map(str, (exchange, symbol, START + at - 900, START + at, *rest)))


def write(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(("\n".join(rows) + "\n").encode()))
    return path


def book_rows(seed: int, messages: int) -> list[str]:
    """A whole book in two messages, then updates of several levels, and another whole book."""
    chance = random.Random(seed)
    bids = {100.0 - 0.1 * n: 1.0 for n in range(20)}
    asks = {100.1 + 0.1 * n: 1.0 for n in range(20)}
    sides = (("bid", bids, 99.9), ("ask", asks, 100.1))
    whole = [
        [row(at, "true", name, f"{price:.1f}", 1) for price in levels]
        for at, (name, levels, _) in zip((0, 10), sides, strict=True)
    ]
    rows = [BOOK, *whole[0], *whole[1]]
    for number in range(messages):
        at = 1_000 * (number + 1)
        for _ in range(chance.randint(1, 4)):
            name, _, best = chance.choice(sides)
            price = best + (-0.1 if name == "bid" else 0.1) * chance.randint(0, 25)
            amount = chance.choice((0, chance.randint(1, 900) / 100))
            rows.append(row(at, "false", name, f"{price:.1f}", amount))
        if number == messages // 2:
            rows += [row(at + 500, "true", "bid", "99.9", 7), row(at + 500, "true", "ask", "100.1", 8)]
    return rows


def with_pandas(path: Path) -> dict[str, dict[float, float]]:
    """The last book, as the description says to build it: groups by local time, set back by a snapshot."""
    frame = pd.read_csv(path)
    book: dict[str, dict[float, float]] = {"bid": {}, "ask": {}}
    was_snapshot = False
    for _, group in frame.groupby("local_timestamp", sort=False):
        is_snapshot = bool(group["is_snapshot"].iloc[0])
        if is_snapshot and not was_snapshot:
            book = {"bid": {}, "ask": {}}
        was_snapshot = is_snapshot
        for side, price, amount in zip(group["side"], group["price"], group["amount"], strict=True):
            book[side][price] = amount
            if not amount:
                del book[side][price]
    return book


@pytest.mark.parametrize("seed", range(5))
def test_the_book_is_that_of_a_reading_with_pandas(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path, "binance-futures_incremental_book_L2_BTCUSDT.csv.gz", book_rows(seed, 300))
    played = Played([path])
    expected = with_pandas(path)
    book = played.books["BTC/USDT:USDT"]
    for side, name in ((book.bids, "bid"), (book.asks, "ask")):
        assert {float(price): float(qty) for price, qty in side.items()} == expected[name]
    assert played.count(BookSnapshot) == 2  # the first one came in two messages
    assert played.count(BookDelta) == 301
    assert (played.feed.bad_messages, played.feed.gaps) == (0, 0)


def test_prints_are_those_of_a_reading_with_pandas_and_stand_between_book_messages(
    tmp_path: Path,
) -> None:
    chance = random.Random(3)
    sides = [chance.choice(("buy", "sell", "unknown")) for _ in range(200)]
    rows = [row(500 + 700 * n, 9000 + n, side, 100 + n / 10, 0.001 * (n + 1)) for n, side in enumerate(sides)]
    trades = write(tmp_path, "trades.csv.gz", [TRADES, *rows])
    played = Played([trades, write(tmp_path, "book.csv.gz", book_rows(1, 100))])
    frame = pd.read_csv(trades)
    found = played.trades()
    assert [t.price for t in found] == frame["price"].tolist()
    assert [t.qty for t in found] == frame["amount"].tolist()
    assert [t.ts_received for t in found] == (frame["local_timestamp"] * 1000).tolist()
    assert [t.ts_exchange for t in found] == (frame["timestamp"] * 1000).tolist()
    assert [t.aggressor for t in found] == [{"buy": Side.BUY, "sell": Side.SELL}.get(side) for side in sides]
    times = [m.ts_received for m in played.messages if not isinstance(m, InstrumentListed)]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("exchange", "symbol", "expected"),
    [
        ("binance", "ETHUSDT", "ETH/USDT"),
        ("coinbase", "BTC-USD", "BTC/USD"),
        ("kraken", "XBT/USD", "BTC/USD"),
        ("bitmex", "XBTUSD", "BTC/USD:BTC"),
        ("okex-swap", "BTC-USDT-SWAP", "BTC/USDT:USDT"),
        ("binance-delivery", "BTCUSD_PERP", "BTC/USD:BTC"),
        ("deribit", "BTC-PERPETUAL", "BTC/USD:BTC"),
    ],
)
def test_names_of_many_exchanges_become_symbols(
    tmp_path: Path, exchange: str, symbol: str, expected: str
) -> None:
    rows = [TRADES, row(0, 1, "buy", 100.25, 3, exchange=exchange, symbol=symbol)]
    (listed,) = ReplayFeed([write(tmp_path, "t.csv.gz", rows)]).recording.instruments
    assert (listed.symbol, listed.venue) == (expected, exchange)
    assert (listed.tick_size, listed.lot_size) == (Decimal("0.01"), Decimal(1))


def test_broken_rows_are_skipped_and_counted_under_their_numbers(tmp_path: Path) -> None:
    good = row(5, 2, "buy", 101, 1)
    bad = [row(1, 1, "buy", "NaN", 1), row(2, 1, "up", 100, 1), "rubbish"]
    bad += [row(3, 1, "buy", 100), row(4, 1, "sell", -3, 1)]
    played = Played([write(tmp_path, "t.csv.gz", [TRADES, *bad, good])])
    assert (played.feed.lines, played.feed.bad_messages) == (6, 5)
    assert [bad.number for bad in played.feed.bad_lines] == [2, 3, 4, 5, 6]
    assert [trade.trade_id for trade in played.trades()] == [2]


def test_a_book_that_stays_crossed_is_not_followed_until_another_whole_one(tmp_path: Path) -> None:
    rows = [
        BOOK,
        row(0, "true", "bid", 100, 1),
        row(0, "true", "ask", 101, 1),
        row(1, "false", "bid", 102, 1),
        row(2, "false", "bid", 103, 1),
        row(3, "false", "bid", 99, 1),
        row(4, "true", "bid", 100, 1),
        row(4, "true", "ask", 101, 1),
    ]
    played = Played([write(tmp_path, "book.csv.gz", rows)])
    assert played.states() == [
        FeedState.CONNECTING,
        FeedState.STREAMING,
        FeedState.CROSSED,
        FeedState.STREAMING,
    ]
    assert (played.feed.gaps, played.feed.resyncs) == (1, 1)
    assert (played.count(BookSnapshot), played.count(BookDelta)) == (2, 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda rows: [TRADES.replace("id", "ask_price"), *rows[1:]],
            ":1: expected",
        ),
        (lambda rows: [*rows, row(1, 9, "buy", 1, 1)], ":5: time runs backwards"),
        (lambda rows: rows[:1], "found none"),
    ],
)
def test_what_can_not_be_played_is_refused_with_the_line(
    tmp_path: Path, change: Callable[[list[str]], list[str]], expected: str
) -> None:
    rows = [TRADES, *(row(10 * n, n, "buy", 100 + n, 1) for n in range(1, 4))]
    with pytest.raises(RecordingError, match=expected):
        ReplayFeed([write(tmp_path, "t.csv.gz", change(rows))])


def test_the_same_run_starts_again_from_the_beginning(tmp_path: Path) -> None:
    feed = ReplayFeed([write(tmp_path, "book.csv.gz", book_rows(2, 50))])
    assert list(feed.messages()) == list(feed.messages())
