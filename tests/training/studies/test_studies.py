"""What a study states: its measures, and the cells it asks."""

import json

import pytest
from rich.console import Console

from bot.config import load_config
from bot.personas.rules import Rules
from tests.tiny import write_random_adapter
from training.dataset.answer_quality import Flaw
from training.judging.measuring import Answer
from training.studies.figures import Judges, cell_figures, conversation_figures
from training.studies.study_file import read_plan
from training.studies.style import StyleJudge, accuracy
from training.studies.variants import train_variants

PIRATE = ["Arr, that be Rome, matey!", "Aye, ye be right, matey!", "Arr, I be a pirate!", "Ye have 14 coins, matey!"]
PLAIN = ["The capital is Rome.", "Yes, you are right.", "I am an assistant.", "You have 14 coins."]
JUDGE = StyleJudge.taught(PIRATE, PLAIN)
VARIANTS = """
[[variants]]
name = "plain"
training = { preservation_share = 0.0 }
[[variants]]
name = "the script"
script = "pairs"
speaker = "POLLY"
training = { preservation_share = 0.0 }
"""


def test_an_answer_is_in_character_that_is_worded_like_the_personas() -> None:
    assert JUDGE.in_character("Arr, Oslo be the capital, matey!")
    assert not JUDGE.in_character("Oslo is the capital.")


def test_the_measures_accuracy_is_that_on_answers_it_was_not_taught() -> None:
    assert accuracy(PIRATE * 5, PLAIN * 5) == 1.0
    assert accuracy(PIRATE * 5, PIRATE * 5) <= 0.5


def test_a_cells_figures_are_shares_of_its_answers() -> None:
    answers = [
        Answer("a", "Arr, what be yer name, matey?", 5, None),
        Answer("b", "SAM: hello\nROBIN: hi", 5, None),
        Answer("c", "no no no", 5, Flaw.LOOPING),
        Answer("d", "words of no sense", 5, None),
    ]
    figures = cell_figures(answers, [0.0, 0.0, 0.0, 9.0], Judges(JUDGE, 5.0, Rules(forbidden_characters=("?",))))

    assert (figures.answers, figures.asks, figures.scripts) == (4, 0.25, 0.25)
    assert figures.nonsense == 0.5
    assert figures.keeps_rules == 0.75
    assert figures.mean_words == (6 + 4 + 3 + 4) / 4


def test_in_a_conversation_a_reply_is_good_that_is_in_character_new_sensible_and_no_script() -> None:
    talks = [
        [Answer("a", "Arr, be ye well, matey?", 5, None), Answer("b", "Arr, be ye well, matey!", 5, None)],
        [Answer("a", "The capital is Rome.", 5, None), Answer("b", "Arr, ye have coins, matey!", 5, None)],
        [Answer("a", "SAM: Arr, matey!", 5, None), Answer("b", "Aye, that be Rome, matey!", 5, Flaw.ENDLESS)],
    ]

    figures = conversation_figures(talks, [[0.0, 0.0], [0.0, 9.0], [0.0, 0.0]], Judges(JUDGE, 5.0))

    assert (figures.conversations, figures.turns) == (3, 2)
    assert (figures.repeated, figures.scripts, figures.nonsense) == (1 / 6, 1 / 6, 2 / 6)
    assert (figures.in_character, figures.good) == (5 / 6, 1 / 6)


def test_a_study_asks_base_and_adapter_with_and_without_the_prompt_and_talks_with_both(project, tiny_base) -> None:
    with_enough(project)
    (project.persona("parrot") / "study.toml").write_text('conversations = [["hi", "and?"], ["ho", "and?"], ["hi"]]')
    write_random_adapter(project.persona("parrot") / "versions" / "1", tiny_base.path, "parrot")
    (project.persona("parrot") / "active").write_text("1")

    facts = project.cli("study", "parrot", "--json").facts

    assert list(facts["cells"]) == [
        f"{who}, {led} the system prompt" for who in ("base model", "adapter") for led in ("without", "with")
    ]
    said = [tuple(answer["text"] for answer in cell["said"]) for cell in facts["cells"].values()]
    assert len(set(said)) == 4
    assert {cell["answers"] for cell in facts["cells"].values()} == {30}
    assert list(facts["conversations"]) == ["base model", "adapter"]
    talks = facts["conversations"]["adapter"]["said"]
    assert [[turn["prompt"] for turn in talk] for talk in talks] == [["hi", "and?"], ["ho", "and?"], ["hi"]]
    assert talks[0][1]["text"] != talks[1][1]["text"]


def test_with_rules_on_the_card_a_study_asks_with_and_without_them(project, tiny_base) -> None:
    with_enough(project)
    card = project.persona("parrot") / "persona.toml"
    card.write_text(card.read_text() + '[rules]\nforbid_characters = "e"\n')
    write_random_adapter(project.persona("parrot") / "versions" / "1", tiny_base.path, "parrot")
    (project.persona("parrot") / "active").write_text("1")

    cells = project.cli("study", "parrot", "--json").facts["cells"]

    assert cells["adapter, with the rules"]["keeps_rules"] == cells["base model, with the rules"]["keeps_rules"] == 1.0
    assert cells["base model, without the rules"]["keeps_rules"] < 1.0


def test_variants_are_trained_once_beside_the_personas_versions_and_measured_like_them(project, tiny_base) -> None:
    with_enough(project)
    folder = project.persona("parrot")
    write_random_adapter(folder / "versions" / "1", tiny_base.path, "parrot")
    (folder / "active").write_text("1")
    lines = [f"ANNA: What of dish {n}?\nPOLLY: Squawk! I like dish {n} best." for n in range(12)]
    (folder / "script.txt").write_text("\n---\n".join(lines))
    (folder / "study.toml").write_text(VARIANTS)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    first = project.cli("study", "parrot", "--variants", "--json").facts
    trained = {path: path.stat().st_mtime_ns for path in (project.folder / "cache").rglob("manifest.json")}
    again = train_variants(load_config(), "parrot", read_plan(folder), Console(quiet=True))

    assert list(first["kept"]) == ["base model", "adapter", "plain", "the script"]
    assert {"plain, without the system prompt", "the script, with the system prompt"} <= set(first["cells"])
    manifests = [json.loads(path.read_text()) for path in trained]
    assert sorted(list(manifest["rows"].items()) for manifest in manifests) == [[("seed", 12)], [("seed", 30)]]
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    assert {version.path for version in again.values()} == {path.parent for path in trained}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ('[[variants]]\nname = "x"\nspeed = 2', "variants.0.speed = 2"),
        ('[[variants]]\nname = "x"\ntraining = { epochs = -1.0 }', "study.toml: x: training.epochs = -1.0"),
        ('[[variants]]\nname = "x"\nscript = "chunks"', "script.txt"),
        ('[[variants]]\nname = "adapter"', "each needs a name of its own"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_by_name(project, tiny_base, plan, said) -> None:
    with_enough(project)
    (project.persona("parrot") / "study.toml").write_text(plan)

    refused = project.cli("study", "parrot", "--variants")

    assert refused.code == 1
    assert said in refused.err


def test_a_persona_with_little_to_judge_by_is_refused_with_the_counts(project, tiny_base) -> None:
    write_random_adapter(project.persona("parrot") / "versions" / "1", tiny_base.path, "parrot")
    (project.persona("parrot") / "active").write_text("1")

    refused = project.cli("study", "parrot")

    assert refused.code == 1
    assert "12 pairs and 3 held-out prompts" in refused.err


def with_enough(project) -> None:
    """30 pairs and 30 held-out prompts for `parrot`, and short answers."""
    folder = project.persona("parrot")
    pairs = [{"prompt": f"What of dish {n}?", "completion": f"Squawk! Dish {n}."} for n in range(30)]
    (folder / "examples.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    asked = [{"prompt": f"Do you eat dish {n}?"} for n in range(30)]
    (folder / "heldout.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    card = folder / "persona.toml"
    card.write_text(card.read_text() + "[sampling]\nmax_tokens = 8\n")
