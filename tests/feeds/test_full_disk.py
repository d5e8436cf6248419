"""What is left where the disk takes no more: whole blocks, said in words, and nothing half written."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.market import PERP, SECOND, START
from tests.runtime.scripted import Session
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import InstrumentListed, Trade
from tradetui.errors import RecordingError
from tradetui.feeds.export import export
from tradetui.feeds.recorder import Recorder, UnwritableError
from tradetui.feeds.recording_members import labels_of
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.tape import Tape

LISTED = InstrumentListed(
    Instrument(
        symbol=PERP,
        venue="x",
        kind=InstrumentKind.PERP_LINEAR,
        base="BTC",
        quote="USDT",
        settle="USDT",
        tick_size=Decimal("0.1"),
        lot_size=Decimal("0.001"),
    ),
    START,
)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system takes a part of what goes beyond, then refuses, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def prints(count: int) -> Iterator[Trade]:
    for number in range(count):
        yield Trade(
            PERP, START + number, START + number * SECOND, 60_000 + number % 977 * 0.1, 0.5, None, number
        )


def test_a_recording_ends_with_the_last_block_that_the_disk_took_whole(tmp_path: Path) -> None:
    path, taken = tmp_path / "full.jsonl.gz", 0
    recorder = Recorder(path, profile="x")
    recorder.take(LISTED)
    with pytest.raises(UnwritableError, match="can not be written: File too large"), files_of_at_most(20_000):  # noqa: PT012
        for trade in prints(100_000):
            recorder.take(trade)
            taken += 1
            if not taken % 500:
                recorder.flush()
    recorder.close()
    labels = labels_of(path)
    assert labels is not None
    assert labels.is_whole
    assert 10_000 < path.stat().st_size <= 20_000
    assert gzip.decompress(path.read_bytes()).endswith(b"}\n")
    kept = [m.trade_id for m in ReplayFeed([path]).messages() if isinstance(m, Trade)]
    assert kept == list(range(len(kept)))
    assert 500 <= len(kept) < taken


def test_a_recording_that_can_not_begin_leaves_no_file(tmp_path: Path) -> None:
    with files_of_at_most(20), pytest.raises(UnwritableError, match="can not be written"):
        Recorder(tmp_path / "none.jsonl.gz", profile="x")
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_does_not_fit_is_not_left_half_written(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    path = tmp_path / "trades.csv"
    with files_of_at_most(10_000), pytest.raises(RecordingError, match="can not be written"):
        export(prints(5_000), "trades", path)
    assert not path.exists()
    with pytest.raises(RecordingError, match="there is no folder"):
        export(prints(1), "trades", tmp_path / "not there" / "trades.csv")


async def test_the_cockpit_goes_on_and_says_what_is_kept(tmp_path: Path) -> None:
    async with Session() as session:
        session.host.tape = Tape(tmp_path, "sim")
        session.open()
        session.host.record()
        with files_of_at_most(4_000):
            for trade in prints(4_000):
                session.host._take(trade)
        assert not session.host.tape.is_running
        assert any("the recording has ended, what was written by then is kept" in t for t in session.texts)


def test_files_that_hold_the_same_time_and_symbol_are_named(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for path in paths:
        recorder = Recorder(path, profile="x")
        recorder.take(LISTED)
        for trade in prints(10):
            recorder.take(trade)
        recorder.close()
    (note,) = ReplayFeed(paths).recording.notes
    assert note == f"a.jsonl.gz and b.jsonl.gz overlap by 9.0 s: {PERP} comes twice there"
    with pytest.raises(RecordingError, match="is named twice"):
        ReplayFeed([paths[0], paths[0]])
    assert ReplayFeed([paths[0]]).recording.notes == ()


def test_what_was_read_before_a_damaged_place_is_delivered(tmp_path: Path) -> None:
    path = tmp_path / "damaged.jsonl.gz"
    recorder = Recorder(path, profile="x")
    recorder.take(LISTED)
    for trade in prints(100):
        recorder.take(trade)
    recorder.flush()
    at = path.stat().st_size
    for trade in prints(200):
        recorder.take(trade)
    recorder.close()
    content = bytearray(path.read_bytes())
    content[at + 300] ^= 0xFF
    path.write_bytes(content)
    seen = []
    with pytest.raises(RecordingError, match="damaged at byte"):  # noqa: PT012
        for message in ReplayFeed([path]).messages():
            seen.append(message)  # noqa: PERF402
    assert sum(isinstance(message, Trade) for message in seen) == 100
