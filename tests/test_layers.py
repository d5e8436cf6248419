"""The floors of the house: a file imports only from below, or from its own room."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "tradetui"
FLOORS = [
    {"errors", "version"},
    {"domain"},
    {"market", "feeds", "journal", "insight"},
    {"signals", "trading", "reports"},
    {"state"},
    {"engine"},
    {"runtime"},
    {"remote", "ui"},
    {"config"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
PURE = {"domain", "market", "signals", "trading", "state", "engine"}
IMPURE = {"asyncio", "time", "random", "textual", "rich", "ccxt", "aiosqlite", "pandas", "httpx"}
FILES = sorted(path for path in ROOT.rglob("*.py") if path.stat().st_size)


@cache
def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "tradetui" and len(parts) > 1 else None


def room_with(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def files_of(rooms: set[str]) -> list[Path]:
    return [path for path in FILES if room_with(path) in rooms]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_from_lower_floors_or_its_own_room(path: Path) -> None:
    room = room_with(path)
    assert room in FLOOR, f"{room} stands on no floor"
    rooms = {below for module in imports_of(path) if (below := room_of(module)) and below in FLOOR}
    wrong = {below for below in rooms - {room} if FLOOR[below] >= FLOOR[room]}
    assert not wrong, f"{path.name} reaches up or sideways to {sorted(wrong)}"


@pytest.mark.parametrize("path", files_of(PURE), ids=name_of)
def test_the_core_knows_no_clock_no_chance_and_no_input_or_output(path: Path) -> None:
    assert not {module.split(".")[0] for module in imports_of(path)} & IMPURE


@pytest.mark.parametrize("path", files_of({"ui", "remote"}), ids=name_of)
def test_the_screen_sees_only_the_domain_and_the_link(path: Path) -> None:
    below = {module for module in imports_of(path) if room_of(module) in FLOOR}
    allowed = (
        "tradetui.domain",
        "tradetui.errors",
        "tradetui.version",
        "tradetui.runtime.link",
        "tradetui.ui",
    )
    wrong = {m for m in below if not m.startswith(allowed) and m != "tradetui.runtime"}
    assert not wrong


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_screen_loads_nothing_that_computes() -> None:
    heavy = {"numpy", "pandas", "ccxt", "aiosqlite", "aiohttp"}
    assert not loaded_by("import tradetui.ui.app") & heavy


def test_reading_recordings_loads_no_exchange() -> None:
    loaded = loaded_by("import tradetui.cli.replay, tradetui.cli.recordings")
    assert "numpy" in loaded
    assert not loaded & {"ccxt", "aiohttp", "pandas", "textual"}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_answer_without_heavy_imports(option: str) -> None:
    code = (
        "import sys; from tradetui.__main__ import main\n"
        f"sys.argv = ['tradetui', '{option}']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip()
    assert not set(done.stderr.split()) & {"textual", "ccxt", "numpy", "pandas", "aiosqlite"}
