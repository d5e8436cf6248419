"""What every test may ask for: the captured market data, found in one place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.captures import CAPTURES

# Workers and the programs that tests start read what was compiled once; anew it takes a tenth of the run.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("ci", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
settings.load_profile(_PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Thousands of examples take minutes: then nothing but the examples' own end stops a property."""
    for item in items if _PROFILE == "long" else ():
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of captured market data; its absence skips, and in CI fails."""
    if not CAPTURES.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"captured market data not found at {CAPTURES}; set TRADETUI_CAPTURES")
        pytest.skip(f"captured market data not found at {CAPTURES}; set TRADETUI_CAPTURES")
    return CAPTURES


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as processors: many tests wait for programs and servers of their own."""
    return 3 * (os.cpu_count() or 1) // 2
