"""The example config, rendered from the settings: every key with its default and its meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import msgspec
from msgspec import Meta

from tradetui.config.presets import PRESETS
from tradetui.config.risk import RuleTable
from tradetui.config.settings import ProfileTable, Settings
from tradetui.domain.number import canonical, parse_decimal

_HEAD = """\
# tradetui: every setting with its default.
# Copy what you want to change; a key that is not there keeps its default.
"""


def render(actions: list[tuple[str, str, str]]) -> str:
    """The text of config.example.toml; actions are (id, default key, help) of the cockpit's table."""
    fields = msgspec.structs.fields(Settings)
    sections = [field for field in fields if isinstance(field.type, type) and field.type is not dict]
    parts = [_section(field.name, field.type) for field in sections if issubclass(field.type, msgspec.Struct)]
    at = [field.name for field in sections].index("risk") + 1
    parts[at:at] = [_rule_tables(), _presets()]
    texts = ["\n".join(lines) for lines in (*parts, _keys(actions), _profile())]
    return "\n\n".join([_HEAD.strip("\n"), *texts]) + "\n"


def _section(name: str, kind: type[msgspec.Struct]) -> Iterator[str]:
    yield from _comment((kind.__doc__ or "").strip())
    yield f"[{name}]"
    for field in msgspec.structs.fields(kind):
        if field.type == dict[str, RuleTable]:
            continue
        yield from _comment(_meaning(field.type))
        notes = _notes(field)
        hidden = "# " if notes.get("of_realism") or notes.get("hidden") else ""
        yield f"{hidden}{field.name} = {_default(field)}"


def _keys(actions: list[tuple[str, str, str]]) -> Iterator[str]:
    yield from _comment("Keys by action; two actions on one key are refused.")
    yield "[keys]"
    for action, key, meaning in actions:
        yield f'{action} = "{_escaped(key)}"  # {meaning}'


def _profile() -> Iterator[str]:
    yield from _comment(
        "A profile: merged over the shipped one of its name (sim, binance, binanceusdm, coinbase, kraken, "
        "bybit, bitget, okx), or a new one, which needs exchange and symbols."
    )
    yield "# [profiles.mine]"
    for field in msgspec.structs.fields(ProfileTable):
        shown = {"exchange": '"binance"', "symbols": '["BTC/USDT"]', "fees": "[0.001, 0.001]"}.get(field.name)
        yield from _comment(_meaning(field.type))
        yield f"# {field.name} = {shown or _default(field)}"


def _rule_tables() -> Iterator[str]:
    yield from _comment((RuleTable.__doc__ or "").strip())
    shown = {
        "kind": '"daily_loss"',
        "amount": '"150 USDT"',
        "actions": '["warn"]',
        "cap": "100",
        "required": "0",
        "forced_flatten": "1.2",
    }
    yield "# [risk.rules.mine]"
    for field in msgspec.structs.fields(RuleTable):
        yield from _comment(_meaning(field.type))
        value = shown.get(field.name) or _toml(field.default)
        yield f"# {field.name} = {value}"


def _presets() -> Iterator[str]:
    yield from _comment("What the presets of [risk] do:")
    for name, preset in PRESETS.items():
        yield from textwrap.wrap(
            f"{name}: {preset.meaning}", 98, initial_indent="#   ", subsequent_indent="#     "
        )


def _default(field: msgspec.structs.FieldInfo) -> str:
    is_number = _notes(field).get("or_number") and _reads_as_number(field.default)
    return str(field.default) if is_number else _toml(field.default)


def _reads_as_number(value: object) -> bool:
    try:
        parse_decimal(str(value))
    except ValueError:
        return False
    return True


def _notes(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    """What a setting says of itself beyond type and meaning."""
    return next((note.extra for note in getattr(field.type, "__metadata__", ()) if note.extra), {})


def _meaning(kind: Any) -> str:
    # an optional field keeps its Meta one level up, so the whole type is searched
    for part in (kind, *get_args(kind)):
        for note in getattr(part, "__metadata__", ()):
            if isinstance(note, Meta) and note.description:
                return note.description
    return ""


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent="# ", subsequent_indent="# ")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return canonical(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return f'"{_escaped(value)}"'
    return str(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
