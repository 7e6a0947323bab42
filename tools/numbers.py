"""Measures how readable the code is: `make numbers`, or `python -m tools.numbers FOLDER` for another checkout.

Counts come from the syntax tree; nothing of the measured code is run.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tools.imports import circles, module_graph, room_graph

FOLDERS = ("bot", "training", "tests", "benchmarks", "tools")
MOST_PARAMETERS = 7
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(folder: Path) -> dict[str, ast.Module]:
    files = [file for name in FOLDERS for file in sorted((folder / name).rglob("*.py"))]
    return {str(file.relative_to(folder)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end, docstring included, decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameters(function: Function) -> int:
    """What a caller may pass: everything but `self` and `cls`, with `*args` and `**kwargs` as one each."""
    given = function.args
    named = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in named if name not in {"self", "cls"}]) + bool(given.vararg) + bool(given.kwarg)


def first_words(trees: dict[str, ast.Module]) -> Counter[str]:
    """How often each word opens a module's docstring."""
    docstrings = (ast.get_docstring(tree) for tree in trees.values())
    return Counter(docstring.split()[0] for docstring in docstrings if docstring)


def loose_modules(folder: Path, package: str) -> int:
    return len([file for file in (folder / package).glob("*.py") if file.name != "__init__.py"])


def report(folder: Path) -> str:
    trees = sources(folder)
    product = {name: tree for name, tree in trees.items() if name.startswith(("bot/", "training/"))}
    found = [(length(f), parameters(f), f"{name}:{f.name}") for name, tree in product.items() for f in functions(tree)]
    longest = max(found)
    wide = sorted(f"{where} ({count})" for _, count, where in found if count > MOST_PARAMETERS)
    modules = module_graph()
    rooms = room_graph(modules)
    words = first_words(trees)
    return "\n".join(
        (
            f"loose modules: bot {loose_modules(folder, 'bot')}, training {loose_modules(folder, 'training')}",
            f"functions: {len(found)}, median {median(line for line, _, _ in found):g} lines, "
            f"longest {longest[0]} ({longest[2]})",
            f"functions with more than {MOST_PARAMETERS} parameters: {len(wide)} {wide or ''}",
            f"arrows between rooms: {len(rooms.edges)}",
            f"circles of modules: {len(circles(modules))}, of rooms: {len(circles(rooms))}",
            f"module docstrings: {words.total()}, opening with “Owns”: {words['Owns']}; "
            f"most common: {', '.join(f'{word} {count}' for word, count in words.most_common(5))}",
        )
    )


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    sys.path.insert(0, str(folder))
    print(report(folder))


if __name__ == "__main__":
    main()
