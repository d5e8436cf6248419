"""Both sides of every case: ours played now, theirs played now or as it was recorded."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.nautilus import ours
from tests.nautilus.case import Case, Story
from tests.nautilus.cases import changes, following, money, positions, queue, stops, taken, taking

RECORDED = Path(__file__).parent / "recorded.json"
PEER = "nautilus_trader"
CASES: dict[str, Case] = {
    f"{group}: {case.name}": case
    for group, cases in (
        ("taking", taking.CASES),
        ("taken", taken.CASES),
        ("queue", queue.CASES),
        ("changes", changes.CASES),
        ("stops", stops.CASES),
        ("following", following.CASES),
        ("positions", positions.CASES),
        ("money", money.CASES),
    )
    for case in cases
}


@dataclass(frozen=True)
class Sides:
    """What both made of one case."""

    case: Case
    ours: Story
    theirs: Story

    @property
    def agree(self) -> bool:
        return self.ours == self.theirs

    @property
    def fault(self) -> str:
        """What is wrong with the pair; empty where it agrees or a rule explains why not."""
        if self.ours != self.case.by_the_rules:
            return "ours is not what the rules say"
        if not self.agree and self.case.differs is None:
            return "they differ and no rule explains it"
        if self.agree and self.case.differs is not None:
            return f"they agree, {self.case.differs.rule} explains nothing any more"
        return ""


def is_installed() -> bool:
    return importlib.util.find_spec(PEER) is not None


def compared(name: str, theirs: Story) -> Sides:
    case = CASES[name]
    return Sides(case, ours.play(case), theirs)


def live() -> dict[str, Story]:
    """What nautilus_trader makes of every case now; raises ImportError where it is not installed."""
    play = importlib.import_module("tests.nautilus.theirs").play
    return {name: play(case) for name, case in CASES.items()}


def recorded() -> dict[str, Any]:
    """What was recorded: the version, and by case the question and its story."""
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def record(stories: dict[str, Story], on: str) -> None:
    answers = {name: {"question": question(CASES[name]), "story": told} for name, told in stories.items()}
    text = json.dumps({PEER: version(PEER), "on": on, "answers": answers}, indent=1)
    RECORDED.write_text(text + "\n", encoding="utf-8")


def question(case: Case) -> str:
    """A short hash of what was asked, so that an answer to another question is found out."""
    asked = f"{case.steps} {case.options} {case.contract}"
    return hashlib.sha256(asked.encode()).hexdigest()[:12]
