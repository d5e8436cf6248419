"""The example config: equal to what the code would write, and good as it stands."""

from __future__ import annotations

from pathlib import Path

from tradetui.config.example import render
from tradetui.config.load import load
from tradetui.config.settings import Settings
from tradetui.ui.actions import ACTIONS, check_keymap

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_the_example_is_what_the_code_writes() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == render([(a.id, a.key, a.help) for a in ACTIONS])


def test_the_example_loads_and_names_every_default() -> None:
    settings = load(EXAMPLE).settings
    defaults = Settings(keys={action.id: action.key for action in ACTIONS})
    assert settings == defaults


def test_every_default_key_is_a_key_and_no_two_actions_share_one() -> None:
    assert check_keymap({action.id: action.key for action in ACTIONS}) == []
