"""The table of actions: its keys are Textual's, and faults of a keymap are all named."""

from __future__ import annotations

import string

import pytest
from textual.keys import _character_to_key

from tradetui.ui.actions import ACTIONS, check_keymap, textual_key
from tradetui.ui.app import CockpitApp

COCKPIT_KEYS = "a b s B S x X c C z [ ] { } e h r 1 2 3 4 5 6 7 8 9 t , . i / p L Z ? q space : R v P > <"


def test_every_key_of_the_cockpit_has_one_action() -> None:
    keys = [action.key for action in ACTIONS]
    named = {*COCKPIT_KEYS.split(), "tab", "shift+tab", "up", "down", "ctrl+p", "ctrl+x", "ctrl+c"}
    assert named <= set(keys)
    assert len(set(keys)) == len(keys)


def test_order_keys_are_those_that_a_held_key_must_not_repeat() -> None:
    held = {action.key for action in ACTIONS if action.is_order}
    assert held == set("bsBSxXcChrezv") | {"ctrl+x"}
    assert {action.key for action in ACTIONS if action.adds_risk} == set("bsBSrud")


@pytest.mark.parametrize("character", string.printable[:95])
def test_a_character_has_the_name_that_textual_gives_it(character: str) -> None:
    assert textual_key(character) == _character_to_key(character)


def test_a_keymap_names_unknown_actions_keys_and_clashes() -> None:
    assert check_keymap({}) == []
    faults = check_keymap({"flaten": "f", "arm": "b", "half": "hyper"})
    text = " / ".join(map(str, faults))
    assert "nearest is flatten" in text
    assert "arm and buy" in text
    assert "no such key" in text


def test_every_action_is_done_by_somebody() -> None:
    from tradetui.ui.controls_orders import _MAKERS

    local = {action.id for action in ACTIONS if hasattr(CockpitApp, f"_do_{action.id}")}
    sizes = {f"size_{number}" for number in range(1, 10)}
    assert local | set(_MAKERS) | sizes == {action.id for action in ACTIONS}
    assert not local & set(_MAKERS)
