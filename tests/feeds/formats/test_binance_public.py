"""Binance's public files, written here after the public description, against a reading with pandas."""

from __future__ import annotations

import random
import zipfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.feeds.formats.playing import Played
from tradetui.domain.instrument import InstrumentKind
from tradetui.domain.market_data import CandleHistory, FeedState, Side, Timeframe
from tradetui.errors import RecordingError
from tradetui.feeds.formats.detect import timeframe_of
from tradetui.feeds.replay import ReplayFeed
from tradetui.market.market import Market

START = 1_722_988_800_000
TRADES = ["id", "price", "qty", "quote_qty", "time", "is_buyer_maker"]
KLINES = [
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"),
    *("taker_buy_volume", "taker_buy_quote_volume", "ignore"),
]


def spot_trades(count: int, scale: int = 1) -> list[str]:
    chance = random.Random(5)
    rows = []
    for number in range(count):
        price, qty = 61_000 + chance.randint(-500, 500) / 100, chance.randint(1, 90_000) / 100_000
        at = (START + 137 * number) * scale
        maker = chance.choice(("True", "False"))
        rows.append(f"{9000 + number},{price:.8f},{qty:.8f},{price * qty:.8f},{at},{maker},True")
    return rows


def minutes(count: int, first: int = 0) -> list[str]:
    chance = random.Random(first)
    rows = []
    for number in range(first, first + count):
        opened, low, high = START + 60_000 * number, chance.randint(50, 90), chance.randint(110, 150)
        volume, bought = chance.randint(50, 99), chance.randint(1, 50)
        rows.append(f"{opened},100.5,{high},{low},101.0,{volume},{opened + 59_999},1,{number},{bought},1,0")
    return rows


def zipped(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.csv", "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("scale", [1, 1000])
def test_spot_trades_of_a_zip_are_those_of_a_reading_with_pandas(tmp_path: Path, scale: int) -> None:
    path = zipped(tmp_path, "BTCUSDT-trades-2024-08-07", spot_trades(500, scale))
    played = Played([path])
    frame = pd.read_csv(path, names=[*TRADES, "is_best_match"])
    found = played.trades()
    assert [t.trade_id for t in found] == frame["id"].tolist()
    assert [t.price for t in found] == frame["price"].tolist()
    assert [t.qty for t in found] == frame["qty"].tolist()
    assert [t.ts_exchange for t in found] == (frame["time"] * (1_000_000 // scale)).tolist()
    assert [t.aggressor is Side.SELL for t in found] == frame["is_buyer_maker"].tolist()
    (listed,) = played.feed.recording.instruments
    assert (listed.symbol, listed.kind) == ("BTC/USDT", InstrumentKind.SPOT)
    assert (listed.tick_size, listed.lot_size) == (Decimal("0.01"), Decimal("0.00001"))


def test_aggregated_trades_of_futures_have_a_line_of_names_and_are_a_perpetual(tmp_path: Path) -> None:
    makers = ["true" if number % 3 else "false" for number in range(40)]
    rows = [f"{n},2600.{n:02d},0.5,{n},{n},{START + n},{maker}" for n, maker in enumerate(makers)]
    names = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    path = tmp_path / "ETHUSDT-aggTrades-2024-08-07.csv"
    path.write_text("\n".join([names, *rows]) + "\n")
    played = Played([path])
    frame = pd.read_csv(path)
    assert [t.price for t in played.trades()] == frame["price"].tolist()
    assert [t.aggressor is Side.SELL for t in played.trades()] == frame["is_buyer_maker"].tolist()
    assert played.feed.symbols == ("ETH/USDT:USDT",)
    assert (played.feed.lines, played.feed.bad_messages) == (40, 0)


def test_candles_of_several_files_fill_the_chart_and_are_known_when_they_have_closed(tmp_path: Path) -> None:
    paths = [
        zipped(tmp_path, "BTCUSDT-1m-2024-08-08", minutes(100, 1000)),
        zipped(tmp_path, "BTCUSDT-1m-2024-08-07", minutes(1000)),
    ]
    feed = ReplayFeed(paths)
    market = Market(feed.recording.instruments[0])
    feed.pump(market.apply)
    frame = pd.concat(pd.read_csv(path, names=KLINES) for path in paths[::-1])
    closed = market.candles(Timeframe.M1).closed(2000)
    assert [c.open_ts for c in closed] == (frame["open_time"] * 10**6).tolist()
    assert [(c.high, c.low, c.volume) for c in closed] == list(
        zip(frame["high"], frame["low"], frame["volume"], strict=True)
    )
    assert [c.delta for c in closed] == (2 * frame["taker_buy_volume"] - frame["volume"]).tolist()
    hours = frame.groupby(frame["open_time"] // 3_600_000)
    longer = market.candles(Timeframe.H1).closed(50)
    assert [c.high for c in longer] == hours["high"].max().tolist()[: len(longer)]
    first = next(message for message in feed.messages() if isinstance(message, CandleHistory))
    assert first.ts_received == (START + 60_000) * 10**6


def test_without_a_book_it_streams_and_says_so(tmp_path: Path) -> None:
    played = Played([zipped(tmp_path, "BTCUSDT-trades-2024-08-07", spot_trades(5))])
    assert played.states() == [FeedState.STREAMING]
    assert played.feed.recording.without_book == {"BTC/USDT"}
    assert "no book was recorded" in played.feed.recording.warnings[0]


def test_broken_rows_are_skipped_and_counted_under_their_numbers(tmp_path: Path) -> None:
    rows = spot_trades(6)
    rows[2], rows[4] = rows[2].replace("61", "-61", 1), "1,2,3"
    played = Played([zipped(tmp_path, "BTCUSDT-trades-2024-08-07", rows)])
    assert (played.feed.lines, played.feed.bad_messages) == (6, 2)
    assert [bad.number for bad in played.feed.bad_lines] == [3, 5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("prices", ":1: expected a recording of tradetui"),
        ("BTCUSDT-2h-2024-08-07", ":1: expected candles of 1s, .*, was 2h"),
    ],
)
def test_a_file_whose_name_says_too_little_is_refused(tmp_path: Path, name: str, expected: str) -> None:
    with pytest.raises(RecordingError, match=expected):
        ReplayFeed([zipped(tmp_path, name, minutes(3))])


def test_a_zip_of_several_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "y")
    with pytest.raises(RecordingError, match="a zip of one file, was one of 2"):
        ReplayFeed([path])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BTCUSDT-15m-2024-08-07.zip", Timeframe.M15),
        ("BTCUSDT-trades-2024-08-07.zip", Timeframe.S5),
        ("spot_btcusdt_20240808.gz", Timeframe.S5),
    ],
)
def test_candles_are_looked_at_in_their_own_timeframe(name: str, expected: Timeframe) -> None:
    assert timeframe_of([Path(name)]) is expected


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, "BTCUSDT-trades-2024-08-07", spot_trades(50))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RecordingError, match="zip is damaged"):
        ReplayFeed([path])
