"""Whatever lies in a persona's folder, reading it gives a value or one plain sentence, and soon."""

import json
import os

import pytest

from bot.errors import AdapterError
from bot.versions.canary import last_change, read_canary
from bot.versions.rebuild_marks import mark, marked
from bot.versions.registry import AdapterRegistry
from bot.versions.training_due import trained_at

DEEP = '{"a":' * 100_000
MANIFEST = {"adapter_sha256": "ab", "created_at": "2026-01-01T00:00:00+00:00", "reply_ids": [3]}


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    version = tmp_path / "parrot" / "versions" / "1"
    version.mkdir(parents=True)
    (version / "manifest.json").write_text(json.dumps(MANIFEST))
    return AdapterRegistry(tmp_path)


@pytest.fixture
def folder(registry):
    return registry.folder / "parrot"


def put_a_folder(file):
    file.mkdir()


def put_a_loop(file):
    file.symlink_to(file)


def put_a_pipe(file):
    os.mkfifo(file)


def put_a_device(file):
    file.symlink_to("/dev/zero")


def put_100_mb(file):
    with file.open("wb") as stream:
        stream.truncate(100 << 20)


KINDS = [put_a_folder, put_a_loop, put_a_pipe, put_a_device, put_100_mb]


@pytest.mark.parametrize("put", KINDS)
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("canary.json", lambda registry: read_canary(registry, "parrot")),
        ("marked.json", lambda registry: marked(registry, "parrot")),
        ("active", lambda registry: registry.active("parrot")),
        ("versions/2/manifest.json", lambda registry: registry.version("parrot", 2)),
    ],
)
def test_what_is_no_file_to_read_is_refused_in_a_sentence(registry, folder, name, read, put):
    (folder / "versions" / "2").mkdir()
    put(folder / name)
    with pytest.raises(AdapterError, match="cannot be read") as refused:
        read(registry)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("put", KINDS)
def test_a_history_that_is_no_file_has_no_last_change(registry, folder, put):
    put(folder / "promotions.jsonl")
    assert last_change(registry, "parrot") is None


@pytest.mark.parametrize(
    "text",
    [
        '{"number": Infinity, "share": 0.2, "since": 1}',
        '{"number": NaN, "share": 0.2, "since": 1}',
        '{"number": 1e308, "share": 0.2, "since": 1}',
        '{"number": 1' + "0" * 4000 + ', "share": 0.2, "since": 1}',
        '{"number": "1__0", "share": 0.2, "since": 1}',
        '{"number": true, "share": 0.2, "since": 1}',
        '{"number": 0, "share": 0.2, "since": 1}',
        '{"number": 2, "share": NaN, "since": 1}',
        '{"number": 2, "share": [], "since": 1}',
        '{"number": 2, "share": 0.2, "since": Infinity}',
        '{"number": 2, "share": 0.2, "since": 1e300}',
        '{"number": 2, "share": 0.2, "since": -1e300}',
        '{"number": 2, "share": 0.2, "since": null}',
        '{"number": 2, "share": 0.2, "since": 1, "why": "\\ud800"}',
        "[]",
        "3",
        DEEP,
        "[" * 100_000,
        "\ufeff{}",
    ],
)
def test_a_canary_of_impossible_values_is_refused(registry, folder, text):
    (folder / "canary.json").write_text(text)
    with pytest.raises(AdapterError, match=r"canary\.json"):
        read_canary(registry, "parrot")


@pytest.mark.parametrize(
    "text",
    [
        '{"1": Infinity}',
        '{"1": NaN}',
        '{"1": 1' + "0" * 4000 + "}",
        '{"1": "soon"}',
        '{"1": true}',
        '{"1_0": 1}',
        '{"\\u0661": 1}',
        '{"-1": 1}',
        "[1]",
        "null",
        DEEP,
    ],
)
def test_marks_of_impossible_values_are_refused(registry, folder, text):
    (folder / "marked.json").write_text(text)
    with pytest.raises(AdapterError, match=r"marked\.json"):
        marked(registry, "parrot")


@pytest.mark.parametrize("reply_ids", [3, None, "3", {"3": 1}, [[3]], [None], 1e308])
def test_a_manifest_whose_reply_ids_are_none_has_learned_from_no_reply(registry, folder, reply_ids):
    (folder / "versions" / "1" / "manifest.json").write_text(json.dumps({**MANIFEST, "reply_ids": reply_ids}))
    assert mark(registry, "parrot", [3]) == []


@pytest.mark.parametrize("made", ["0001-01-01", "9999-99-99", "", None, 3, [], "\x00", "0001-01-01T00:00:00+23:59"])
def test_a_date_that_is_none_counts_as_never(registry, folder, made):
    (folder / "versions" / "1" / "manifest.json").write_text(json.dumps({**MANIFEST, "created_at": made}))
    assert trained_at(registry, "parrot") <= 0.0


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"adapter_sha256": 3}', DEEP, '{"adapter_sha256": "\\ud800"}'])
def test_a_manifest_that_is_none_is_refused(registry, folder, text):
    (folder / "versions" / "1" / "manifest.json").write_text(text)
    with pytest.raises(AdapterError, match=r"manifest\.json"):
        registry.version("parrot", 1)


@pytest.mark.parametrize("name", ["٣", "01", "1_0", "-1", "+1", "1.0", "9" * 200, "²"])
def test_folders_that_are_not_named_as_versions_are_no_versions(registry, folder, name):
    (folder / "versions" / name).mkdir()
    assert registry.numbers("parrot") == [1]
    assert registry.next_number("parrot") == 2


def test_a_file_where_the_versions_should_lie_holds_none(registry, folder):
    (folder / "versions").rename(folder / "elsewhere")
    (folder / "versions").write_text("")
    assert registry.numbers("parrot") == []


def test_versions_in_a_loop_are_refused(registry, folder):
    (folder / "versions").rename(folder / "elsewhere")
    (folder / "versions").symlink_to(folder / "versions")
    with pytest.raises(AdapterError, match="cannot be read"):
        registry.numbers("parrot")
    assert trained_at(registry, "parrot") == 0.0
