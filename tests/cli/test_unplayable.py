"""Files that can not be played: each is refused in one clear line with exit code 2, and harms no terminal."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from tradetui.cli.main import run

COMMANDS = (["replay", "--headless", "--json"], ["recording", "info"], ["recording", "check"])
WHAT = "expected a recording of tradetui, a capture of Binance's or cryptofeed's frames, or a CSV file"
FILES: dict[str, tuple[bytes, str]] = {
    "a text": (b"hello\n", f"{WHAT} of Tardis or of Binance's public data, was hello"),
    "nothing but a packed letter": (gzip.compress(b"x"), "was x"),
    "an empty file": (b"", "the recording is empty"),
    "bytes": (bytes(range(256)) * 9, "was no text"),
    "xz": (lzma.compress(b"1 {}\n"), "packed by xz: unpack it first"),
    "Parquet": (b"PAR1" + bytes(90), "a table in Parquet"),
    "feather": (b"ARROW1\0\0" + bytes(90), "a table in Arrow's format"),
    "JSON": (b'{"channel":"book"}\n' * 3, "JSON without times of receipt before it"),
    "JSON of many lines": (b"{\n  1: 2\n}\n", "JSON without times of receipt before it"),
    "another venue's frames": (b'1723161256172216566 {"channel":"l2Book"}\n', 'was {"channel":"l2Book"}'),
    "half a gzip": (gzip.compress(bytes(9999))[:-12], "the gzip ends in the middle"),
    "a zip that is none": (b"PK\x03\x04" + bytes(40), "the zip is damaged"),
    "an old stream of Bitget": (
        b"wss://ws.bitget.com/spot/v1/stream <-> 1633998512.063\n",
        "was a capture of ws.bitget.com/spot/v1/stream: Bitget's streams before v2",
    ),
    "an address that is none": (b"wss://\x1b[31mx <-> 1633998512.063\n", "none that tells its venue"),
    "a Tardis file of another kind": (
        b"exchange,symbol,timestamp,local_timestamp," + b",".join([b"asks[0].price"] * 40) + b"\n",
        "expected Tardis' incremental_book_L2 or trades, was another of its files, with asks[0].price",
    ),
    "a table with escapes": (b"exchange,symbol,timestamp,local_timestamp,\x1b[31m\n", "with ·[31m"),
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("content", "words"), FILES.values(), ids=FILES)
def test_a_file_that_can_not_be_played_is_told_with_what_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], content: bytes, words: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    check_refused(run([*command, str(path)]), capsys, words)


def check_refused(code: int, capsys: pytest.CaptureFixture[str], words: str) -> None:
    out, error = capsys.readouterr()
    assert (code, out) == (2, "")
    assert words in error
    assert len(error.splitlines()) == 1
    assert len(error) < 400
    assert error[:-1].isprintable()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "was a folder: name the files in it"),
        (lambda _path: None, "no such recording"),
    ],
)
def test_what_is_no_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None], words: str
) -> None:
    make(tmp_path / "file")
    check_refused(run(["replay", "--headless", str(tmp_path / "file")]), capsys, words)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_lines_of_a_recording_do_nothing_to_the_terminal_that_tells_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    body = '{"e":"trade","s":"BTCUSDT","t":1,"p":"5","q":"1","T":1723161256172,"m":true}'
    lines = [
        f'1723161256172216566 {{"stream":"btcusdt@trade","data":{body}}}',
        f'1723161256172216567 {{"stream":"\x1b[31mbtcusdt@trade","data":{body}}}',
        "\x1b]0;gone\x07",
    ]
    path = tmp_path / "frames.log"
    path.write_text("\n".join(lines))
    run([*command, str(path)])
    out, error = capsys.readouterr()
    assert all(line.isprintable() for line in (*out.splitlines(), *error.splitlines()))


@pytest.mark.captures
def test_every_capture_that_is_not_played_says_so_in_a_line(
    captures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = 0
    for path in sorted([*captures.glob("cryptofeed/*.0.gz"), *captures.glob("*/*.parquet")]):
        code = run(["recording", "info", str(path)])
        out, error = capsys.readouterr()
        assert code in (0, 2)
        assert (len(error.splitlines()) == 1) is (code == 2), error
        assert bool(out) is (code == 0)
        refused += code == 2
    assert refused > 10
