"""Reads the worst texts, and ends the process when one takes longer than PATIENCE: no pattern can be interrupted.

Says what it does before it does it: `python -m tests.hostile_texts.run patterns`, or `texts`.
"""

import ast
import faulthandler
import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import bot
import training
from tests.hostile_texts.worst import READERS, SIZE, own_worst_rows, read_worst, row, worst_texts

PATIENCE = 20  # seconds for one text; what is linear takes a few milliseconds of it
METHODS: dict[str, Callable[[re.Pattern[str], str], object]] = {
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "search": lambda pattern, text: pattern.search(text),
    "finditer": lambda pattern, text: sum(1 for _ in pattern.finditer(text)),
    "findall": lambda pattern, text: pattern.findall(text),
    "split": lambda pattern, text: pattern.split(text),
    "sub": lambda pattern, text: pattern.sub("", text),
    "subn": lambda pattern, text: pattern.sub("", text),
}


def modules() -> Iterator[Any]:
    for root in (bot, training):
        for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def uses() -> dict[tuple[str, str], re.Pattern[str]]:
    """(name, method) of every pattern that a module keeps, by how the code calls it, and of those written in a call."""
    found: dict[tuple[str, str], re.Pattern[str]] = {}
    for module in modules():
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            pattern = _pattern(module, node) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and pattern is not None:
                assert isinstance(node.func, ast.Attribute)
                found[f"{module.__name__}:{node.lineno}", node.func.attr] = pattern
    return found


def _pattern(module: Any, call: ast.Call) -> re.Pattern[str] | None:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in METHODS:
        return None
    of = call.func.value
    if isinstance(of, ast.Name) and of.id == "re" and call.args and isinstance(call.args[0], ast.Constant):
        flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(call) else re.NOFLAG
        return re.compile(str(call.args[0].value), flags)
    kept = getattr(module, of.id, None) if isinstance(of, ast.Name) else None
    return kept if isinstance(kept, re.Pattern) and isinstance(kept.pattern, str) else None


def held(what: str, work: Callable[[], object]) -> float:
    print(what, flush=True)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    begun = time.process_time()
    work()
    faulthandler.cancel_dump_traceback_later()
    return time.process_time() - begun


def read_patterns() -> None:
    """Each with all of its own worst texts, short ones first: what takes longest of these is read at full length."""
    for (name, method), pattern in uses().items():

        def read(unit: str, end: str, size: int, run: Any = METHODS[method], pattern: Any = pattern) -> None:
            run(pattern, row(unit, end, size))

        def taken(worst: tuple[str, str], size: int, name: str = f"{name} {method}", read: Any = read) -> float:
            return held(f"{name}: {worst} in {size} characters", partial(read, *worst, size))

        rows = [worst for worst in own_worst_rows(pattern) if taken(worst, 40) < PATIENCE]
        for worst in sorted(rows, key=lambda worst: taken(worst, 1000))[-3:]:
            taken(worst, SIZE)


def read_texts() -> None:
    for name in READERS:
        for text in worst_texts():
            held(f"{name}: {text[:20]!r}", partial(read_worst, name, text))


if __name__ == "__main__":
    {"patterns": read_patterns, "texts": read_texts}[sys.argv[1]]()
    print("done")
