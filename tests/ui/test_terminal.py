"""Terminals with few colors, no UTF-8 or little room: usable, and said once."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import ColorSystem
from textual.geometry import Size

from tests.ui.fake_link import FakeLink
from tests.ui.waiting import until
from tradetui.ui.app import CockpitApp
from tradetui.ui.palette import ColorDepth
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.notices import Notices
from tradetui.ui.panes.status_bar import StatusBar
from tradetui.ui.terminal import TerminalFacts, facts_of, palette_for, sentences
from tradetui.ui.theming import shipped_folder

GOOD = TerminalFacts(ColorDepth.FULL, utf8=True, size=Size(80, 24))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (GOOD, []),
        (TerminalFacts(ColorDepth.NONE, utf8=True, size=Size(80, 24)), ["NO_COLOR"]),
        (TerminalFacts(ColorDepth.ANSI, utf8=True, size=Size(80, 24)), ["16 colors"]),
        (TerminalFacts(ColorDepth.FULL, utf8=False, size=Size(80, 24)), ["no UTF-8"]),
        (TerminalFacts(ColorDepth.FULL, utf8=True, size=Size(79, 24)), ["79×24 is small"]),
        (TerminalFacts(ColorDepth.NONE, utf8=False, size=Size(80, 23)), ["NO_COLOR", "UTF-8", "80×23"]),
    ],
)
def test_each_lack_has_one_sentence(facts: TerminalFacts, words: list[str]) -> None:
    said = sentences(facts)
    assert len(said) == len(words)
    assert all(word in text for word, text in zip(words, said, strict=True))


async def test_no_color_is_told_and_painted_without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        assert facts_of(app).depth is ColorDepth.NONE
        (line,) = app.query_one(Notices).lines
        assert "NO_COLOR" in line.text
        styles = [segment.style for segment in app.query_one(StatusBar).render_line(0)]
        assert all(style is not None and style.color is None and style.bgcolor is None for style in styles)


async def test_sixteen_colors_are_the_terminal_s_own() -> None:
    app = CockpitApp(FakeLink())
    app.console._color_system = ColorSystem.STANDARD
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        (line,) = app.query_one(Notices).lines
        assert line.text.startswith("16 colors")
        style = palette_for(app).style("up")
        assert style.color is not None
        assert style.color.name == "green"
        badge = palette_for(app).style("text!@down")
        assert (badge.color.name if badge.color else "", badge.reverse) == ("red", True)


async def test_without_utf_8_everything_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradetui.ui.terminal.output_encoding", lambda: "iso8859-1")
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.pause()
        screen = "".join(app.screen._compositor.render_strips()[y].text for y in range(60))
        assert "no UTF-8" in screen
        assert screen.isascii()


async def test_a_small_terminal_is_told_once_however_often_it_changes() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app._tick()
        assert not app.query_one(Notices).lines
        for size in ((60, 20), (40, 10), (90, 30), (50, 12)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        (line,) = app.query_one(Notices).lines
        assert line.text.startswith("60×20 is small")


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (40, 10), (20, 5), (7, 3), (1, 1)])
async def test_every_small_size_paints_paper_and_takes_keys(size: tuple[int, int]) -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.press("tab", "Z", "L", "a", "x")
        app._tick()
        await pilot.pause()
        assert len(link.sent) == 1
        assert app.query_one(StatusBar).render_line(0).text.startswith(" PAPER "[: size[0]])


@pytest.mark.parametrize("theme", ["daylight", "clear-sight", "mono"])
async def test_a_theme_is_switched_while_running(theme: str) -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        app._tick()
        midnight = palette_for(app)
        assert theme in app.theme_names  # which reads them, where the program has not yet
        app.theme = theme
        await pilot.pause()
        app._tick()
        now, chart = palette_for(app), app.query_one(ChartPane)
        assert now is not midnight
        assert chart.palette is now
        pane = app.get_css_variables()["pane"]
        assert now.color("pane") == pane.upper()
        assert app.screen.styles.background.hex6 == pane.upper()


async def test_a_user_s_broken_theme_is_named_and_midnight_is_used(tmp_path: Path) -> None:
    text = (shipped_folder() / "mono.toml").read_text(encoding="utf-8").replace("#f4f4f4", "white")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    app = CockpitApp(FakeLink(), theme="mine", user_themes=tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: bool(app.query_one(Notices).lines))
        (line,) = app.query_one(Notices).lines
        assert line.text.startswith("theme mine.toml: colors.bright = white: no color")
        assert app.theme == "midnight"
