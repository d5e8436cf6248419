"""The command line: its options, its help, and nothing that takes time to import.

The common options are understood before and after the subcommand.
"""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

from tradetui.domain.number import parse_decimal
from tradetui.errors import ConfigError, Fault
from tradetui.version import __version__

SCENARIOS: Final = ("calm", "trend", "range", "breakout", "flash-crash", "gap", "thin", "stall", "disconnect")
_REALISMS: Final = ("frictionless", "realistic", "harsh")
_SYMBOL: Final = re.compile(r"[A-Za-z0-9.]+/[A-Za-z0-9.]+(:[A-Za-z0-9.]+)?")

_EXAMPLES: Final = """\
examples:
  tradetui                                     the cockpit on the simulated market
  tradetui --scenario flash-crash --seed 7     the same market again, with a crash in it
  tradetui --profile binance                   live data, paper orders
  tradetui replay btcusdt_*.gz --speed 4       a recording on the same screen
  tradetui replay btcusdt_*.gz --headless --json --orders orders.jsonl
  tradetui watch --profile kraken --seconds 10
  tradetui record --profile kraken --minutes 30
  tradetui doctor --profile binance            what keeps it from working here
  tradetui journal trades

Every order is a paper order: the program has no way to send a live one.
"""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument the way every other fault of the program is reported."""

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if choice:
            known = re.findall(r"[\w-]+", choice.group(2))
            near = difflib.get_close_matches(choice.group(1), known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            message = f"unknown: {choice.group(1)!r}; {hint}there are {', '.join(known)}"
        raise ConfigError("arguments", [Fault(self.prog, "", f"{message}; see {self.prog} --help")])


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments; raises ConfigError, or SystemExit after --help and --version."""
    return _parser().parse_args(_one_symbol_each(argv))


def _one_symbol_each(argv: list[str]) -> list[str]:
    """Turn `--symbol A B` into `--symbol A --symbol B`, so that a subcommand or a path may follow it."""
    out: list[str] = []
    listing = False
    for word in argv:
        value = bool(out) and out[-1] == "--symbol"
        if listing and not value and _SYMBOL.fullmatch(word) and not Path(word).exists():
            out += ["--symbol", word]
            continue
        listing = value or word == "--symbol"
        out.append(word)
    return out


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tradetui",
        description="A terminal cockpit for day trading crypto on paper, against the real order book.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _common(parser)
    parser.add_argument(
        "--seed", type=int, help="seed of the simulated market: the same one, the same market"
    )
    parser.add_argument("--scenario", type=_scenario, metavar="NAME", help=", ".join(SCENARIOS))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name, text, add in _COMMANDS:
        sub = commands.add_parser(
            name,
            help=text,
            description=text[:1].upper() + text[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _common(sub)
        add(sub)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    # SUPPRESS keeps a subcommand from resetting what stood before it
    keep: dict[str, Any] = {"default": argparse.SUPPRESS}
    group = parser.add_argument_group("options everywhere")
    group.add_argument("--config", type=Path, metavar="FILE", help="the config file", **keep)
    group.add_argument("--data-dir", type=Path, metavar="DIR", help="where journal and caches lie", **keep)
    group.add_argument(
        "--profile", metavar="NAME", help="sim, binance, kraken … see `tradetui profiles`", **keep
    )
    group.add_argument("--symbol", action="append", metavar="S", help="symbols, the shown one first", **keep)
    group.add_argument("--json", action="store_true", help="JSON on standard output", **keep)
    group.add_argument("--version", action="version", version=f"tradetui {__version__}")


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files of one recording")
    parser.add_argument("--headless", action="store_true", help="no screen; print what happened")
    parser.add_argument("--speed", type=_speed, default=None, metavar="N|max", help="0.25 to 1000, or max")
    parser.add_argument("--orders", type=Path, metavar="FILE", help="JSON lines of timed commands")
    parser.add_argument(
        "--latency-ms", type=_milliseconds, default=None, metavar="N", help="every latency (0)"
    )
    parser.add_argument(
        "--realism", type=_realism, default=None, metavar="NAME", help="frictionless, realistic or harsh"
    )
    parser.add_argument("--from", dest="start", metavar="T", help="+90s, +5m, 2026-05-01T12:00:00 (UTC)")
    parser.add_argument(
        "--decode", action="store_true", help="read the exchange's raw frames again, where they were recorded"
    )
    parser.add_argument("--balance", type=_amount, default=Decimal(10000), metavar="AMOUNT", help="(10000)")
    parser.add_argument("--instruments", type=Path, metavar="FILE", help="the exchange's own metadata")
    parser.epilog = (
        "examples:\n  tradetui replay spot_btcusdt_*.gz\n"
        "  tradetui replay spot_btcusdt_*.gz --headless --json --orders orders.jsonl\n\n"
        'a line of the order file: {"at": "+12.5s", "do": "buy 0.01 stop 61000 target 61900", "id": "mine-1"}'
    )


def _add_scenario(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(SCENARIOS)
    parser.add_argument("--scenario", type=_scenario, default=argparse.SUPPRESS, metavar="NAME", help=names)


def _watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=_positive, default=None, metavar="N", help="stop after so many")
    parser.add_argument("--seed", type=int, default=argparse.SUPPRESS, help="of the simulated market")
    _add_scenario(parser)
    parser.epilog = (
        "examples:\n  tradetui watch --seconds 10\n  tradetui watch --profile kraken --symbol BTC/USD --json"
    )


def _record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="(recordings/ in the data folder)")
    parser.add_argument("--minutes", type=_positive, default=None, metavar="N", help="stop after so many")
    parser.add_argument("--seed", type=int, default=argparse.SUPPRESS, help="of the simulated market")
    _add_scenario(parser)
    parser.epilog = (
        "examples:\n  tradetui record --profile kraken --symbol BTC/USD --minutes 30\n"
        "  tradetui record --profile binance --out monday.jsonl.gz     until Ctrl-C"
    )


def _recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["info", "check", "cut", "export"],
        help="info: what it holds; check: what is missing in it; "
        "cut: a part as a recording of its own; export: CSV or Parquet",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files of one recording")
    parser.add_argument("--out", type=Path, metavar="FILE", help="cut, export: the file to write")
    parser.add_argument("--from", dest="start", metavar="T", help="+90s, +5m, 2026-05-01T12:00:00 (UTC)")
    parser.add_argument("--to", dest="end", metavar="T", help="the same; both ends are included")
    kinds = "trades, quotes, book, marks, funding, interest, liquidations, candles, tickers or states"
    parser.add_argument("--kind", default="trades", metavar="K", help=f"export: {kinds}")
    parser.add_argument("--instruments", type=Path, metavar="FILE", help="the exchange's own metadata")
    parser.epilog = (
        "examples:\n  tradetui recording check monday.jsonl.gz\n"
        "  tradetui recording cut monday.jsonl.gz --from +5m --to +10m --out crash.jsonl.gz\n"
        "  tradetui recording export monday.jsonl.gz --kind trades --out trades.parquet"
    )


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["check"], help="check: name every fault")
    parser.add_argument("file", nargs="?", type=Path, help="instead of your config")
    parser.epilog = (
        "examples:\n  tradetui config check                       the one that the cockpit would use\n"
        "  tradetui config check ./config.example.toml"
    )


def _journal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["trades", "fills", "orders", "verify", "resume"],
        help="trades, fills: list them; orders: each with why it filled or did not; "
        "verify: check everything; "
        "resume: set a damaged journal aside and go on from its last good event",
    )
    parser.add_argument(
        "--inputs", action="store_true", help="verify: also make the events again from recorded inputs"
    )
    parser.epilog = (
        "examples:\n  tradetui journal trades\n  tradetui journal fills --profile binance --json\n"
        "  tradetui journal orders\n"
        "  tradetui journal verify"
    )


def _profiles(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "examples:\n  tradetui profiles\n  tradetui profiles --json"


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n  tradetui doctor                             the profile that opens by itself\n"
        "  tradetui doctor --profile binance"
    )


_COMMANDS: Final[tuple[tuple[str, str, Callable[[argparse.ArgumentParser], None]], ...]] = (
    ("replay", "play a recording on the same screen, or without one", _replay),
    ("watch", "print a line a second for each symbol, without a screen", _watch),
    ("profiles", "list the profiles", _profiles),
    ("config", "check the config", _config),
    (
        "journal",
        "list trades, fills or orders, verify the journal, or go on from a damaged one",
        _journal,
    ),
    ("record", "write a live market to a file that replay plays", _record),
    ("recording", "look into recordings, check, cut and export them", _recording),
    ("doctor", "check network, exchange, clock, terminal, disk and journal, and say what to do", _doctor),
)


def _scenario(text: str) -> str:
    if text not in SCENARIOS:
        near = difflib.get_close_matches(text, SCENARIOS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise argparse.ArgumentTypeError(f"unknown scenario {text!r}{hint}; there are {', '.join(SCENARIOS)}")
    return text


def _realism(text: str) -> str:
    if text not in _REALISMS:
        near = difflib.get_close_matches(text, _REALISMS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise argparse.ArgumentTypeError(f"unknown realism {text!r}{hint}; there are {', '.join(_REALISMS)}")
    return text


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    value = _number(text)
    if not Decimal("0.25") <= value <= 1000:
        raise argparse.ArgumentTypeError(f"expected 0.25 to 1000 or max, was {text}")
    return float(value)


def _milliseconds(text: str) -> int:
    value = _number(text)
    if value < 0 or value != int(value) or value > 60_000:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 60000, was {text}")
    return int(value)


def _amount(text: str) -> Decimal:
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"expected an amount above zero, was {text}")
    return value


def _positive(text: str) -> float:
    return float(_amount(text))


def _number(text: str) -> Decimal:
    try:
        return parse_decimal(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
