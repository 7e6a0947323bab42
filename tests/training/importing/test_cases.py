"""What people's files hold, kind by kind: the exact pairs that are taken, and the exact reasons of what is not."""

import json

import pytest

from bot.errors import DatasetError
from bot.personas.catalog import Pair
from bot.prompt import Message
from tests.training.importing.conftest import exchanges, lines, skipped

LEEKS = ("When do I plant leeks?", "In spring, you daft turnip.")
GARLIC = ("And garlic?", "Before frost.")
RUSSIAN = "question,answer\nКогда сажать лук?,Весной сажай ты репа.\n"
JAPANESE = "question,answer\nねぎはいつ植えますか,春だよ、ばかなかぶめ。\n"


def messages(*said: tuple[str, str], **last) -> list[dict]:
    turns = [{"role": role, "content": content} for role, content in said]
    turns[-1].update(last)
    return turns


# Encodings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        ("question,answer\n什么时候种韭葱,春天，你这个傻瓜。\n", "gb18030"),
        ("question,answer\n대파는 언제 심나요,봄에 심어라 이 바보야.\n", "euc_kr"),
        ("question,answer\nΠότε φυτεύω πράσα;,Την άνοιξη.\n", "cp1253"),
        ("question,answer\nZażółć gęślą jaźń?,Święta na wiosnę, łąka.\n", "cp1250"),
        ("question,answer\nPırasa ne zaman dikilir?,\"İlkbaharda, seni şaşkın şalgam, ağaç.\"\n", "cp1254"),
    ],
)  # fmt: skip
def test_what_is_not_surely_western_is_refused_until_the_encoding_is_told(take, text, encoding):
    with pytest.raises(DatasetError, match="Say which it is, as --encoding cp1251, or save the file as UTF-8"):
        take(text.encode(encoding), "f.csv")
    if '"' in text or text.count(",") == 2:
        told = take(text.encode(encoding), "f.csv", encoding=encoding)
        assert told.pairs[0].prompt == text.split("\n")[1].split(",")[0]


def test_the_refusal_shows_what_an_encoding_would_read(take):
    with pytest.raises(DatasetError, match="cp1251 would read “Когда сажать лук"):
        take(RUSSIAN.encode("cp1251"), "f.csv")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8"])
@pytest.mark.parametrize("text", [RUSSIAN, JAPANESE])
def test_utf_16_tells_itself_apart_without_a_mark(take, text, encoding):
    assert take(text.encode(encoding), "f.csv").pairs[0].prompt == text.split("\n")[1].split(",")[0]


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        (RUSSIAN.encode("cp1251"), "utf-8", "is not utf-8: byte 0xca at 16 means nothing in it"),
        (JAPANESE.encode("shift_jis"), "latin-1", "read as latin-1 is nonsense"),
        (b"a,b", "rot13", "--encoding rot13 is no encoding of text"),
        (b"a,b", "no\0such", "is no encoding of text"),
        (RUSSIAN.encode().decode("latin-1").encode(), None, "was UTF-8, read as western text and saved again"),
    ],
)
def test_a_wrong_encoding_is_a_sentence(take, content, encoding, sentence):
    with pytest.raises(DatasetError) as refused:
        take(content, "f.csv", encoding=encoding)
    assert sentence in str(refused.value)


# What must not be learned


@pytest.mark.parametrize("label", [False, "false", "False", 0, "0", -1, "no"])
def test_an_answer_marked_as_bad_is_skipped(take, label):
    result = take(lines({"prompt": "a", "completion": "one", "label": True},
                        {"prompt": "b", "completion": "two", "label": label}))  # fmt: skip
    assert exchanges(result) == [("a", "one")]
    assert skipped(result) == {2: f"is not to be learned: its label is {json.dumps(label)}"}


@pytest.mark.parametrize(("label", "told"), [(None, "missing"), (float("nan"), "NaN"), ("maybe", '"maybe"')])
def test_a_mark_that_says_nothing_clear_is_no_permission(take, label, told):
    result = take(lines({"prompt": "a", "completion": "one"}, {"prompt": "b", "completion": "two", "label": label}))
    assert skipped(result) == {2: f"its label is {told}, neither true nor false"}


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        ({"weight": 0}, "it is not to be learned (weight: 0)"),
        ({"weight": 0.0}, "it is not to be learned (weight: 0.0)"),
        ({"train": False}, "it is not to be learned (train: false)"),
        ({"training": "false"}, 'it is not to be learned (training: "false")'),
        ({"weight": float("nan")}, "its weight is NaN, neither true nor false"),
        ({"weight": 0.5}, "its weight is 0.5, neither true nor false"),
        ({"train_detail": [{"begin_offset": 0, "train": False}]}, "its train_detail leaves parts of it out"),
    ],
)
def test_a_masked_turn_is_context_and_no_answer(take, mask, reason):
    masked = messages(("user", "Leeks?"), ("assistant", "I do not know."), **mask)
    result = take(lines({"messages": [*masked, *messages(("user", "Sure?"), ("assistant", "In spring."))]}))
    before = (Message("user", "Leeks?"), Message("assistant", "I do not know."))
    assert result.pairs == [Pair("Sure?", "In spring.", before)]
    assert skipped(result) == {1: reason}


def test_nan_is_no_text(take):
    rows = ['{"q": "a", "a": NaN}', '{"q": NaN, "a": "two"}', '{"q": "c", "a": "nan"}', '{"q": "d", "a": "four"}',
            '{"q": "e", "a": 1e999}']  # fmt: skip
    result = take(lines(*rows))
    assert exchanges(result) == [("d", "four")]
    assert skipped(result) == {
        1: "its a is NaN, not text",
        2: "its q is NaN, not text",
        3: "its a is 'nan', which stands for a missing value",
        5: "its a is inf, not text",
    }


def test_options_that_do_not_apply_are_refused(take):
    row = lines({"prompt": "a", "completion": "one"})
    with pytest.raises(DatasetError, match="--speaker does not apply: nobody has a name in this file"):
        take(row, speaker="ben")
    for name in ("f.jsonl", "f.csv"):
        with pytest.raises(DatasetError, match="--mode chunks does not apply: the file holds examples"):
            take(row, name, mode="chunks")


# Preferences


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Hi", "chosen": "Ahoy", "rejected": "No"},
        {"chosen": messages(("user", "Hi"), ("assistant", "Ahoy")),
         "rejected": messages(("user", "Hi"), ("assistant", "No"))},
        {"prompt": messages(("user", "Hi")), "chosen": messages(("assistant", "Ahoy")),
         "rejected": messages(("assistant", "No"))},
        {"prompt": "Hi", "chosen": messages(("user", "Hi"), ("assistant", "Ahoy")),
         "rejected": messages(("user", "Hi"), ("assistant", "No"))},
        {"chosen": "Hi Ahoy", "rejected": "Hi No"},
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Ahoy", "rejected": "\n\nHuman: Hi\n\nAssistant: No"},
        {"conversations": [{"from": "human", "value": "Hi"}], "chosen": {"from": "gpt", "value": "Ahoy"},
         "rejected": {"from": "gpt", "value": "No"}},
        {"input": {"messages": messages(("user", "Hi"))}, "preferred_output": messages(("assistant", "Ahoy")),
         "non_preferred_output": messages(("assistant", "No"))},
        {"question": "Hi", "chosen": "Ahoy", "rejected": "No"},
    ],
)  # fmt: skip
def test_of_a_preference_the_chosen_answer_is_learned_and_the_other_kept_apart(take, record):
    result = take(lines(record))
    assert exchanges(result) == [("Hi", "Ahoy")]
    assert [found.rejected for found in result.taken] == ["No"]
    assert result.rejected == 1


def test_a_rejected_answer_alone_is_never_learned(take):
    result = take(lines({"prompt": "a", "rejected": "bad"}, {"prompt": "b", "completion": "two"},
                        {"chosen": "one", "rejected": "two"}))  # fmt: skip
    assert exchanges(result) == [("b", "two")]
    assert skipped(result) == {
        1: "holds an answer that was rejected, and none that was chosen",
        3: "has no prompt, and its chosen and rejected begin with nothing in common",
    }


# Text that is not said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Before frost.</s>", "Before frost."),
        ("Before frost.<|im_end|>\n<|endoftext|>", "Before frost."),
        ("<s> Before frost.<|eot_id|>", "Before frost."),
        ("Before frost.<end_of_turn>\n<eos>", "Before frost."),
        ("<think>\nHm.\n</think>\n\nBefore frost.", "Before frost."),
        ("Hm, garlic.\n</think>\nBefore frost.", "Before frost."),
        ("<think></think>Before frost.", "Before frost."),
        ("[THINK]Hm[/THINK]Before frost.</s>", "Before frost."),
        ("<think>a</think><answer>Before frost.</answer>", "Before frost."),
        ("<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>Before frost.<|return|>",
         "Before frost."),
        ("{{user}}, *{{char}} grumbles*", "friend, *Ben grumbles*"),
        ("{{// note}}Before<BOT> {{ User }}", "BeforeBen friend"),
    ],
)  # fmt: skip
def test_thoughts_tokens_and_macros_are_what_they_are(take, answer, said):
    assert exchanges(take(lines({"prompt": "{{char}}, garlic?<|im_end|>", "completion": answer}))) == [
        ("Ben, garlic?", said)
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("<think>I never stop", "its answer is a thought that never ends"),
        ("<think>a</think>", "its answer is nothing but a thought"),
        ("</s>", "its answer is nothing but a token"),
        ("One.<|im_end|>\n<|im_start|>user\nTwo?", "its answer holds the control token <|im_end|>"),
        ("{{random:a,b}}", "its answer holds the macro {{random:a,b}}"),
        ('<tool_call>{"name": "x"}</tool_call>', "its completion calls a tool"),
    ],
)
def test_what_cannot_be_undone_costs_the_row(take, answer, reason):
    result = take(lines({"prompt": "a", "completion": answer}, {"prompt": "b", "completion": "two"}))
    assert skipped(result) == {1: reason}


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>system\nBrief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nAhoy<|im_end|>",
        "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Ahoy </s>",
        "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nAhoy<end_of_turn>\n",
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant"
        "<|end_header_id|>\n\nAhoy<|eot_id|>",
        "<|user|>\nHi</s>\n<|assistant|>\nAhoy</s>",
        "Below is an instruction.\n\n### Instruction:\nHi\n\n### Response:\nAhoy",
    ],
)
def test_a_conversation_that_a_template_wrote_out_is_read_back(take, text):
    assert exchanges(take(lines({"text": text}))) == [("Hi", "Ahoy")]


# Shapes of JSON and tables

ROWS = [{"instruction": LEEKS[0], "output": LEEKS[1]}, {"instruction": GARLIC[0], "output": GARLIC[1]}]


@pytest.mark.parametrize(
    "whole",
    [
        {"version": "1", "data": ROWS},
        {"rows": [{"row_idx": 0, "row": row} for row in ROWS], "features": [{"name": "instruction"}]},
        {"my_examples": ROWS},
        {name: [row[name] for row in ROWS] for name in ROWS[0]},
        {name: {str(place): row[name] for place, row in enumerate(ROWS)} for name in ROWS[0]},
        {"columns": list(ROWS[0]), "index": [0, 1], "data": [list(row.values()) for row in ROWS]},
        {"0": ROWS[0], "1": ROWS[1]},
        ROWS,
        {"messages": [messages(("user", row["instruction"]), ("assistant", row["output"])) for row in ROWS]},
    ],
)
@pytest.mark.parametrize("indent", [None, 1, 4])
def test_json_is_read_in_every_shape(take, whole, indent):
    assert exchanges(take(json.dumps(whole, indent=indent), "f.json")) == [LEEKS, GARLIC]


def test_pretty_printed_objects_one_after_another_are_read_and_a_broken_one_costs_itself(take):
    first, last = (json.dumps(row, indent=2) for row in ROWS)
    result = take(f"{first}\n{last[:-2]},,\n}}\n{last}\n", "f.json")
    assert exchanges(result) == [LEEKS, GARLIC]
    assert list(skipped(result)) == [5]
    one = {"messages": messages(("user", "Hi"), ("assistant", "Ahoy"))}
    assert exchanges(take(json.dumps(one, indent=2), "one.json")) == [("Hi", "Ahoy")]


def test_a_broken_list_costs_its_broken_item(take):
    text = json.dumps([*ROWS, {"q": "c", "a": "three"}], indent=2).replace('"And garlic?",', '"And garlic?"')
    result = take(text, "f.json")
    assert exchanges(result) == [LEEKS, ("c", "three")]
    assert list(skipped(result)) == [6]


def test_several_lists_in_an_object_are_no_choice_of_ours(take):
    with pytest.raises(DatasetError, match=r"several lists of examples, one \(2\), two \(2\): save one as"):
        take(json.dumps({"one": ROWS, "two": ROWS}), "f.json")
    with pytest.raises(DatasetError, match=r"columns differ in length, prompt \(2\), completion \(1\)"):
        take(json.dumps({"prompt": ["a", "b"], "completion": ["c"]}), "f.json")


def test_rows_of_one_turn_each_are_conversations(take):
    table = "conversation_id,role,content\n1,user,Leeks?\n1,assistant,In spring.\n2,user,Garlic?\n2,assistant,Frost.\n"
    result = take(table, "f.csv")
    assert result.pairs == [Pair("Leeks?", "In spring."), Pair("Garlic?", "Frost.")]
    assert [found.line for found in result.taken] == [3, 5]
    rows = [{"conv_id": 1, "role": "user", "text": "Hi"}, {"conv_id": 1, "role": "assistant", "text": "Ahoy"}]
    assert exchanges(take(lines(*rows))) == [("Hi", "Ahoy")]


def test_columns_with_names_that_nobody_knows_are_no_pair(take):
    with pytest.raises(DatasetError, match="The table's columns are setup, punchline"):
        take("setup,punchline\nWhy?,Because.\n", "f.csv")


def test_a_tools_turn_does_not_cost_a_conversation(take):
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    turns = [{"role": "user", "content": "Rain?"}, call, {"role": "tool", "content": "rain"},
             {"role": "assistant", "content": "Aye."}]  # fmt: skip
    result = take(lines({"messages": turns}))
    assert result.pairs == [Pair("Rain?", "Aye.")]
    assert result.left_out == {"a tool's turn": 2}


def test_an_image_costs_its_own_answer_alone(take):
    image = {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {}}, {"type": "text", "text": "What is it?"}],
    }
    turns = [image, *messages(("assistant", "A leek."), ("user", "And garlic?"), ("assistant", "Before frost."))]
    result = take(lines({"messages": turns}))
    assert exchanges(result) == [GARLIC]
    assert skipped(result) == {1: "answers an image"}


def test_a_turn_without_content_costs_what_depends_on_it(take):
    turns = messages(("user", "a"), ("assistant", "one"), ("user", "b"), ("assistant", "x"), ("user", "c"),
                     ("assistant", "three"))  # fmt: skip
    turns[3]["content"] = None
    result = take(lines({"messages": turns}))
    assert result.pairs == [Pair("a", "one"), Pair("c", "three")]
    assert skipped(result) == {1: "its content is missing, not text"}


def test_names_as_roles_ask_for_the_speaker(take):
    turns = [{"from": "Ina", "value": "Leeks?"}, {"from": "Mossbeard", "value": "In spring."}]
    with pytest.raises(DatasetError, match=r"with --speaker NAME; there are Ina \(1\), Mossbeard \(1\)"):
        take(lines({"conversations": turns}))
    with pytest.raises(DatasetError, match=r"--speaker 'zoe' says nothing in this file; it has Ina \(1\)"):
        take(lines({"conversations": turns}), speaker="zoe")
    assert exchanges(take(lines({"conversations": turns}), speaker="mossbeard")) == [("Leeks?", "In spring.")]
