"""Themes are checked before they are used, and their colors can be read and told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradetui.errors import ConfigError
from tradetui.ui.palette import DERIVED, MIDNIGHT, ColorDepth, Palette
from tradetui.ui.theming import (
    OPTIONAL,
    REQUIRED,
    check_theme_name,
    load_themes,
    read_theme,
    shipped_folder,
    textual_theme,
    theme_names,
)

SHIPPED = ("midnight", "clear-sight", "daylight", "mono")
RGB = tuple[float, float, float]
# Machado, Oliveira, Fernandes 2009: severity 1.0, on linear RGB.
BLIND = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def linear(color: str) -> RGB:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other))]
    return (max(light) + 0.05) / (min(light) + 0.05)


def colors_of(name: str) -> dict[str, str]:
    return dict(read_theme(shipped_folder() / f"{name}.toml").colors)


def test_the_shipped_themes_are_sound_and_midnight_comes_first() -> None:
    themes, faults = load_themes()
    assert faults == ()
    assert tuple(theme.name for theme in themes) == SHIPPED == theme_names()


def test_a_theme_names_exactly_the_colors_that_painters_use() -> None:
    assert set(REQUIRED) | set(OPTIONAL) == set(MIDNIGHT)
    assert set(OPTIONAL) == set(DERIVED)
    assert colors_of("midnight").items() <= MIDNIGHT.items()


@pytest.mark.parametrize("name", SHIPPED)
def test_words_can_be_read_on_every_ground_they_stand_on(name: str) -> None:
    color = colors_of(name)
    for ground in ("pane", "bar", "ground"):
        assert contrast(color["text"], color[ground]) >= 7
        assert contrast(color["dim"], color[ground]) >= 3.4
        for ink in ("bid", "ask", "up", "down", "warn", "accent", "bright"):
            assert contrast(color[ink], color[ground]) >= 4.5, (ink, ground)
    for ink, ground in (("bid", "bid-depth"), ("ask", "ask-depth"), ("text", "selected")):
        assert contrast(color[ink], color[ground]) >= 3.4, (ink, ground)
    for badge in ("warn", "down", "up", "accent"):
        assert contrast(color["ground"], color[badge]) >= 4.5, badge


@pytest.mark.parametrize("name", SHIPPED)
def test_dim_words_can_be_read_on_the_selected_row(name: str) -> None:
    color = colors_of(name)
    style = Palette(color, ColorDepth.FULL).style("dim@selected")
    assert style.color is not None
    assert style.bgcolor is not None
    front, ground = (each.get_truecolor().hex for each in (style.color, style.bgcolor))
    assert ground == color["selected"]
    assert contrast(front, ground) >= 3.4
    assert contrast(color["text"], ground) > contrast(front, ground), "still weaker than text"


@pytest.mark.parametrize("sight", BLIND)
def test_clear_sight_keeps_up_and_down_apart_for_color_blind_eyes(sight: str) -> None:
    def seen(name: str) -> list[float]:
        color = linear(colors_of("clear-sight")[name])
        return [sum(a * b for a, b in zip(row, color, strict=True)) for row in BLIND[sight]]

    for one, other in (("up", "down"), ("bid", "ask"), ("up", "warn"), ("down", "accent")):
        apart = max(abs(a - b) for a, b in zip(seen(one), seen(other), strict=True))
        assert apart > 0.25, (one, other)


def test_mono_has_no_color_and_tells_direction_by_weight() -> None:
    color = colors_of("mono")
    assert all(value[1:3] == value[3:5] == value[5:7] for value in color.values())
    assert contrast(color["up"], color["down"]) > 2


def test_every_fault_of_a_theme_is_named_at_once(tmp_path: Path) -> None:
    text = (shipped_folder() / "midnight.toml").read_text(encoding="utf-8")
    text = text.replace('"#c9d4e0"', '"grey"').replace('dim = "#66758a"', 'dim = "66758a"')
    text = text.replace("accent =", "acent =").replace("dark = true", 'dark = "yes"')
    path = tmp_path / "night.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_theme(path)
    said = str(caught.value)
    assert said.count(str(path)) == 5
    assert 'colors.text = grey: no color; # and six digits of 0-9 a-f, such as "#4ea1ff"' in said
    assert 'colors.dim = 66758a: no color; write "#66758a"' in said
    assert "colors.acent = #4ea1ff: unknown key; did you mean accent?" in said
    assert "colors.accent: missing" in said
    assert "dark = yes: expected true or false" in said


@pytest.mark.parametrize(
    ("text", "message"), [("colors = 1", "missing; a table"), ("[colors", "is no TOML"), ("\xff", "can not")]
)
def test_a_file_that_is_no_theme_says_so(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=message):
        read_theme(path)


def test_a_broken_theme_of_ones_own_leaves_the_others_usable(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[colors]\npane = "#12345"\n', encoding="utf-8")
    themes, faults = load_themes(tmp_path)
    assert {theme.name for theme in themes} == set(SHIPPED)
    assert any(fault.where == "mine.toml: colors.pane" and fault.value == "#12345" for fault in faults)


def test_a_broken_midnight_of_ones_own_leaves_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "midnight.toml").write_text("dark = 1\n", encoding="utf-8")
    themes, faults = load_themes(tmp_path)
    assert themes[0].name == "midnight"
    assert themes[0].colors["pane"] == MIDNIGHT["pane"]
    assert [fault.where for fault in faults] == ["midnight.toml: dark", "midnight.toml: colors"]


def test_an_unknown_theme_is_told_the_nearest() -> None:
    assert check_theme_name("mono") is None
    assert str(check_theme_name("midnite")) == "theme = midnite: no such theme; did you mean midnight?"
    assert "there are midnight" in str(check_theme_name("xyzzy"))


def test_textual_gets_every_color_as_a_variable() -> None:
    themes, _ = load_themes()
    for theme in themes:
        made = textual_theme(theme)
        assert theme.colors.items() <= made.variables.items()
        assert made.dark is theme.dark
