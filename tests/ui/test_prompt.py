"""The first minute's question: Enter accepts, Tab edits, Escape leaves it; every other key is free."""

from __future__ import annotations

from decimal import Decimal

from tests.ui.test_app import cockpit
from tradetui.domain.command import SetRiskLimits
from tradetui.ui.panes.prompt import FirstPrompt


async def test_enter_accepts_the_defaults() -> None:
    async with cockpit(first_run=True) as it:
        await it.press("enter")
        assert it.link.sent == [SetRiskLimits(risk_per_trade=Decimal("0.005"), daily_loss=Decimal("0.02"))]
        assert not it.app.query_one(FirstPrompt).display


async def test_tab_edits_both_numbers() -> None:
    async with cockpit(first_run=True) as it:
        await it.press("tab", "backspace", "backspace", "backspace")
        await it.type("1")
        await it.press("tab", "backspace")
        await it.type("3")
        await it.press("enter")
        assert it.link.sent == [SetRiskLimits(risk_per_trade=Decimal("0.01"), daily_loss=Decimal("0.03"))]
        await it.press("x")
        assert it.tags[-1] == "flatten"


async def test_a_number_that_makes_no_sense_is_named() -> None:
    async with cockpit(first_run=True) as it:
        await it.press("tab")
        await it.type("x")
        await it.press("enter")
        assert it.link.sent == []
        assert "expected a percentage" in str(it.app.query_one("#prompt-keys").render())


async def test_it_never_stands_in_the_way_of_keys() -> None:
    async with cockpit(first_run=True) as it:
        await it.press("a", "b", "x")
        assert it.tags == ["submit", "flatten"]
        assert it.app.query_one(FirstPrompt).display
        await it.press("escape")
        assert not it.app.query_one(FirstPrompt).display
        assert it.tags == ["submit", "flatten"]


async def test_without_a_first_run_nothing_is_asked() -> None:
    async with cockpit() as it:
        assert not it.app.query_one(FirstPrompt).display
        await it.press("enter")
        assert it.link.sent == []
