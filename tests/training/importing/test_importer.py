"""`training import`: what is taken of other people's files, and what is skipped and why."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import DatasetError
from bot.personas.catalog import Pair, PersonaCatalog, read_pairs
from bot.prompt import Message
from tests.training.importing.conftest import CARD, exchanges, lines, skipped
from training.importing.importer import read_import, write_import
from training.importing.reading import decoded
from training.importing.request import ImportRequest

SCRIPT = """# The Harbour

SCENE 1
ROBIN: Good morning, Ben.
BEN (smiling): Morning! (waves) How are you?
ROBIN: Fine.
And you?
BEN: Never better.

[A door slams]
Some prose here.
MIRA: Who is this?
BEN:
  Robin, of course.
SCENE 2
BEN: Alone at last.
ROBIN: 10:30 already?
BEN: The truth is: time flies.
"""


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Hi", "completion": "Ahoy"},
        {"Prompt": " Hi ", "Response": "Ahoy"},
        {"instruction": "Hi", "input": "", "output": "Ahoy"},
        {"question": "Hi", "answer": "Ahoy", "id": 7},
        {"input": "Hi", "output": "Ahoy"},
        {"user": "Hi", "assistant": "Ahoy"},
        {"prompt": "Hi", "chosen": "Ahoy", "rejected": "No"},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ahoy"}]},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ahoy"}]},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"text": "Hi"}]},
                      {"role": "assistant", "content": "Ahoy"}]},
        {"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Ahoy"}]},
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ahoy"}],
    ],
)  # fmt: skip
def test_the_usual_spellings_of_an_example_are_read(take, record):
    assert exchanges(take(lines(record))) == [("Hi", "Ahoy")]


def test_an_input_belongs_to_its_instruction(take):
    assert exchanges(take(lines({"instruction": "Add.", "input": "1 and 2", "output": 3}))) == [
        ("Add.\n\n1 and 2", "3")
    ]


def test_a_conversation_gives_a_pair_for_every_answer(take):
    turns = [("user", "Hi"), ("assistant", "Ahoy"), ("user", "And"), ("user", "you?"), ("assistant", "Fine")]
    result = take(lines({"messages": [{"role": role, "content": said} for role, said in turns]}))
    history = (Message("user", "Hi"), Message("assistant", "Ahoy"))
    assert result.pairs == [Pair("Hi", "Ahoy"), Pair("And\nyou?", "Fine", history)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"prompt": ', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("null", "is not an object with named fields"),
        ({"prompt": "Hi"}, "has the fields (prompt); it needs prompt and completion"),
        ({"prompt": "Hi", "completion": "  "}, "its completion is empty"),
        ({"prompt": None, "completion": "Ahoy"}, "its prompt is missing, not text"),
        ({"prompt": {"a": 1}, "completion": "Ahoy"}, "its prompt is a dict, not text"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "is a conversation in which the assistant never answers"),
        ({"messages": [{"role": "narrator", "content": "Hi"}]}, "is a conversation with the role 'narrator'"),
        ({"messages": "Hi"}, "its messages is not a JSON list"),
        ('{"prompt": "Hi", "completion": "\\ud800"}', "holds broken characters"),
        ({"prompt": "Hi", "completion": "Write to ben@example.com"}, "its answer holds an e-mail address"),
        ({"prompt": "Hi", "completion": "ha " * 60}, "its answer is looping"),
        ({"prompt": "Hi " * 5000, "completion": "Ahoy"}, "is longer than 8,000 characters"),
        ({"prompt": "first", "completion": "One!"}, "says the same as line 1"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_skipped(take, row, reason):
    result = take(lines({"prompt": "First?", "completion": "One."}, "", row, {"prompt": "Last", "completion": "Two."}))
    assert exchanges(result) == [("First?", "One."), ("Last", "Two.")]
    [(line, found)] = skipped(result).items()
    assert line == 3
    assert reason in found


def test_a_json_list_is_read_with_the_lines_of_its_items(take):
    records = [{"prompt": "a", "completion": "one"}, {"prompt": "b"}, {"prompt": "c", "completion": "three"}]
    result = take(json.dumps(records, indent=1), "file.json")
    assert [found.line for found in result.taken] == [2, 9]
    assert list(skipped(result)) == [6]


def test_a_table_survives_commas_quotes_and_line_breaks(take):
    table = (
        'Prompt,Completion,note\n"Hello, you","Arr, ""matey""!",x\n"two\nlines","an\n\nanswer",\n5" pipe,good,\n'
        '"back \\"slash\\"",fine,\n'
    )
    assert exchanges(take(table, "t.csv")) == [
        ("Hello, you", 'Arr, "matey"!'),
        ("two\nlines", "an\n\nanswer"),
        ('5" pipe', "good"),
        ('back "slash"', "fine"),
    ]


def test_a_broken_row_of_a_table_costs_itself_alone(take):
    table = 'prompt,completion\na,one\nb\n"c,three\nd,four\n"e"e,five\nf,s,ix\n,seven\n"h\nh",eight\ni,nine,,\n'
    result = take(table, "t.csv")
    assert exchanges(result) == [("a", "one"), ("d", "four"), ("h\nh", "eight"), ("i", "nine")]
    assert skipped(result) == {
        3: "has 1 of 2 columns",
        4: "opens a quote that is not closed before a ',': double the quotes inside a text",
        6: "opens a quote that is not closed before a ',': double the quotes inside a text",
        7: "has 3 columns where the first row has 2: is a text unquoted?",
        8: "its prompt is empty",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_recognised(take, delimiter, ends):
    table = ends.join(
        [delimiter.join(row) for row in (("question", "answer"), ("Wie, geht’s", "gut"), ("Was", "nichts"))]
    )
    if delimiter == ",":
        table = table.replace("Wie, geht’s", '"Wie, geht’s"')
    assert exchanges(take(table, "t.csv")) == [("Wie, geht’s", "gut"), ("Was", "nichts")]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_other_encodings_survive(take, encoding, name):
    record = {"prompt": "Süß?", "completion": "Très bien, señor"}
    table = 'prompt,completion\nSüß?,"Très bien, señor"\n'
    text = table if name == "t.csv" else json.dumps(record, ensure_ascii=False)
    assert exchanges(take(text.encode(encoding), name)) == [("Süß?", "Très bien, señor")]


def test_two_columns_without_names_are_prompts_and_answers(take):
    assert exchanges(take("hello there,ahoy\nwho are you,ben\n", "t.csv")) == [
        ("hello there", "ahoy"),
        ("who are you", "ben"),
    ]


def test_excels_separator_line_is_believed(take):
    assert exchanges(take("sep=;\nuser;bot\nhi, you;ho\n", "t.csv")) == [("hi, you", "ho")]


def test_a_script_becomes_exchanges_in_which_one_speaker_answers(take):
    result = take(SCRIPT, "s.txt", speaker="ben")
    assert exchanges(result) == [
        ("Good morning, Ben.", "Morning! How are you?"),
        ("Fine.\nAnd you?", "Never better."),
        ("Who is this?", "Robin, of course."),
        ("10:30 already?", "The truth is: time flies."),
    ]
    assert [len(pair.history) for pair in result.pairs] == [0, 2, 4, 0]
    assert skipped(result) == {11: "belongs to no speaker", 16: "opens a scene, so BEN answers nobody"}


def test_a_script_becomes_running_text_in_chunks(take, folder):
    script = "".join(SCRIPT.replace("Fine.", f"Fine {number} times.") for number in range(4))
    result = take(script, "s.txt", mode="chunks")
    assert "\n".join(result.texts).count("ROBIN: Fine") == 4
    assert all(len(text) <= 800 for text in result.texts)
    assert write_import(result, folder) == [(folder / "texts.jsonl", len(result.texts))]
    assert PersonaCatalog(folder.parent).texts("ben") == result.texts


def test_a_script_asks_whose_lines_to_learn(take):
    with pytest.raises(DatasetError, match=r"with --speaker NAME; this script has BEN \(5\), ROBIN \(3\), MIRA \(1\)"):
        take(SCRIPT, "s.txt")
    with pytest.raises(DatasetError, match=r"--speaker 'zoe' says nothing in this script; it has BEN"):
        take(SCRIPT, "s.txt", speaker="zoe")


def test_what_is_written_is_added_and_read_again(take, folder):
    examples = folder / "examples.jsonl"
    examples.write_text('{"prompt": "Old", "completion": "One."}')  # without a line end
    turns = [("user", "A\u2028b"), ("assistant", "Ahoy"), ("user", "New"), ("assistant", "Two")]
    records = [{"messages": [{"role": role, "content": said} for role, said in turns]}, {"q": "old", "a": "one"}]
    result = take(lines(*records))
    assert skipped(result) == {2: "is there already"}
    assert write_import(result, folder) == [(examples, 2)]
    assert read_pairs(examples) == [Pair("Old", "One."), *result.pairs]
    with pytest.raises(DatasetError, match="2 × is there already"):
        take(lines(records[0]))


def test_a_held_out_prompt_is_not_taken(take, folder):
    (folder / "heldout.jsonl").write_text('{"prompt": "Who are you?"}\n')
    result = take(lines({"q": "who ARE you", "a": "Ben."}, {"q": "Hi", "a": "Ahoy"}))
    assert skipped(result) == {1: "its prompt is in heldout.jsonl, which judges the persona"}


def test_personal_data_in_a_prompt_gives_way_to_a_placeholder(take):
    assert exchanges(take(lines({"q": "I am bob@example.com", "a": "Ahoy"}))) == [("I am [email]", "Ahoy")]


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "f.jsonl", "is empty: there is nothing to import"),
        (b" \n\n", "f.csv", "is empty: there is nothing to import"),
        (bytes(range(256)) * 8, "f.csv", "is not text"),
        (b"a,b,c\n1,2,3\n", "f.csv", "The table's columns are a, b, c: name them in its first row"),
        (b'{"x": 1}\n{"x": 2}', "f.jsonl", "nothing was taken of 2 rows, read as jsonl (the first in line 1): 2 × has"),
        (b'"prompt,completion', "f.csv", "The first row cannot be read"),
    ],
)
def test_a_file_with_nothing_to_take_is_refused_with_counts(take, content, name, sentence):
    with pytest.raises(DatasetError) as refused:
        take(content, name)
    assert sentence in str(refused.value)


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(content):
    try:
        text, encoding = decoded(content, "file")
    except DatasetError:
        return
    assert encoding
    assert "\0" not in text


@settings(max_examples=100, deadline=None)
@given(
    content=st.text(alphabet='ab",;:\n\t|\\(){}[]A1 ', max_size=200), kind=st.sampled_from(["jsonl", "csv", "script"])
)
def test_any_text_is_taken_or_refused_with_a_sentence(tmp_path_factory, content, kind):
    home = tmp_path_factory.mktemp("any")
    (home / "ben").mkdir()
    (home / "ben" / "persona.toml").write_text(CARD)
    (home / "file").write_text(content)
    try:
        taken = len(read_import(PersonaCatalog(home), "ben", ImportRequest(home / "file", kind, speaker="A")).taken)
    except DatasetError:
        return
    assert taken > 0


def test_the_command_shows_what_it_took_and_writes_only_when_asked(project):
    file = project.folder / "more.csv"
    file.write_text("question,answer\nWhat of kites?,Squawk! I like kites.\nbad\n")
    examples = project.persona("parrot") / "examples.jsonl"
    before = examples.read_text()

    tried = project.cli("import", "parrot", "more.csv", "--dry-run")
    assert tried.code == 0
    assert "Taken: 1 pair " in tried.out
    assert "line 2: What of kites? → Squawk! I like kites." in tried.out
    assert "line 3: has 1 of 2 columns" in tried.out
    assert examples.read_text() == before

    facts = project.cli("import", "parrot", "more.csv", "--json").facts
    assert (facts["taken"], facts["skipped"]) == (1, [{"line": 3, "reason": "has 1 of 2 columns"}])
    assert examples.read_text() == before + '{"prompt": "What of kites?", "completion": "Squawk! I like kites."}\n'

    again = project.cli("import", "parrot", "more.csv")
    assert again.code == 1
    assert "nothing was taken of 2 rows" in again.err
    assert project.cli("import", "parrot", "none.csv").code == 1
