"""Order files: times, names, and bad lines named by their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradetui.cli.orders import read_orders
from tradetui.domain.command import CancelOrder, SubmitOrder
from tradetui.errors import ConfigError

START = 1_000_000_000_000
SYMBOLS = ("BTC/USDT",)


def orders(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "orders.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_times_count_from_the_first_message_or_stand_alone(tmp_path: Path) -> None:
    path = orders(
        tmp_path,
        '{"at": "+12.5s", "do": "cancel mine-1"}',
        '{"at": 1000000000001, "do": "buy 0.01 BTC/USDT stop 61000", "id": "mine-1"}',
        "",
    )
    first, second = read_orders(path, first_ts=START, symbols=SYMBOLS)
    assert isinstance(first.command, SubmitOrder)
    assert (first.ts_received, first.command.client_id) == (START + 1, "mine-1")
    assert second == type(second)(START + 12_500_000_000, CancelOrder(order_id="mine-1"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "is no JSON"),
        ('{"at": "+1s"}', "expected"),
        ('{"at": "soon", "do": "half"}', "nanoseconds"),
        ('{"at": "+1s", "do": "bye 1"}', "did you mean buy?"),
        ('{"at": "+1s", "do": "half", "size": 1}', "unknown key 'size'"),
        ('{"at": "+1s", "do": "half", "id": 7}', "to be a string"),
        ('{"at": true, "do": "half"}', "nanoseconds"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: str, says: str) -> None:
    path = orders(tmp_path, '{"at": "+1s", "do": "half"}', line)
    with pytest.raises(ConfigError) as caught:
        read_orders(path, first_ts=START, symbols=SYMBOLS)
    (fault,) = caught.value.faults
    assert fault.where == "line 2"
    assert says in fault.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can not be read"):
        read_orders(tmp_path / "none", first_ts=START, symbols=SYMBOLS)
