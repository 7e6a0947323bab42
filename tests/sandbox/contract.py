"""Checks recorded REST requests against Discord's own API document, where it is present beside the checkout."""

import functools
import json
import re
from collections.abc import Iterable
from typing import Any

import jsonschema
import pytest
import referencing
import referencing.jsonschema
from jsonschema.exceptions import best_match

from bot.sandbox.rest import RecordedRequest
from tests.places import SHARED

DOCUMENT = SHARED / "discord" / "openapi.json"
needs_document = pytest.mark.skipif(not DOCUMENT.is_file(), reason=f"needs {DOCUMENT}")
# discord.py sends these although the document does not list them; Discord ignores them.
UNDOCUMENTED_PATHS = {"/oauth2/applications/@me"}


def assert_requests_valid(requests: Iterable[RecordedRequest]) -> None:
    """Every request names a documented path and method and has a body of the documented shape."""
    problems = [f"{r.method} {r.path}: {problem}" for r in requests for problem in _problems(r)]
    assert not problems, "\n".join(problems)


def _problems(request: RecordedRequest) -> list[str]:
    method = request.method.lower()
    template = _template(method, request.path)
    if template is None:
        return [] if request.path in UNDOCUMENTED_PATHS else ["no such operation"]
    if request.body is None:
        return []
    return list(_problems_of_body(template, method, json.dumps(_with_text_ids(request.body))))


@functools.cache
def _problems_of_body(template: str, method: str, body: str) -> tuple[str, ...]:
    """Cached, because many tests send the same: the commands, above all, at every start."""
    validator = _validator(template, method)
    error = best_match(validator.iter_errors(json.loads(body))) if validator else None
    return (f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}",) if error else ()


def _with_text_ids(body: Any, key: str = "") -> Any:
    """discord.py writes some ids as numbers, which Discord accepts and its document does not mention."""
    if isinstance(body, dict):
        upload = {"id": str(body["id"])} if key == "attachments" and "id" in body else {}
        return {name: _with_text_ids(value, name) for name, value in {**body, **upload}.items()}
    if isinstance(body, list):
        return [_with_text_ids(item, key) for item in body]
    return str(body) if type(body) is int and body > 2**53 else body


@functools.cache
def _document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return loaded


@functools.cache
def _templates() -> list[tuple[str, re.Pattern[str]]]:
    """The documented paths, the most literal ones first, each with what matches it."""
    templates = sorted(_document()["paths"], key=lambda template: template.count("{"))
    return [(template, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template))) for template in templates]


def _template(method: str, path: str) -> str | None:
    """The documented path; of several that match, the most literal one."""
    paths = _document()["paths"]
    return next((found for found, matches in _templates() if method in paths[found] and matches.fullmatch(path)), None)


@functools.cache
def _validator(template: str, method: str) -> jsonschema.Draft202012Validator | None:
    """What checks the operation's JSON; None where the document says nothing about it."""
    content = _document()["paths"][template][method].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    if schema is None:
        return None
    document = referencing.jsonschema.DRAFT202012.create_resource(_document())
    registry = referencing.Registry().with_resource("urn:discord", document)
    return jsonschema.Draft202012Validator(_absolute(schema), registry=registry)


def _absolute(schema: Any) -> Any:
    """`#/components/…` read as a reference into Discord's document."""
    if isinstance(schema, dict):
        return {key: f"urn:discord{value}" if key == "$ref" else _absolute(value) for key, value in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema
