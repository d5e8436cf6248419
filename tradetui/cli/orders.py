"""Reads an order file: JSON lines of timed commands in the command line's grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tradetui.domain.command import AnyCommand, CommandIssued, SubmitOco, SubmitOrder, SubmitOto, SubmitScale
from tradetui.domain.grammar import GrammarError, parse
from tradetui.errors import ConfigError, Fault

_LATER: Final = re.compile(r"\+(\d+(?:\.\d{1,9})?)s")
_KNOWN: Final = {"at", "do", "id"}


def read_orders(path: Path, *, first_ts: int, symbols: Sequence[str]) -> list[CommandIssued]:
    """The commands of a file in the order in which they act; raises ConfigError with every bad line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("arguments", [Fault("--orders", str(path), f"can not be read: {error}")]) from error
    found: list[CommandIssued] = []
    faults: list[Fault] = []
    names: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(_command(line, first_ts, symbols, names))
            except ValueError as error:
                faults.append(Fault(f"line {number}", "", str(error)))
    if faults:
        raise ConfigError(str(path), faults)
    return sorted(found, key=lambda issued: issued.ts_received)


def _command(line: str, first_ts: int, symbols: Sequence[str], names: set[str]) -> CommandIssued:
    entry = _entry(line)
    command = _parsed(entry["do"], symbols)
    name = entry.get("id", "")
    if not isinstance(name, str):
        raise ValueError(f'expected "id" to be a string, was {name!r}')  # noqa: TRY004
    if name in names:
        raise ValueError(f'"id" {name!r} stands on two lines')
    if name:
        names.add(name)
        command = _named(command, name)
    return CommandIssued(_moment(entry["at"], first_ts), command)


def _named(command: AnyCommand, name: str) -> AnyCommand:
    """A command whose orders, one or several, carry a name that a cancel may use."""
    replace = msgspec.structs.replace
    match command:
        case SubmitOrder():
            return replace(command, client_id=name)
        case SubmitScale():
            return replace(command, order=replace(command.order, client_id=name))
        case SubmitOco():
            first, second = (replace(order, client_id=name) for order in (command.first, command.second))
            return replace(command, first=first, second=second)
        case SubmitOto():
            then = tuple(replace(order, client_id=name) for order in command.then)
            return replace(command, first=replace(command.first, client_id=name), then=then)
        case _:
            return command


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(f"is no JSON: {error}") from None
    if not isinstance(entry, dict) or not isinstance(entry.get("do"), str) or "at" not in entry:
        raise ValueError('expected {"at": …, "do": "…"}')
    if unknown := sorted(entry.keys() - _KNOWN):
        raise ValueError(f"unknown key {unknown[0]!r}; there are at, do and id")
    return entry


def _parsed(text: str, symbols: Sequence[str]) -> AnyCommand:
    try:
        return parse(text, symbol=symbols[0] if len(symbols) == 1 else "", symbols=symbols)
    except GrammarError as error:
        word = text[error.start : error.end].strip()
        raise ValueError(f'{error.message} (at {word or "the end"!r} of "{text}")') from None


def _moment(at: object, first_ts: int) -> int:
    if isinstance(at, int) and not isinstance(at, bool) and at > 0:
        return at
    if isinstance(at, str) and (match := _LATER.fullmatch(at)):
        seconds, _, fraction = match.group(1).partition(".")
        return first_ts + int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))
    raise ValueError(f'expected "at" in nanoseconds or as "+12.5s", was {at!r}')
