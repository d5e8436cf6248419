"""Our engine beside nautilus_trader's simulated exchange: they agree, or a rule explains why not.

What nautilus_trader does was recorded (`python -m tests.nautilus --record`); where it is installed it
is played too, and has to do what was recorded.
"""

from __future__ import annotations

import re

import pytest

from tests.nautilus.sides import CASES, PEER, compared, is_installed, live, question, recorded

KEPT = recorded()
ANSWERS = KEPT["answers"]
RULE = re.compile(r"(R-[A-Z]{2,3}-\d+|section \d+(\.\d+|, \d+)?)")


@pytest.mark.parametrize("name", CASES)
def test_they_agree_or_a_rule_explains_why_not(name: str) -> None:
    assert name in ANSWERS, "was never recorded"
    assert ANSWERS[name]["question"] == question(CASES[name]), "was recorded for another question"
    pair = compared(name, ANSWERS[name]["story"])
    assert not pair.fault, (
        f"{pair.fault}\nrules  {pair.case.by_the_rules}\nours   {pair.ours}\ntheirs {pair.theirs}"
    )


def test_every_recorded_answer_belongs_to_a_case() -> None:
    assert list(ANSWERS) == list(CASES)


def test_every_difference_names_its_rule() -> None:
    rules = [case.differs.rule for case in CASES.values() if case.differs is not None]
    assert rules
    assert all(RULE.fullmatch(rule) for rule in rules)


@pytest.mark.skipif(not is_installed(), reason=f"{PEER} is not installed: pip install '.[compare]'")
@pytest.mark.filterwarnings("default")
def test_it_still_does_what_was_recorded() -> None:
    assert live() == {name: answer["story"] for name, answer in ANSWERS.items()}
