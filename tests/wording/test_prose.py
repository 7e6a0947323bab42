"""No sentence for members stands in the code of the rooms that speak to them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bot import wording

BOT = Path(wording.__file__).parent.parent
SPEAKS_TO_MEMBERS = BOT / "discord_bot"
SPEAKS_TO_OPERATORS = {"connection.py", "refusals.py", "request_budget.py"}
PROSE = re.compile(r"[A-Za-z’']{2,}[,;:.!?]? [a-z’']{2,}")  # two words of a sentence
LABEL = re.compile(r"[A-Z][a-z]+[.!?]?")  # one word with a capital, as on a button
# What nobody on Discord reads: the log, errors for operators, mistakes of ours, and the kinds of events.
UNREAD = re.compile(r"log\.\w+|\w*Error|GenerationFailed|re\.compile|TypeVar|ParamSpec|.*once_told\.\w+|.*_settle")
NOT_SAID = {
    "answering in channel ",  # names the action in the log
    "Talk with ", " about this: ", "Forwarded message", "Link preview", "(see above)",  # what the model is told
    "upper center",  # where matplotlib puts a legend
}  # fmt: skip


def prose(path: Path, root: Path = BOT.parent) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unread: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            unread.add(node.value)  # a docstring
        if isinstance(node, ast.Call) and UNREAD.fullmatch(ast.unparse(node.func)):
            unread |= set(ast.walk(node))
    labels = {keyword.value for keyword in ast.walk(tree) if isinstance(keyword, ast.keyword)}
    for node in ast.walk(tree):
        if node in unread or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if node.value in NOT_SAID:
            continue
        if PROSE.search(node.value) or (node in labels and LABEL.fullmatch(node.value)):
            yield f"{path.relative_to(root)}:{node.lineno}: {node.value!r}"


def test_what_members_read_is_said_by_id() -> None:
    files = [path for path in sorted(SPEAKS_TO_MEMBERS.rglob("*.py")) if path.name not in SPEAKS_TO_OPERATORS]
    assert len(files) > 20
    assert [found for path in files for found in prose(path)] == []


def test_a_sentence_in_the_code_is_found(tmp_path: Path) -> None:
    (tmp_path / "cog.py").write_text(
        '"""Doc text."""\nsend("You may not do that.")\nButton(label="Stop")\nlog.info("it ended")'
    )
    assert [found.split(": ", 1)[1] for found in prose(tmp_path / "cog.py", tmp_path)] == [
        "'You may not do that.'",
        "'Stop'",
    ]
