"""Each edge case, invariant and worked example of the engine's rules has a test that bears its number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
EDGES = {f"e{n:02}" for n in range(1, 28)}
PARTS = (range(1, 9), range(10, 25), range(30, 35), range(40, 47), range(50, 59), range(60, 62))
INVARIANTS = {f"i{n:02}" for part in PARTS for n in part}
LATER = {*range(65, 74), 95, 96}
"""Examples of taxes and statistics, which are not built yet."""
NONE = {82, 85, 91, 92, 94}
"""Numbers that no example has."""
EXAMPLES = {f"w{n:02}" for n in range(1, 98) if n not in LATER | NONE}
MORE_EXAMPLES = {"w13b", "w13c", "w13d", "w14b", "w37b", "w39q", "w45b"}
_NUMBERED = re.compile(r"(?<![a-z0-9])([eiw])[-_]?(\d\d[a-z]?)(?![a-z0-9])")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_a_test_bears_each_number_of_the_rules() -> None:
    held = {
        letter + digits
        for path in TESTS.rglob("*.py")
        if path != Path(__file__) and _NUMBERED.search(text := path.read_text(encoding="utf-8").lower())
        for words in _bearing(ast.parse(text))
        for letter, digits in _NUMBERED.findall(words)
    }
    assert (EDGES | INVARIANTS | EXAMPLES | MORE_EXAMPLES) - held == set()


def _bearing(tree: ast.Module) -> Iterator[str]:
    """The names and cases of tests that assert something, and what assertions say when they fail."""
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    asserting = {each.name for each in functions if _asserts(each)}
    for each in functions:
        if each.name.startswith("test_") and _reaches(each, asserting, functions):
            yield each.name
            yield from (ast.unparse(case) for case in each.decorator_list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is not None:
            yield ast.unparse(node.msg)


def _asserts(function: Function) -> bool:
    return any(isinstance(part, ast.Assert) or _expects(part) for part in ast.walk(function))


def _expects(part: ast.AST) -> bool:
    """Whether it is a `with` that fails unless something is raised."""
    return isinstance(part, ast.With) and any(
        isinstance(each.context_expr, ast.Call) and ast.unparse(each.context_expr.func) == "pytest.raises"
        for each in part.items
    )


def _reaches(test: Function, asserting: set[str], functions: list[Function]) -> bool:
    """Whether a test, or a function of its file that it calls, asserts something."""
    seen: set[str] = set()
    waiting = [test]
    while waiting:
        function = waiting.pop()
        if function.name in asserting:
            return True
        seen.add(function.name)
        called = {part.id for part in ast.walk(function) if isinstance(part, ast.Name)}
        waiting += [each for each in functions if each.name in called - seen]
    return False
