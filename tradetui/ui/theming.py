"""Themes: TOML files of colors by meaning, checked before Textual sees them.

Reading and checking need no screen, so the config can be checked without one.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tradetui.errors import ConfigError, Fault

if TYPE_CHECKING:
    from textual.theme import Theme

FALLBACK: Final = "midnight"
REQUIRED: Final = (
    "ground",
    "pane",
    "bar",
    "hairline",
    "text",
    "dim",
    "bright",
    "accent",
    "bid",
    "bid-depth",
    "ask",
    "ask-depth",
    "up",
    "down",
    "warn",
    "ema",
    "vwap",
    "selected",
)
OPTIONAL: Final = ("band", "grid", "up-volume", "down-volume", "selected-dim")
"""Colors that are blended from the others where a theme leaves them out."""

HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
PACKAGE: Final = Path(__file__).parents[1]
FOLDERS: Final = (PACKAGE / "themes", PACKAGE.parent / "themes")
"""Inside an installed package, and beside the package in a checkout."""


class ThemeColors(msgspec.Struct, frozen=True):
    """A theme as its file gives it."""

    name: str
    dark: bool
    colors: Mapping[str, str]
    """Color names to #rrggbb."""


def shipped_folder() -> Path:
    """Where the themes of the program lie."""
    return next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[0])


def theme_names(user_folder: Path | None = None) -> tuple[str, ...]:
    """Every theme by name; one's own may replace a shipped one."""
    return tuple(_files(user_folder))


def check_theme_name(name: str, *, user_folder: Path | None = None) -> Fault | None:
    """What is wrong with a theme's name in the config, with the nearest that exists."""
    names = theme_names(user_folder)
    if name in names:
        return None
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return Fault("theme", name, f"no such theme; {hint}")


def load_themes(user_folder: Path | None = None) -> tuple[tuple[ThemeColors, ...], tuple[Fault, ...]]:
    """Every theme that is sound, and the faults of the others, each with its file.

    A broken theme of one's own leaves the shipped one of its name in place.
    """
    themes: dict[str, ThemeColors] = {}
    faults: list[Fault] = []
    for path in (*_files(None).values(), *_files(user_folder).values()):
        try:
            themes[path.stem] = read_theme(path)
        except ConfigError as error:
            faults += [
                Fault(f"{path.name}: {fault.where}", fault.value, fault.message) for fault in error.faults
            ]
    return tuple(themes.values()), tuple(dict.fromkeys(faults))


def load_theme(name: str, user_folder: Path | None = None) -> ThemeColors | None:
    """The theme of a name, one's own before the shipped one; the fallback where it is broken or missing."""
    for wanted in (name, FALLBACK):
        for folder in (user_folder, shipped_folder()):
            path = folder / f"{wanted}.toml" if folder is not None else None
            if path is not None and path.is_file():
                with contextlib.suppress(ConfigError):  # every fault is named by `load_themes`
                    return read_theme(path)
    return None


def read_theme(path: Path) -> ThemeColors:
    """One theme file; raises ConfigError with every fault in it."""
    table = _table(path)
    faults = list(_faults(table))
    if faults:
        raise ConfigError(str(path), faults)
    colors: dict[str, str] = table["colors"]  # type: ignore[assignment] # checked above
    return ThemeColors(path.stem, table.get("dark", True) is True, colors)


def textual_theme(theme: ThemeColors) -> Theme:
    """The theme as Textual wants it, every color also a variable of its own, such as $bid."""
    from textual.theme import Theme  # config and replay check themes without paying for Textual

    color = theme.colors
    return Theme(
        name=theme.name,
        dark=theme.dark,
        primary=color["accent"],
        secondary=color["dim"],
        accent=color["accent"],
        warning=color["warn"],
        error=color["down"],
        success=color["up"],
        foreground=color["text"],
        background=color["ground"],
        surface=color["pane"],
        panel=color["bar"],
        luminosity_spread=0.1,
        text_alpha=1.0,
        variables={**color, **_widget_variables(color)},
    )


def _widget_variables(color: Mapping[str, str]) -> dict[str, str]:
    """Textual's own widgets in the theme's colors."""
    return {
        "border": color["accent"],
        "border-blurred": color["hairline"],
        "input-cursor-background": color["accent"],
        "input-cursor-foreground": color["ground"],
        "input-selection-background": color["selected"],
        "block-cursor-background": color["selected"],
        "block-cursor-foreground": color["bright"],
        "block-hover-background": color["bar"],
        "scrollbar": color["hairline"],
        "scrollbar-hover": color["dim"],
        "scrollbar-active": color["accent"],
        "scrollbar-background": color["pane"],
    }


def _files(user_folder: Path | None) -> dict[str, Path]:
    """Theme files by name, the fallback first."""
    found: dict[str, Path] = {}
    for folder in (shipped_folder(), user_folder):
        if folder is not None and folder.is_dir():
            found |= {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return dict(sorted(found.items(), key=lambda item: item[0] != FALLBACK))


def _table(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [Fault("file", "", f"can not be read: {error}")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), [Fault("file", "", f"is no TOML: {error}")]) from error


def _faults(table: Mapping[str, object]) -> Iterable[Fault]:
    for key in table.keys() - {"dark", "colors"}:
        yield Fault(key, str(table[key]), _unknown(key, ("dark", "colors")))
    if not isinstance(table.get("dark", True), bool):
        yield Fault("dark", str(table["dark"]), "expected true or false")
    colors = table.get("colors")
    if not isinstance(colors, dict):
        yield Fault("colors", "", 'missing; a table of colors such as pane = "#0f151c"')
        return
    for name, value in colors.items():
        yield from _color_faults(name, value)
    for name in REQUIRED:
        if name not in colors:
            yield Fault(f"colors.{name}", "", 'missing; a color such as "#c9d4e0"')


def _color_faults(name: str, value: object) -> Iterable[Fault]:
    if name not in REQUIRED and name not in OPTIONAL:
        yield Fault(f"colors.{name}", str(value), _unknown(name, REQUIRED + OPTIONAL))
    elif not isinstance(value, str) or not HEX.fullmatch(value):
        yield Fault(f"colors.{name}", str(value), _color_mend(value))


def _color_mend(value: object) -> str:
    digits = str(value).strip().lstrip("#")
    if re.fullmatch(r"[0-9a-fA-F]{6}", digits):
        return f'no color; write "#{digits}"'
    if re.fullmatch(r"[0-9a-fA-F]{3}", digits):
        return f'no color; write "#{"".join(char * 2 for char in digits)}"'
    return 'no color; # and six digits of 0-9 a-f, such as "#4ea1ff"'


def _unknown(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known are {', '.join(known)}"
