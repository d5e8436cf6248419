"""`tradetui replay --headless --json` against the figures computed independently from the same captures."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.captures

D = Decimal
SPOT = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
CASES = {
    "hft_spot_btcusdt": (SPOT, "BTC/USDT"),
    "hft_usdm_ethusdt": (("usdm_ethusdt_20240808.gz",), "ETH/USDT:USDT"),
    "hft_cm_btcusd_perp": (("cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz"), "BTC/USD:BTC"),
}


def tradetui(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradetui", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, **environment},
    )


def replay(
    captures: Path, *names: str, extra: tuple[str | Path, ...] = (), **environment: str
) -> dict[str, Any]:
    paths = [captures / "hftbacktest" / name for name in names]
    done = tradetui("replay", *paths, "--headless", "--json", *extra, **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@cache
def whole(captures: Path, case: str) -> dict[str, Any]:
    return replay(captures, *CASES[case][0])


def near(text: str | float, expected: str | float) -> bool:
    return abs(D(str(text)) - D(str(expected))) <= D("1e-9") * max(D(1), abs(D(str(expected))))


@pytest.mark.parametrize("case", CASES)
def test_totals_and_vwap_equal_the_golden_figures(captures: Path, case: str) -> None:
    golden = json.loads((captures / "golden" / f"{case}.json").read_text())
    found = whole(captures, case)
    (symbol, row), *rest = found["instruments"].items()
    assert (symbol, rest) == (CASES[case][1], [])
    assert found["messages"] == golden["messages"]
    assert (found["bad_messages"], found["gaps"], found["resyncs"]) == (0, 0, 0)
    assert row["trades"] == golden["trades"]
    for ours, theirs in (
        ("volume", "total_qty"),
        ("buy_volume", "buy_taker_qty"),
        ("sell_volume", "sell_taker_qty"),
        ("vwap", "vwap"),
        ("low", "min_price"),
        ("high", "max_price"),
    ):
        assert near(row[ours], golden[theirs]), ours


@pytest.mark.parametrize("case", CASES)
def test_the_final_book_equals_the_golden_top_twenty(captures: Path, case: str) -> None:
    golden = json.loads((captures / "golden" / f"{case}.json").read_text())
    (row,) = whole(captures, case)["instruments"].values()
    for side in ("bids", "asks"):
        ours = [(D(price), D(qty)) for price, qty in row[side]]
        assert ours == [(D(price), D(qty)) for price, qty in golden["final_top20"][side]]


@pytest.mark.parametrize("case", CASES)
def test_one_minute_candles_equal_the_golden_ones(captures: Path, case: str) -> None:
    golden = json.loads((captures / "golden" / f"{case}.json").read_text())
    (row,) = whole(captures, case)["instruments"].values()
    ours = row["candles"]["1m"]
    theirs = golden["candles_1m_by_exchange_trade_time_T"]
    assert len(ours) == len(theirs)
    for candle, expected in zip(ours, theirs, strict=True):
        assert candle[0] == expected["t"]
        assert candle[6] == expected["n"]
        assert all(near(value, expected[name]) for value, name in zip(candle[1:6], "ohlcv", strict=True))


def order_file(tmp_path: Path, *lines: dict[str, Any]) -> Path:
    path = tmp_path / "orders.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


Levels = list[tuple[Decimal, Decimal]]


def sample_after(captures: Path, index: int) -> tuple[int, dict[str, Levels]]:
    golden = json.loads((captures / "golden" / "hft_spot_btcusdt.json").read_text())
    sample = golden["book_samples_every_200_depth_events"][index]
    sides = {side: [(D(p), D(q)) for p, q in sample[side]] for side in ("bids", "asks")}
    return sample["recv_ns"], sides


def walked(levels: Levels, qty: Decimal) -> list[tuple[Decimal, Decimal]]:
    """The obvious reading of a book: take each level until the quantity is there."""
    taken = []
    for price, size in levels:
        if qty <= 0:
            break
        taken.append((price, min(size, qty)))
        qty -= size
    return taken


MOMENTS = (0, 9, 20, 31)


def walk_of(book: dict[str, Levels]) -> Decimal:
    """The first level of the asks and half of the second."""
    return (book["asks"][0][1] + book["asks"][1][1] / 2).quantize(D("0.00001"))


@pytest.fixture(scope="module")
def walks(captures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One replay that buys at each of the moments, and is flat again before the next."""
    lines: list[dict[str, Any]] = []
    for index in MOMENTS:
        moment, book = sample_after(captures, index)
        stop = (book["asks"][0][0] * D("0.999")).quantize(D("0.01"))
        lines.append({"at": moment, "do": f"buy {walk_of(book)} stop {stop}", "id": f"walk {index}"})
        lines.append({"at": moment + 1_000_000_000, "do": "flatten"})
    orders = order_file(tmp_path_factory.mktemp("walks"), *lines)
    return replay(captures, *SPOT, extra=("--orders", orders, "--balance", "2000000"))


@pytest.mark.parametrize("index", MOMENTS)
def test_a_market_order_takes_exactly_the_levels_of_the_golden_book(
    captures: Path, walks: dict[str, Any], index: int
) -> None:
    moment, book = sample_after(captures, index)
    (order,) = [order for order in walks["orders"] if order["client_id"] == f"walk {index}"]
    fills = [fill for fill in walks["fills"] if fill["order_id"] == order["id"]]
    assert [(D(f["price"]), D(f["qty"])) for f in fills] == walked(book["asks"], walk_of(book))
    assert all(f["ts"] == moment and f["liquidity"] == "taker" for f in fills)


@cache
def trades_of(captures: Path) -> list[tuple[int, Decimal, Decimal, bool]]:
    """Receive time, price, size and whether the seller was the aggressor, read line by line."""
    found = []
    for name in SPOT:
        with gzip.open(captures / "hftbacktest" / name, "rb") as lines:
            for line in lines:
                if b'"e":"trade"' in line:
                    stamp, _, text = line.partition(b" ")
                    data = json.loads(text)["data"]
                    found.append((int(stamp), D(data["p"]), D(data["q"]), bool(data["m"])))
    return found


def test_a_stop_fires_at_the_first_print_at_or_beyond_it(captures: Path, tmp_path: Path) -> None:
    moment, book = sample_after(captures, 3)
    stop = (book["bids"][0][0] - 60).quantize(D("1"))
    orders = order_file(tmp_path, {"at": moment, "do": f"buy 0.01 stop {stop}", "id": "in"})
    found = replay(captures, *SPOT, extra=("--orders", orders))
    first = next(stamp for stamp, price, _, _ in trades_of(captures) if stamp > moment and price <= stop)
    (protective,) = [order for order in found["orders"] if order["type"] == "stop_market"]
    sold = [fill for fill in found["fills"] if fill["order_id"] == protective["id"]]
    assert protective["state"] == "filled"
    assert {fill["ts"] for fill in sold} == {first}
    assert all(D(fill["price"]) <= stop + 25 for fill in sold)
    assert not any(D(position["qty"]) >= D("0.00001") for position in found["positions"])


def test_a_limit_below_every_print_never_fills_and_one_that_is_run_through_does(
    captures: Path, tmp_path: Path
) -> None:
    moment, book = sample_after(captures, 1)
    trades = trades_of(captures)
    lowest = min(price for stamp, price, _, _ in trades if stamp > moment)
    through = (book["bids"][0][0] - 40).quantize(D("1")) + D("0.37")
    orders = order_file(
        tmp_path,
        {"at": moment, "do": f"buy 0.001 limit {lowest - D('0.01')} stop {lowest - 100}", "id": "never"},
        {"at": moment, "do": f"buy 0.001 limit {through} stop {lowest - 100}", "id": "through"},
    )
    found = replay(captures, *SPOT, extra=("--orders", orders))
    by_name = {order["client_id"]: order for order in found["orders"] if order["client_id"]}
    rows = [*found["orders"], *found["fills"]]
    assert {found["realism"], *(row["realism"] for row in rows)} == {"custom"}, "no latency at all"
    assert D(by_name["never"]["filled"]) == 0
    assert by_name["through"]["state"] == "filled"
    fills = [fill for fill in found["fills"] if fill["order_id"] == by_name["through"]["id"]]
    assert {D(fill["price"]) for fill in fills} == {through}
    earliest = next(stamp for stamp, price, _, _ in trades if stamp > moment and price <= through)
    assert min(fill["ts"] for fill in fills) >= earliest


def test_two_runs_under_other_hash_seeds_give_the_same_events(captures: Path, tmp_path: Path) -> None:
    moment, book = sample_after(captures, 2)
    stop = book["bids"][0][0] - 80
    orders = order_file(
        tmp_path,
        {"at": moment, "do": f"buy 0.01 stop {stop} target 2r", "id": "a"},
        {"at": "+60s", "do": f"buy 0.002 limit {book['bids'][5][0]} stop {stop}", "id": "b"},
        {"at": "+300s", "do": "flatten all"},
    )
    runs = [
        replay(captures, *SPOT, extra=("--orders", orders), PYTHONHASHSEED=seed, TZ=zone)
        for seed, zone in (("0", "UTC"), ("77", "Asia/Tokyo"))
    ]
    assert runs[0]["events"] > 10
    assert runs[0] == runs[1]


def test_coin_margined_contracts_trade_and_settle_in_the_coin(captures: Path, tmp_path: Path) -> None:
    orders = order_file(
        tmp_path,
        {"at": "+60s", "do": "buy 7 stop 60000", "id": "coin"},
        {"at": "+120s", "do": "flatten"},
    )
    found = replay(captures, "cm_btcusd_perp_20240808.gz", extra=("--orders", orders))
    order = next(order for order in found["orders"] if order["client_id"] == "coin")
    assert (order["state"], D(order["filled"])) == ("filled", D(7))
    assert found["account"]["currency"] == "BTC"
    entered = sum(D(fill["qty"]) * 100 / D(fill["price"]) for fill in found["fills"] if fill["side"] == "buy")
    left = sum(D(fill["qty"]) * 100 / D(fill["price"]) for fill in found["fills"] if fill["side"] == "sell")
    fees = D(found["account"]["fees"])
    assert abs(fees - (entered + left) * D("0.0005")) < D("1e-7")
    assert abs(D(found["account"]["balance"]) - (10_000 + entered - left - fees)) < D("1e-7")


def bad(path: Path) -> str:
    done = tradetui("replay", path, "--headless", "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_recordings_that_can_not_be_replayed_are_refused_in_words(captures: Path, tmp_path: Path) -> None:
    assert "no such" in bad(tmp_path / "missing.gz")
    (tmp_path / "empty.gz").touch()
    assert "empty" in bad(tmp_path / "empty.gz")
    (tmp_path / "text.gz").write_text("hello\n")
    assert "expected" in bad(tmp_path / "text.gz")
    source = (captures / "hftbacktest" / "usdm_ethusdt_20240808.gz").read_bytes()
    (tmp_path / "cut.gz").write_bytes(source[:200_000])
    assert "ends in the middle" in bad(tmp_path / "cut.gz")
    lines = gzip.decompress(source).splitlines(keepends=True)[:40]
    (tmp_path / "back.gz").write_bytes(gzip.compress(b"".join([*lines[20:], *lines[:20]])))
    assert "backwards" in bad(tmp_path / "back.gz")


def test_a_broken_line_is_skipped_and_counted(captures: Path, tmp_path: Path) -> None:
    source = captures / "hftbacktest" / "usdm_ethusdt_20240808.gz"
    with gzip.open(source, "rb") as stream:
        lines = [stream.readline() for _ in range(400)]
    lines[200] = lines[200][:60] + b"\n"
    (tmp_path / "broken.gz").write_bytes(gzip.compress(b"".join(lines)))
    done = tradetui("replay", tmp_path / "broken.gz", "--headless", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["messages"], found["bad_messages"]) == (0, 400, 1)
    assert "line 201" in done.stderr


def test_a_bad_order_file_is_refused_with_its_line(captures: Path, tmp_path: Path) -> None:
    orders = order_file(tmp_path, {"at": "+1s", "do": "half"}, {"at": "+1s", "do": "buy lots"})
    path = captures / "hftbacktest" / "usdm_ethusdt_20240808.gz"
    done = tradetui("replay", path, "--headless", "--json", "--orders", orders)
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 2" in done.stderr
