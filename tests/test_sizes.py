"""How long a file and a function may be: what does not fit is split by subject."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_layers import FILES, ROOT

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 40


def too_long(path: Path) -> Iterator[str]:
    """A file, and functions in it, with their lines."""
    text = path.read_text(encoding="utf-8")
    if (count := len(text.splitlines())) > MOST_LINES:
        yield f"{path.relative_to(ROOT)}: {count} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or 0) - node.lineno + 1
            if count > MOST_LINES_OF_A_FUNCTION:
                yield f"{path.relative_to(ROOT)}: {count} lines of {node.name}"


def test_files_and_functions_are_short() -> None:
    assert len(FILES) > 300
    assert [found for path in FILES for found in too_long(path)] == []
