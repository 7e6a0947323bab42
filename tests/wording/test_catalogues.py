"""The catalogues against the code: every id exists and is used, placeholders agree, and no sentence stands outside."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

from bot import wording

BOT = Path(wording.__file__).parent.parent
SAYING = {"say", "announce", "render", "described"}
ERRORS_ROOT = "MemberError"


class Placeholders(Visitor):
    """The arguments a message takes, its own and those of the messages it refers to."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802 (its base class names it)
        self.names.add(node.id.name)

    def visit_MessageReference(self, node: ftl.MessageReference) -> None:  # noqa: N802
        attribute = f".{node.attribute.name}" if node.attribute else ""
        self.names.add(f"{{{node.id.name}{attribute}}}")


def catalogue(language: str) -> dict[str, ftl.Pattern]:
    """Every message and attribute of a language by its id; a syntax error fails the test."""
    text = (wording.CATALOGUES / f"{language}.ftl").read_text(encoding="utf-8")
    found: dict[str, ftl.Pattern] = {}
    for entry in FluentParser().parse(text).body:
        assert not isinstance(entry, ftl.Junk), f"{language}.ftl: {entry.content}"
        if isinstance(entry, ftl.Message):
            assert entry.id.name not in found, f"{language}.ftl has {entry.id.name} twice"
            if entry.value is not None:
                found[entry.id.name] = entry.value
            found |= {f"{entry.id.name}.{attribute.id.name}": attribute.value for attribute in entry.attributes}
    return found


def placeholders(pattern: ftl.Pattern) -> set[str]:
    visitor = Placeholders()
    visitor.visit(pattern)
    return visitor.names


def member_errors(trees: dict[Path, ast.Module]) -> dict[str, bool]:
    """MemberError and every class below it: whether it says its message in an `__init__` of its own."""
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    known = {ERRORS_ROOT: False}
    for _ in range(3):  # levels of the tree
        for found in classes:
            if any(isinstance(base, ast.Name) and base.id in known for base in found.bases):
                known[found.name] = any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in found.body)
    return known


def said_in_code() -> Iterator[tuple[str, set[str] | None, str]]:
    """(id, its arguments or None where they are handed on, where) of everything the code says to members."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(BOT.rglob("*.py"))}
    errors = member_errors(trees)
    for path, tree in trees.items():
        if path.is_relative_to(wording.CATALOGUES):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and errors.get(node.name):
                calls = [c for c in ast.walk(node) if isinstance(c, ast.Call) and _is_super_init(c)]
            elif isinstance(node, ast.Call) and (_called(node) in SAYING or errors.get(_called(node)) is False):
                calls = [node]
            else:
                continue
            for call in calls:
                yield from _ids(call, f"{path.relative_to(BOT.parent)}:{call.lineno}")


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_super_init(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" and "super" in ast.unparse(call.func)


def _ids(call: ast.Call, where: str) -> Iterator[tuple[str, set[str] | None, str]]:
    if not call.args:
        return
    arguments = {keyword.arg for keyword in call.keywords if keyword.arg}
    handed_on = len(arguments) < len(call.keywords) or _called(call) in ("render", "described")
    for text in _texts(call.args[0]):
        yield text, None if handed_on else arguments, where


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


ENGLISH = catalogue(wording.ENGLISH)
SAID = list(said_in_code())


def arguments_of(message_id: str) -> set[str]:
    """What a message must be given, through the messages it refers to."""
    names: set[str] = set()
    for name in placeholders(ENGLISH[message_id]):
        names |= arguments_of(name.strip("{}")) if name.startswith("{") else {name}
    return names


def test_every_message_that_the_code_says_is_in_the_english_catalogue():
    assert [f"{where}: {message_id}" for message_id, _, where in SAID if message_id not in ENGLISH] == []


def test_the_code_gives_each_message_exactly_the_arguments_it_takes():
    wrong = [
        f"{where}: {message_id} takes {sorted(arguments_of(message_id))}, not {sorted(given)}"
        for message_id, given, where in SAID
        if given is not None and given != arguments_of(message_id)
    ]
    assert wrong == []


def test_every_message_in_the_english_catalogue_is_said_somewhere():
    said = {message_id for message_id, _, _ in SAID}
    shown = {name for name in ENGLISH if re.fullmatch(r"command-.+\.name|option-.+", name)}  # by tests of the commands
    referred = {name.strip("{}") for pattern in ENGLISH.values() for name in placeholders(pattern)}
    assert sorted(set(ENGLISH) - said - referred - shown) == []


@pytest.mark.parametrize("language", [name for name in wording.languages() if name != wording.ENGLISH])
def test_what_is_translated_has_the_placeholders_of_english(language):
    translated = catalogue(language)
    assert sorted(set(translated) - set(ENGLISH)) == [], "no longer said"
    assert [name for name in translated if placeholders(translated[name]) != placeholders(ENGLISH[name])] == []


def test_no_message_isolates_its_arguments_with_invisible_characters():
    text = "".join((wording.CATALOGUES / f"{language}.ftl").read_text("utf-8") for language in wording.languages())
    assert not re.search("[\u2066-\u2069\u200e\u200f]", text)
    assert wording.render("persona-shipped", "en", {"name": "Pirate"}).isprintable()


@pytest.mark.parametrize("language", wording.languages())
@pytest.mark.parametrize("number", [0, 1, 2, 5, 1_000_000])
def test_every_message_can_be_said_in_every_language_and_with_any_count(language, number):
    for message_id in catalogue(language):
        arguments = dict.fromkeys(arguments_of(message_id), number)
        assert wording.render(message_id, language, arguments).strip()


# Where Discord takes so many characters and no more.
LONGEST = {
    45: r"correction-(title|label)|persona-form-(create|display.*|description|system.*|greeting|avatar)",
    80: r"button-.*",
}


@pytest.mark.parametrize("language", wording.languages())
def test_titles_labels_and_buttons_are_no_longer_than_discord_takes(language):
    for longest, names in LONGEST.items():
        for message_id in filter(re.compile(names).fullmatch, ENGLISH):
            assert len(wording.render(message_id, language)) <= longest, message_id
