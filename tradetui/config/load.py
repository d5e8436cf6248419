"""Reads the config: every fault at once, each with its key, its value and the nearest that would pass."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tradetui.config.limits import effective_day, limits_of
from tradetui.config.nearest import nearest
from tradetui.config.network import network_faults, network_of
from tradetui.config.paths import themes_folder
from tradetui.config.profiles import SHIPPED, assumed_rate, merged
from tradetui.config.risk import RuleTable
from tradetui.config.settings import Day, ProfileTable, Settings
from tradetui.domain.market_data import Timeframe
from tradetui.domain.number import canonical
from tradetui.domain.profile import Profile
from tradetui.errors import ConfigError, Fault

_TABLES: Final[dict[Any, type[msgspec.Struct]]] = {
    dict[str, ProfileTable]: ProfileTable,
    dict[str, RuleTable]: RuleTable,
}
"""Settings that are tables under names of the user's own."""
_WORDS: Final = {"str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false"}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: the settings, the profiles they make, and which keys the file really names."""

    path: Path | None
    settings: Settings
    profiles: dict[str, Profile]
    written: frozenset[str]
    """Dotted keys that stand in the file."""


def load(path: Path | None) -> Config:
    """Read a config file, or the defaults where path is None; raises ConfigError with every fault."""
    table = {} if path is None else _read(path)
    faults: list[Fault] = []
    settings = _section(Settings, table, "", faults)
    written = frozenset(_dotted(table))
    faults += [*_checks(settings, table), *_check_screen(settings, themes_folder(path))]
    faults += limits_of(settings, written)[1]
    faults += network_faults(settings.network, path)
    if faults:
        raise ConfigError(str(path), faults)
    day = effective_day(settings, written)
    profiles = merged(table.get("profiles", {}), settings.profiles, day, network_of(settings.network, path))
    return Config(path=path, settings=settings, profiles=profiles, written=written)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigError(str(path), [Fault("file", "", "not found; check --config")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [Fault("file", "", f"can not be read: {error}")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), [Fault("file", "", f"is no TOML: {error}")]) from error


def _section(kind: type[Any], table: dict[str, Any], prefix: str, faults: list[Fault]) -> Any:
    """Build one struct field by field, so that one wrong value does not hide the next."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    good: dict[str, Any] = {}
    for name, value in table.items():
        if name not in fields:
            faults.append(Fault(prefix + name, _shown(value), f"unknown key{nearest(name, fields)}"))
            continue
        try:
            good[name] = _value(fields[name].type, value, prefix + name, faults)
        except msgspec.ValidationError as error:
            words = _choice(fields[name].type, value) or _plain_words(str(error))
            faults.append(Fault(prefix + name, _shown(value), words))
    return kind(**good)


def _choice(kind: Any, value: object) -> str:
    """What is wrong with a word that is none of a few; empty for settings that are no such choice."""
    pattern = next((note.pattern for note in getattr(kind, "__metadata__", ()) if note.pattern), "") or ""
    words = [word for word in pattern.removeprefix("^(").removesuffix(")$").split("|") if word]
    if not isinstance(value, str) or len(words) < 2 or not all(word.isidentifier() for word in words):
        return ""
    return f"expected one of {', '.join(words)}{nearest(value, words)}"


def _value(kind: Any, value: Any, key: str, faults: list[Fault]) -> Any:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if not isinstance(value, dict):
            raise msgspec.ValidationError(f"Expected `object`, a section: [{key}]")
        return _section(kind, value, f"{key}.", faults)
    if kind in _TABLES:
        return _tables(_TABLES[kind], value, key, faults)
    notes = _notes(kind)
    if "or_number" in notes and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value)
    found = msgspec.convert(value, kind, strict=isinstance(value, (bool, str)))
    if isinstance(found, Decimal):
        _check_range(found, notes)
    return found


def _notes(kind: Any) -> dict[str, Any]:
    """What a setting says of its values beyond their type."""
    return next((note.extra for note in getattr(kind, "__metadata__", ()) if note.extra), {})


def _check_range(value: Decimal, notes: dict[str, Any]) -> None:
    """Bounds of decimals, which the struct library does not check."""
    if "above" in notes and value <= notes["above"]:
        raise msgspec.ValidationError(f"Expected a number above {notes['above']}")
    if "least" in notes and value < notes["least"]:
        raise msgspec.ValidationError(f"Expected a number of at least {notes['least']}")
    if "most" in notes and value > notes["most"]:
        raise msgspec.ValidationError(f"Expected a number of at most {notes['most']}")


def _tables(kind: type[msgspec.Struct], value: Any, key: str, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise msgspec.ValidationError(f"Expected `object`, tables such as [{key}.mine]")
    found: dict[str, Any] = {}
    for name, table in value.items():
        if isinstance(table, dict):
            found[name] = _section(kind, table, f"{key}.{name}.", faults)
        else:
            faults.append(Fault(f"{key}.{name}", _shown(table), f"expected a table: [{key}.{name}]"))
    return found


def _checks(settings: Settings, table: dict[str, Any]) -> list[Fault]:
    """What a type can not say."""
    faults = [*_check_day(settings), *_check_cockpit(settings)]
    for name, profile in settings.profiles.items():
        faults += _check_profile(name, profile, table["profiles"][name])
    return faults


def _check_day(settings: Settings) -> list[Fault]:
    zone = settings.day.zone
    if zone == Day().zone:
        return []
    from zoneinfo import ZoneInfo, available_timezones  # reads the interpreter's build settings

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return [Fault("day.zone", _shown(zone), f"unknown time zone{nearest(zone, available_timezones())}")]
    return []


def _check_cockpit(settings: Settings) -> list[Fault]:
    cockpit, faults = settings.cockpit, []
    if cockpit.timeframe not in list(Timeframe):
        known = " ".join(Timeframe)
        message = f"unknown timeframe{nearest(cockpit.timeframe, Timeframe)}; there are {known}"
        faults.append(Fault("cockpit.timeframe", _shown(cockpit.timeframe), message))
    known_profiles = {*SHIPPED, *settings.profiles}
    if cockpit.profile not in known_profiles:
        message = f"unknown profile{nearest(cockpit.profile, known_profiles)}"
        faults.append(Fault("cockpit.profile", _shown(cockpit.profile), message))
    return faults


def _check_screen(settings: Settings, themes: Path) -> list[Fault]:
    """Keys and theme, by the screen's own tables, which are loaded only where something was written."""
    faults: list[Fault] = []
    if settings.keys:
        from tradetui.ui.actions import check_keymap

        faults += check_keymap(settings.keys)
    if settings.cockpit.theme != Settings().cockpit.theme:
        faults += _check_theme(settings.cockpit.theme, themes)
    return faults


def _check_theme(name: str, folder: Path) -> list[Fault]:
    from tradetui.ui.theming import check_theme_name, load_themes

    if (unknown := check_theme_name(name, user_folder=folder)) is not None:
        return [Fault("cockpit.theme", _shown(name), unknown.message)]
    _, faults = load_themes(folder)
    return [fault for fault in faults if fault.where.startswith(f"{name}.toml")]


def _check_profile(name: str, profile: ProfileTable, written: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    key = f"profiles.{name}"
    if name not in SHIPPED:
        missing = [needed for needed in ("exchange", "symbols") if not written.get(needed)]
        hint = "missing; a new profile needs exchange and symbols"
        faults.extend(Fault(f"{key}.{needed}", "", hint) for needed in missing)
    if "symbols" in written and not profile.symbols and name in SHIPPED:
        faults.append(Fault(f"{key}.symbols", "[]", "expected at least one symbol"))
    for symbol in profile.symbols:
        base, slash, quote = symbol.partition("/")
        if not (base and slash and quote) or symbol != symbol.upper():
            faults.append(
                Fault(f"{key}.symbols", _shown(symbol), "expected the form BTC/USDT or BTC/USDT:USDT")
            )
    try:
        assumed_rate(profile.assumed_maintenance)
    except ValueError:
        wrong = "expected a rate above 0 and below 1, as 0.005, or deny"
        faults.append(Fault(f"{key}.assumed_maintenance", profile.assumed_maintenance, wrong))
    covered, least = profile.margin_covered_level, profile.margin_liquidation_level
    if covered < least:
        wrong = f"expected no less than margin_liquidation_level, which is {canonical(least)}"
        faults.append(Fault(f"{key}.margin_covered_level", canonical(covered), wrong))
    if profile.endpoint and (wrong := endpoint_fault(profile.endpoint)):
        faults.append(Fault(f"{key}.endpoint", _shown(profile.endpoint), wrong))
    return faults


def endpoint_fault(endpoint: str) -> str:
    """What is wrong with an endpoint; empty where it is an http address on loopback with a port."""
    parts = urlsplit(endpoint)
    expected = "expected http://127.0.0.1:PORT"
    try:
        loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        port = parts.port
    except ValueError:
        return f"{expected}; only loopback addresses may stand in for an exchange"
    if not loopback:
        return f"{expected}; only loopback addresses may stand in for an exchange"
    return "" if parts.scheme == "http" and port else expected


def _dotted(table: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for name, value in table.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{name}.")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _plain_words(message: str) -> str:
    for word, plain in _WORDS.items():
        message = message.replace(f"`{word}`", plain)
    message = message.replace("`decimal`", "a number").replace("`object`", "a table")
    message = message.replace("Invalid decimal string", "Expected a number")
    return message[:1].lower() + message[1:]
