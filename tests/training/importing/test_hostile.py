"""Whatever the bytes are: an import, or one of our sentences, soon."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import TroupeError
from bot.personas.catalog import PersonaCatalog
from tests.training.importing.conftest import CARD
from training.importing.formats import FORMATS
from training.importing.importer import read_import
from training.importing.request import FormatName, ImportRequest

NAMES = [known.name for known in FORMATS]
SIZE = 100_000
WORST = {
    "digits": "1", "spaces": " ", "brackets": "[", "braces": "{", "angles": "<", "parentheses": "(", "colons": "a: ",
    "rules": "=" , "rule and space": "- ", "tokens": "</s>", "begins": "<s>", "thinks": "<think>",
    "unthinks": "</think>",
    "comments": "{{//", "macros": "{{random", "quotes": '"', "escaped quotes": '\\"', "dates": "1/1/1 ", "stars": "* ",
    "controls": "<|a", "instructions": "[INST]", "starts": "<|im_start|>user\n", "objects": '{"a":\n', "lists": "[1,\n",
    "records": '{"mes": "a", "is_user":\n', "stamped": "1/1/11, 1:11 PM - a", "times": "[11:11] <a> b\n", "tabs": "\t",
    "humans": "\n\nHuman: a", "labels": "### Response:", "surrogates": '"\\ud800" ', "bytes": "\x00", "mirc": "\x03",
    "marks": "\u200e", "names": "a" * 39 + " ", "attached": "a.jpg (", "lines": "\n", "spoken": "A: b\n",
    "letters": "ab",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("any")
    (home / "ben").mkdir()
    (home / "ben" / "persona.toml").write_text(CARD)
    return home


def read(home, content: bytes, **options) -> int:
    (home / "file").write_bytes(content)
    return len(read_import(PersonaCatalog(home), "ben", ImportRequest(home / "file", **options)).taken)


@pytest.mark.timeout(20)  # a fault of this kind takes minutes; a good reader a tenth of a second for each format
@pytest.mark.parametrize("worst", WORST)
def test_the_worst_input_of_every_pattern_is_read_in_linear_time(home, worst):
    text = WORST[worst] * (SIZE // len(WORST[worst]))
    contents: list[tuple[str, FormatName | None]] = [(text, None), *((text, name) for name in NAMES)]
    contents += [(f"12/31/23, 9:15 PM - {text}", "whatsapp"), (f"<a> {text}", "irc"), (f"A: {text}", "script")]
    contents += [(json.dumps({"prompt": text[:7000], "completion": text[:7000]}), "jsonl")]
    for content, name in contents:
        with contextlib.suppress(TroupeError):
            read(home, content.encode(), format=name, speaker=None if name == "discord-package" else "A")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["A", "user", "assistant", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["role", "from", "content", "value", "messages", "conversations", "prompt", "chosen", "rejected", "completion",
         "label", "weight", "mes", "is_user", "name", "text", "author", "channel", "type", "id", "ID", "Timestamp",
         "Contents", "from_id", "chats", "list", "data", "reference", "messageId", "history", "tool_calls", "input"]),
        inner, max_size=5), max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(value=ANY_JSON, name=st.sampled_from([None, *NAMES]), speaker=st.sampled_from([None, "A"]))
def test_any_json_is_taken_or_refused_with_a_sentence(home, value, name, speaker):
    with contextlib.suppress(TroupeError):
        assert read(home, json.dumps(value).encode(), format=name, speaker=speaker) > 0


@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(
        st.sampled_from(
            ["12/31/23, 9:15 PM - ", "[31.12.23, 21:15:03] ", "A", "B", ": ", "hi", "\n", "<A> ", "10:00 ", "* A waves",
             "=" * 62, "\nGuild: g\n", "{Attachments}", "AuthorID,Author,Date,Content", ",", '"', "\u200e",
             "1__0", "\x03"]
        ), max_size=30),
    name=st.sampled_from([None, *NAMES]),
    mode=st.sampled_from([None, "pairs", "chunks"]),
)  # fmt: skip
def test_any_chat_is_taken_or_refused_with_a_sentence(home, text, name, mode):
    with contextlib.suppress(TroupeError):
        assert read(home, "".join(text).encode(), format=name, mode=mode, speaker=None if mode == "chunks" else "A") > 0


@settings(max_examples=100, deadline=None)
@given(
    content=st.binary(max_size=200),
    encoding=st.sampled_from([None, "cp1251", "shift_jis", "utf-16", "utf-7", "idna", "rot13", "undefined"]),
    zipped=st.booleans(),
)
def test_any_bytes_in_any_encoding_are_taken_or_refused_with_a_sentence(home, content, encoding, zipped):
    with contextlib.suppress(TroupeError):
        assert read(home, b"PK\x03\x04" + content if zipped else content, encoding=encoding) > 0


def test_a_refusal_can_always_be_printed(home):
    rows = b'{"messages": [{"role": "\\ud800x", "content": "a"}, {"role": "\\u001b[2Jy", "content": "b"}]}'
    with pytest.raises(TroupeError) as refused:
        read(home, rows)
    assert str(refused.value).isprintable()
    assert str(refused.value).encode()
