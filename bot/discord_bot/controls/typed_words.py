"""What a member typed into a form, as a file to give back when the form could not be taken."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import discord

MOST_CHARACTERS = 25_000  # more than the longest form of ours holds


def typed_words(components: list[Mapping[str, Any]]) -> dict[str, str]:
    """By field, what the payload of a sent form holds."""
    return {str(field["custom_id"]): str(field["value"]) for field in _fields(components) if field.get("value")}


def typed_file(words: Mapping[str, str]) -> discord.File:
    text = (
        "\n\n".join(f"{field}:\n{value}" for field, value in words.items())
        if len(words) > 1
        else "".join(words.values())
    )
    return discord.File(io.BytesIO(text[:MOST_CHARACTERS].encode()), filename="what-you-typed.txt")


def _fields(components: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield from component.get("components") or [component.get("component") or component]
