"""The start-up self-test: every loss rule refuses after its breach, and one that is not wired is named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.config.test_limits import preset
from tests.engine.market import D
from tests.engine.rules_table import rule
from tradetui.config.presets import PRESETS
from tradetui.domain.rule import HOLD, TELL, Anchor, Compare, Measure, Rule, Unit
from tradetui.engine.rulewatch import RuleWatch
from tradetui.engine.selftest import unwired
from tradetui.trading.limits import RiskLimits
from tradetui.trading.settings import EngineSettings


def named(name: str, **changes: object) -> Rule:
    return msgspec.structs.replace(rule("daily_loss", **changes), name=name)


@pytest.mark.parametrize("name", PRESETS)
def test_r_rsk_2_the_limits_of_every_preset_are_wired(tmp_path: Path, name: str) -> None:
    assert unwired(preset(tmp_path, name)) == ()


def test_r_rsk_2_every_way_to_measure_a_loss_is_wired() -> None:
    rules = tuple(
        named(f"{anchor}-{measure}-{compare}", anchor=anchor, measure=measure, compare=compare)
        for anchor in Anchor
        for measure in Measure
        for compare in Compare
    )
    more = (rule("min_equity", amount=D(5_000)), named("held", actions=HOLD))
    all_of_it = named("all", amount=D(1), unit=Unit.ANCHOR)
    limits = RiskLimits(rules=(*rules, *more, all_of_it))
    assert unwired(msgspec.structs.replace(EngineSettings(), limits=limits)) == ()


def test_a_rule_that_only_tells_is_not_tested() -> None:
    limits = RiskLimits(rules=(rule("daily_loss", actions=TELL),))
    assert unwired(msgspec.structs.replace(EngineSettings(), limits=limits)) == ()


def test_r_rsk_2_a_limit_that_is_wired_to_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RuleWatch, "evaluate", lambda _self: None)
    assert unwired(EngineSettings()) == ("daily_loss",)
