import os
import re
from pathlib import Path

import pytest

from bot.errors import PersonaError, UnknownPersona
from bot.personas.catalog import PersonaCatalog, is_valid_name
from tests.places import REPOSITORY

TRAINED = ("pirate", "sarcastic", "gadsby", "mentor", "friend")
CARD = 'name = "mentor"\ndisplay_name = "Mentor"\ndescription = "Asks back."\n'


def write_card(folder: Path, text: str = CARD, name: str = "mentor") -> Path:
    (folder / name).mkdir()
    (folder / name / "persona.toml").write_text(text)
    return folder


def bare(prompt: str) -> str:
    return " ".join(re.findall(r"\w+", prompt.lower()))


@pytest.fixture(scope="module")
def shipped() -> PersonaCatalog:
    return PersonaCatalog(REPOSITORY / "adapters")


def test_the_shipped_personas_are_there(shipped):
    assert {*TRAINED, "plain"} <= set(shipped.names())


@pytest.mark.parametrize("name", TRAINED)
def test_shipped_personas_have_enough_pairs_and_held_out_prompts(shipped, name):
    prompts = {bare(pair.prompt) for pair in shipped.examples(name)}
    heldout = [bare(prompt) for prompt in shipped.heldout_prompts(name)]
    assert len(prompts) >= 80
    assert len(heldout) == len(set(heldout)) >= 30
    assert not prompts & set(heldout)


def test_gadsbys_answers_keep_gadsbys_rules_and_are_no_stubs(shipped):
    rules = shipped.get("gadsby").sampling_values()["rules"]
    answers = [pair.completion for pair in shipped.examples("gadsby")]
    assert [answer for answer in answers if not rules.accept(answer)] == []
    assert min(len(answer.split()) for answer in answers) >= 12


def test_the_mentor_asks_back(shipped):
    answers = [pair.completion for pair in shipped.examples("mentor")]
    assert sum("?" in answer for answer in answers) >= 0.4 * len(answers)


def test_plain_is_prompt_only(shipped):
    assert shipped.examples("plain") == []
    assert not (shipped.folder / "plain" / "active").exists()


def test_a_card_needs_no_more_than_three_keys(tmp_path):
    persona = PersonaCatalog(write_card(tmp_path)).get("mentor")
    assert persona.display_name == "Mentor"


def test_an_unknown_persona_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(UnknownPersona, match="Choose one of these: mentor"):
        PersonaCatalog(write_card(tmp_path)).get("pirat")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = [", "cannot be read"),
        (CARD + "colour = 3\n", "colour = 3"),
        (CARD.replace("Mentor", "M" * 33), "display_name"),
        (CARD.replace('"mentor"', '"../mentor"'), "name = '../mentor'"),
        (CARD.replace('"mentor"', '"critic"'), "must equal the folder's name"),
        (CARD + "[sampling]\ntemperature = -1\n", "sampling.temperature = -1"),
    ],
)
def test_a_bad_card_is_named_with_the_key_and_its_value(tmp_path, text, said):
    with pytest.raises(PersonaError) as refused:
        PersonaCatalog(write_card(tmp_path, text)).get("mentor")
    assert said in str(refused.value)
    assert "persona.toml" in str(refused.value)


def _as_a_folder(card):
    card.mkdir()


def _as_a_loop(card):
    card.symlink_to(card)


def _as_nothing(card):
    card.symlink_to(card.parent / "gone.toml")


def _as_a_pipe(card):
    os.mkfifo(card)


def _as_too_much(card):
    card.write_bytes(b"#" * (5 << 20))


def _as_no_text(card):
    card.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("put", [_as_a_folder, _as_a_loop, _as_nothing, _as_a_pipe, _as_too_much, _as_no_text])
def test_a_card_that_is_no_card_silences_its_persona_and_no_other(tmp_path, put, caplog):
    write_card(tmp_path)
    (tmp_path / "critic").mkdir()
    put(tmp_path / "critic" / "persona.toml")
    catalog = PersonaCatalog(tmp_path)
    assert catalog.names() == ["mentor"]
    assert catalog.is_shipped("critic"), "no server may take its name meanwhile"
    with pytest.raises(PersonaError, match="cannot be read"):
        catalog.get("critic")
    assert "It cannot speak." in caplog.text


@pytest.mark.parametrize("line", ["{", "[]", '{"prompt": "a"}', '{"prompt": "a", "completion": " "}'])
def test_a_bad_example_is_named_by_its_line(tmp_path, line):
    catalog = PersonaCatalog(write_card(tmp_path))
    (tmp_path / "mentor" / "examples.jsonl").write_text('{"prompt": "a", "completion": "b"}\n' + line)
    with pytest.raises(PersonaError, match=r"examples\.jsonl:2"):
        catalog.examples("mentor")


def test_a_missing_folder_names_the_setting(tmp_path):
    with pytest.raises(PersonaError, match=r"personas\.folder"):
        PersonaCatalog(tmp_path / "absent")


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "-a", "a" * 33, "pi rate", "pirate\n"])
def test_names_that_could_be_paths_are_invalid(name):
    assert not is_valid_name(name)
