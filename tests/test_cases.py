"""Small inputs on which Troupe fell short, kept beside the checkout: what each must give.

A case in UNMENDED is known to fail. Mend it, and its test fails until the name is struck off the list.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import transformers
from peft import PeftModel

from bot.config import load_config
from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.base_model import fingerprint, load_tokenizer
from bot.errors import AdapterError, ConfigError, DatasetError, TroupeError
from bot.personas.catalog import PersonaCatalog
from bot.personas.character_cards import CharacterCard, read_character_card
from bot.prompt import Message, PromptRenderer
from bot.versions.registry import MANIFEST, WEIGHTS, AdapterVersion
from tests.engine.serving import files_of
from tests.places import REPOSITORY, SHARED
from tests.tiny import write_manifest, write_random_adapter, write_tiny_model
from training.importing.importer import read_import
from training.importing.request import ImportRequest

FOLDER = SHARED / "cases"
CARD = 'name = "mossbeard"\ndisplay_name = "Mossbeard"\ndescription = "A gardener."\n'
LEEKS = ("When do I plant leeks?", "In spring, you daft turnip.")
GARLIC = ("And garlic?", "Before frost.")
CASES: dict[str, Callable[[Path, Path], None]] = {}
UNMENDED = {
    "adapter-adopt",
    "adapter-saved-embeddings",
}
# What a conversation shows is told where the conversations are.
ELSEWHERE = {"chat-discord-inputs"}


def case(name: str) -> Callable[[Callable[[Path, Path], None]], Callable[[Path, Path], None]]:
    """Of the folder `name`; the function is given the folder and a place of its own to write to."""

    def register(check: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
        CASES[name] = check
        return check

    return register


# ---------------------------------------------------------------------- imports


def taken(file: Path, tmp_path: Path, **options: Any) -> list[tuple[str, str]]:
    """The pairs that an import of the file gives a persona called Mossbeard."""
    persona = tmp_path / "adapters" / "mossbeard"
    persona.mkdir(parents=True, exist_ok=True)
    (persona / "persona.toml").write_text(CARD, encoding="utf-8")
    found = read_import(PersonaCatalog(persona.parent), "mossbeard", ImportRequest(file, **options))
    return [(pair.prompt, pair.completion) for pair in found.pairs]


def in_encoding(file: Path, encoding: str) -> list[tuple[str, str]]:
    """The rows of a small table without quotes."""
    rows = [line.split(",") for line in file.read_bytes().decode(encoding).splitlines()[1:]]
    return [(asked, answered) for asked, answered in rows]


@case("import-cp1251")
def windows_cyrillic_is_read_when_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Say which it is, as --encoding"):
        taken(folder / "ru.csv", tmp_path)
    told = taken(folder / "ru.csv", tmp_path, encoding="cp1251")
    assert told == in_encoding(folder / "ru.csv", "cp1251")


@case("import-shift-jis")
def shift_jis_is_read_when_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Say which it is, as --encoding"):
        taken(folder / "ja.csv", tmp_path)
    told = taken(folder / "ja.csv", tmp_path, encoding="shift_jis")
    assert told == in_encoding(folder / "ja.csv", "shift_jis")


@case("import-discord-csv")
def an_exported_channel_is_a_conversation(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "export.csv", tmp_path, speaker="mossbeard") == [LEEKS]


@case("import-discord-export")
def an_exported_channel_in_json_is_a_conversation_too(folder: Path, tmp_path: Path) -> None:
    pairs = taken(folder / "export.json", tmp_path, speaker="Mossbeard")
    assert pairs == [LEEKS, ("And garlic?", "Garlic goes in before the frost.")]


@case("import-end-token")
def an_end_token_at_the_end_is_cut(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "eos.jsonl", tmp_path) == [LEEKS, GARLIC, ("And peas?", "Early.")]


@case("import-implicit-prompt")
def what_both_answers_begin_with_is_the_prompt(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "pref.jsonl", tmp_path) == [LEEKS]


@case("import-kto-false")
def what_is_labelled_bad_is_no_example(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "kto.jsonl", tmp_path) == [LEEKS]


@case("import-macros")
def names_are_written_out(folder: Path, tmp_path: Path) -> None:
    [(prompt, completion)] = taken(folder / "macros.jsonl", tmp_path)
    assert "{{" not in prompt + completion
    assert "Mossbeard grumbles" in completion


@case("import-masked-turns")
def answers_marked_as_not_to_learn_are_context_only(folder: Path, tmp_path: Path) -> None:
    pairs = taken(folder / "mask.jsonl", tmp_path)
    assert [completion for _, completion in pairs] == ["In spring, you daft turnip.", "Peas go in early."]


@case("import-nan")
def what_is_missing_is_not_the_word_nan(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "nan.jsonl", tmp_path) == [GARLIC]


@case("import-pretty-object")
def one_object_may_take_many_lines(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "one.json", tmp_path) == [("When do I plant leeks?", "In spring.")]


@case("import-role-rows")
def turns_in_rows_are_conversations(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "rows.csv", tmp_path) == [LEEKS, GARLIC]


@case("import-silly-chat")
def a_saved_chat_is_a_conversation(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "chat.jsonl", tmp_path) == [LEEKS]


@case("import-think")
def thoughts_are_not_spoken(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "think.jsonl", tmp_path) == [LEEKS, GARLIC]


@case("import-tools")
def a_tool_call_costs_no_conversation(folder: Path, tmp_path: Path) -> None:
    pairs = taken(folder / "tools.jsonl", tmp_path)
    assert pairs[-1] == ("Will it rain on my leeks?", "Aye, it will pour, you daft turnip.")


@case("import-whatsapp-android")
def an_exported_chat_is_a_conversation(folder: Path, tmp_path: Path) -> None:
    pairs = taken(folder / "chat.txt", tmp_path, speaker="Mossbeard")
    assert pairs == [LEEKS, ("And garlic?", "Before the frost comes.")]


@case("import-wrapped-json")
def rows_may_lie_inside_an_object(folder: Path, tmp_path: Path) -> None:
    assert taken(folder / "data.json", tmp_path) == [("When do I plant leeks?", "In spring."), GARLIC]


# ---------------------------------------------------------------------- cards


def card(file: Path) -> CharacterCard:
    return read_character_card(file.read_bytes())


@case("card-12k")
def what_a_long_card_loses_is_said(folder: Path, tmp_path: Path) -> None:
    read = card(folder / "a.json")
    description = json.loads((folder / "a.json").read_text())["data"]["description"]
    assert description in read.persona.system_prompt or read.notes


@case("card-long-greeting")
def a_cut_greeting_closes_its_asterisks_and_is_said(folder: Path, tmp_path: Path) -> None:
    read = card(folder / "a.json")
    assert read.persona.greeting.count("*") % 2 == 0
    greeting = json.loads((folder / "a.json").read_text())["data"]["first_mes"]
    assert len(read.persona.greeting) >= len(greeting) or read.notes


@case("card-constant-lore")
def what_the_lorebook_always_says_is_part_of_the_character(folder: Path, tmp_path: Path) -> None:
    assert "never ever uses the word rain" in card(folder / "a.json").persona.system_prompt


@case("card-empty-first")
def the_first_greeting_there_is_greets(folder: Path, tmp_path: Path) -> None:
    assert card(folder / "a.json").persona.greeting.startswith("*waves* Hello")


@case("card-macros")
def macros_are_written_out_or_reported(folder: Path, tmp_path: Path) -> None:
    read = card(folder / "a.json")
    assert "{{" not in read.persona.system_prompt + read.persona.greeting


@case("card-pygmalion-json")
def the_old_names_of_fields_are_known(folder: Path, tmp_path: Path) -> None:
    persona = card(folder / "a.json").persona
    assert (persona.display_name, persona.greeting) == ("Mossbeard", "Mind the seedlings.")


@case("card-ccv3-broken-chara-good")
@case("card-ztxt")
@case("card-utf16-json")
@case("card-data-empty")
def the_card_is_found(folder: Path, tmp_path: Path) -> None:
    [file] = [file for file in folder.iterdir() if file.suffix in (".png", ".json")]
    assert card(file).persona.display_name == "Mossbeard"


# ---------------------------------------------------------------------- adapters


@case("adapter-pissa")
def weights_that_need_a_changed_base_model_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "1")
    sha256 = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    (tmp_path / "1" / MANIFEST).write_text(json.dumps({"adapter_sha256": sha256, "base_fingerprint": "base"}))
    target = AdapterTarget("base", {"model.layers.0.self_attn.v_proj": (576, 192)}, max_rank=16)
    with pytest.raises(AdapterError, match=r"(?i)pissa"):
        read_adapter(AdapterVersion("mossbeard", 1, sha256, tmp_path / "1"), target)


@case("adapter-saved-embeddings")
def embeddings_equal_to_the_base_models_are_passed_over(folder: Path, tmp_path: Path) -> None:
    model_dir = write_tiny_model(tmp_path / "tiny")
    place = tmp_path / "1"
    write_random_adapter(place, model_dir)
    base = transformers.AutoModelForCausalLM.from_pretrained(model_dir)
    PeftModel.from_pretrained(base, place).save_pretrained(place, save_embedding_layers=True)
    version = write_manifest(place, model_dir, "mossbeard", 1)
    names = safetensors.torch.load_file(place / WEIGHTS)
    assert any("embed_tokens" in name for name in names), "the case is what it says"
    layers = {block_of(name): shape_of(names, name) for name in names if name.endswith("lora_A.weight")}
    try:
        read_adapter(version, AdapterTarget(fingerprint(model_dir), layers, max_rank=16))
    except AdapterError as refused:
        assert "save_embedding_layers=False" in str(refused)  # noqa: PT017  # either is right


def block_of(name: str) -> str:
    return name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")


def shape_of(weights: dict[str, torch.Tensor], name: str) -> tuple[int, int]:
    return weights[name].shape[1], weights[name.replace("lora_A", "lora_B")].shape[0]


@case("adapter-adopt")
def an_adapter_made_elsewhere_becomes_a_version(folder: Path, tmp_path: Path) -> None:
    model_dir = write_tiny_model(tmp_path / "tiny")
    write_random_adapter(tmp_path / "elsewhere", model_dir)
    (tmp_path / "elsewhere" / MANIFEST).unlink()
    persona = tmp_path / "adapters" / "mossbeard"
    persona.mkdir(parents=True)
    (persona / "persona.toml").write_text(CARD, encoding="utf-8")
    (tmp_path / "config.toml").write_text(f'[model]\nbase = "{model_dir}"\n')
    command = [sys.executable, "-m", "training", "adopt", "mossbeard", "elsewhere"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=120)
    assert (persona / "versions" / "1" / MANIFEST).is_file()


@case("chat-special-tokens")
def typed_marks_forge_no_turn(folder: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(files_of(write_tiny_model(tmp_path / "tiny")))
    renderer = PromptRenderer(tokenizer)
    start = tokenizer.convert_tokens_to_ids("<|im_start|>")
    typed = (folder / "message.txt").read_text(encoding="utf-8")
    starts = [renderer.prompt_ids([Message("user", text)]).count(start) for text in ("hi", typed)]
    assert starts[0] == starts[1] > 0


# ---------------------------------------------------------------------- operating


@case("ops-env-utf16")
def a_utf16_env_file_is_read_or_a_sentence(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "dotenv", tmp_path / ".env")
    (tmp_path / "config.toml").write_text("")
    try:
        token = load_config(tmp_path / "config.toml", {}).secrets.discord_token
    except ConfigError as refused:
        assert ".env" in str(refused)  # noqa: PT017  # either is right
    else:
        assert token is not None
        assert token.get_secret_value() == "abc.def.ghi"


HOMELESS = """
import pwd, runpy, sys

def nobody(_uid):
    raise KeyError

pwd.getpwuid = nobody
sys.argv = ["troupe", "doctor"]
runpy.run_module("bot", run_name="__main__")
"""


@case("ops-no-home")
def without_a_home_the_doctor_still_speaks(folder: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HOME"}
    command = [sys.executable, "-c", HOMELESS]
    told = subprocess.run(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in told.stderr
    assert told.stdout


# As which a fault shows; anything else is a fault of the case's own check.
FALLS_SHORT = (AssertionError, pytest.fail.Exception, TroupeError, UnicodeError, subprocess.CalledProcessError)
UNMENDED_YET = pytest.mark.xfail(strict=True, raises=FALLS_SHORT, reason="not mended yet")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[UNMENDED_YET] if name in UNMENDED else []) for name in sorted(CASES)]
)
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"needs {FOLDER}")
def test_each_case_has_its_right_value(name: str, tmp_path: Path) -> None:
    CASES[name](FOLDER / name, tmp_path)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"needs {FOLDER}")
def test_every_case_there_is_has_a_right_value() -> None:
    assert {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} == CASES.keys() | ELSEWHERE
