"""Chats, logs and exports: what each app writes becomes the same exchanges, and the rest is skipped with its reason."""

import io
import json
import zipfile

import pytest

from bot.errors import DatasetError
from bot.personas.catalog import Pair
from bot.prompt import Message
from tests.training.importing.conftest import exchanges, lines, skipped

CHAT = [("Ina", "Leeks?"), ("Moss", "In spring."), ("Ina", "And"), ("Ina", "garlic?"), ("Moss", "Before frost."),
        ("Moss", "Mind the slugs.")]  # fmt: skip
PAIRS = [
    Pair("Leeks?", "In spring."),
    Pair(
        "And\ngarlic?",
        "Before frost.\nMind the slugs.",
        (Message("user", "Leeks?"), Message("assistant", "In spring.")),
    ),
]


def written(pattern: str, join: str = "\n") -> str:
    return join.join(pattern.format(name=name, text=text, minute=10 + place) for place, (name, text) in enumerate(CHAT))


@pytest.mark.parametrize(
    "pattern",
    [
        "12/31/23, 9:{minute} PM - {name}: {text}",
        "12/31/23, 9:{minute}\u202fPM - {name}: {text}",
        "31/12/2023, 21:{minute} - {name}: {text}",
        "31.12.23, 21:{minute} - {name}: {text}",
        "31/12/23 21:{minute} - {name}: {text}",
        "31/12/2023, 9:{minute} p. m. - {name}: {text}",
        "31-12-2023 21:{minute} - {name}: {text}",
        "2023-12-31, 21:{minute} - {name}: {text}",
        "31/12/2023 à 21:{minute} - {name}: {text}",
        "31.12.2023 klo 21.{minute} - {name}: {text}",
        "2023/12/31 21:{minute} - {name}: {text}",
        "2023/12/31 下午9:{minute} - {name}: {text}",
        "2023년 12월 31일 오후 9:{minute}, {name} : {text}",
        "31\u200f/12\u200f/2023، 9:{minute} م - {name}: {text}",
        "[12/31/23, 9:{minute}:03 PM] {name}: {text}",
        "[31.12.23, 21:{minute}:03] {name}: {text}",
        "\u200e[31/12/2023, 21:{minute}:03] {name}: {text}",
        "[2023/12/31 下午9:{minute}:03] {name}: {text}",
        "[31-12-2023 21:{minute}:03] ~ {name}: {text}",
    ],
)
def test_whatsapp_is_read_in_the_dates_of_many_countries(take, pattern):
    result = take(written(pattern), "WhatsApp Chat.txt", speaker="moss")
    assert result.format == "whatsapp"
    assert result.pairs == PAIRS


def test_whatsapp_media_deleted_messages_and_notices_are_skipped(take):
    chat = """12/31/23, 9:14 PM - Messages and calls are end-to-end encrypted.
12/31/23, 9:15 PM - Ina: Leeks?
and peas?
12/31/23, 9:15 PM - Ina: <Media omitted>
12/31/23, 9:16 PM - Ina: IMG-2023.jpg (file attached)
12/31/23, 9:16 PM - Ina: This message was deleted
12/31/23, 9:16 PM - Moss: \u200esticker omitted
12/31/23, 9:16 PM - Moss: In spring. <This message was edited>
"""
    result = take(chat, "chat.txt", speaker="Moss")
    assert exchanges(result) == [("Leeks?\nand peas?", "In spring.")]
    assert skipped(result) == {
        1: "is a system message (Messages and calls are end-to-end encryp…)",
        4: "is media or a notice of the app (<Media omitted>)",
        5: "is media or a notice of the app (IMG-2023.jpg (file attached))",
        6: "was deleted",
        7: "is media or a notice of the app (sticker omitted)",
    }


@pytest.mark.parametrize(
    "pattern",
    [
        "10:{minute} <{name}> {text}",
        "10:{minute} <@{name}> {text}",
        "[10:{minute}] <{name}> {text}",
        "[10:{minute}:00] <+{name}> {text}",
        "[2024-01-01T10:{minute}:00.000Z] <{name}> {text}",
        "Jan 01 10:{minute}:00 <{name}>\t{text}",
        "[Mon 1 Jan 2024] [10:{minute}:00] <{name}> {text}",
        "2024-01-01 10:{minute}:00\t@{name}\t{text}",
        "<{name}> {text}",
        "10:{minute} <\x0304{name}\x03> {text}",
    ],
)
def test_irc_logs_of_many_clients_are_read(take, pattern):
    result = take(written(pattern), "channel.log", speaker="moss")
    assert result.format == "irc"
    assert result.pairs == PAIRS


def test_irc_joins_are_skipped_and_actions_are_said(take):
    log = """--- Log opened Mon Jan 01 10:00:00 2024
10:00 -!- Moss [m@host] has joined #allotment
10:01 <Ina> Leeks?
10:01  * Moss grumbles
10:02 <Moss> In spring.
10:03 * Ina has left
"""
    result = take(log, "irc.log", speaker="Moss")
    assert exchanges(result) == [("Leeks?", "*grumbles*\nIn spring.")]
    assert list(skipped(result)) == [1, 2, 6]


def discord_message(number: int, name: str, text: str, **more) -> dict:
    author = {"id": str(ord(name[0])), "name": name.lower(), "nickname": name}
    return {"id": str(number), "type": "Default", "timestamp": "", "content": text, "author": author, **more}


def discord_export(*messages: dict) -> str:
    return json.dumps({"guild": {}, "channel": {"name": "allotment"}, "messages": list(messages)}, indent=2)


@pytest.mark.parametrize("speaker", ["Moss", "moss", str(ord("M"))])
def test_discord_chat_exporters_json_is_read(take, speaker):
    export = discord_export(*(discord_message(place, *said) for place, said in enumerate(CHAT)))
    result = take(export, "f.json", speaker=speaker)
    assert result.format == "discord"
    assert result.pairs == PAIRS


def test_a_discord_reply_answers_what_it_names(take):
    result = take(
        discord_export(
            discord_message(1, "Ina", "Leeks?"),
            discord_message(2, "Ben", "Nice day, <@77>.", mentions=[{"id": "77", "name": "ina"}]),
            discord_message(3, "Moss", "In spring.", type="Reply", reference={"messageId": "1"}),
            discord_message(4, "Moss", "Aye, nice.", type="Reply", reference={"messageId": "2"}),
            discord_message(5, "Moss", "Gone.", type="Reply", reference={"messageId": "99"}),
            discord_message(6, "Ina", "", stickers=[{"name": "x"}]),
            discord_message(7, "Ina", "", attachments=[{}]),
            discord_message(8, "Ina", "joined", type="GuildMemberJoin"),
        ),
        "f.json",
        speaker="Moss",
    )
    assert exchanges(result) == [("Leeks?", "In spring."), ("Nice day, @ina.", "Aye, nice.")]
    assert sorted(skipped(result).values()) == [
        "is a sticker alone",
        "is a system message (GuildMemberJoin)",
        "is an attachment alone",
        "replies to a message that is not in the file",
    ]


def test_discord_chat_exporters_csv_is_read(take):
    rows = "".join(f'{ord(name[0])},{name},2024-01-01T10:00:00,"{text}",,\n' for name, text in CHAT)
    heading = "AuthorID,Author,Date,Content,Attachments,Reactions\n"
    more = "1,zoe,2024,Joined the server.,,\n1,zoe,2024,,https://x/y.png,\n"
    result = take(heading + rows + more, "f.csv", speaker="moss")
    assert result.pairs == PAIRS
    assert skipped(result) == {8: "is a system message (Joined the server.)", 9: "is an attachment alone"}


def test_discord_chat_exporters_text_is_read(take):
    rule = "=" * 62
    body = written("[01/01/2024 10:{minute} AM] {name}\n{text}\n", "\n")
    text = f"{rule}\nGuild: g\nChannel: General / allotment\n{rule}\n\n{body}\n[01/01/2024 11:00] Ina (pinned)\n\n" \
           f"{{Attachments}}\nhttps://x/y.png\n\n{rule}\nExported 7 message(s)\n{rule}\n"  # fmt: skip
    result = take(text, "f.txt", speaker="Moss")
    assert result.format == "discord"
    assert result.pairs == PAIRS
    assert skipped(result) == {24: "is attachments alone"}


def test_one_name_of_two_accounts_asks_for_the_account(take):
    twins = [discord_message(place, "Moss", "x") for place in range(2)]
    twins[1]["author"] = {"id": "9", "name": "other", "nickname": "Moss"}
    with pytest.raises(DatasetError, match="'Moss' is the name of several: Moss"):
        take(discord_export(discord_message(5, "Ina", "Hi"), *twins), "f.json", speaker="Moss")
    with pytest.raises(DatasetError, match=r"this channel has Ina \(1\), Moss, account moss \(1\)"):
        take(discord_export(discord_message(5, "Ina", "Hi"), *twins), "f.json")


def package(file: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("messages/index.json", "{}")
        for number, text in ((1, "Hello."), (2, "Bye.")):
            rows = [{"ID": 9, "Timestamp": "2024-01-02 10:00:00", "Contents": text, "Attachments": ""},
                    {"ID": 8, "Timestamp": "2024-01-01 10:00:00", "Contents": "Early.", "Attachments": ""}]  # fmt: skip
            table = "ID,Timestamp,Contents,Attachments\n" + "".join(",".join(map(str, r.values())) + "\n" for r in rows)
            archive.writestr(f"Nachrichten/c{number}/{file}", json.dumps(rows) if file.endswith("json") else table)
    return content.getvalue()


@pytest.mark.parametrize("file", ["messages.json", "messages.csv"])
def test_discords_data_package_is_running_text_by_channel(take, file, tmp_path):
    result = take(package(file), "package.zip")
    assert result.format == "discord-package"
    assert result.texts == ["Early.\nHello.", "Early.\nBye."]
    with pytest.raises(DatasetError, match="no pairs can be made of it"):
        take(package(file), "package.zip", mode="pairs")
    with pytest.raises(DatasetError, match="--speaker does not apply: Discord's data package"):
        take(package(file), "package.zip", speaker="me")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"PK\x03\x04nonsense", "cannot be unpacked"), (package("messages.json")[:-30], "cannot be unpacked")],
)
def test_a_broken_archive_is_a_sentence(take, content, sentence):
    with pytest.raises(DatasetError, match=sentence):
        take(content, "package.zip")


def telegram(*messages: dict, **whole) -> str:
    return json.dumps({"name": "Ina", "type": "personal_chat", "id": 1, "messages": list(messages), **whole}, indent=1)


def telegram_message(number: int, name: str | None, text, **more) -> dict:
    return {"id": number, "type": "message", "from": name, "from_id": f"user{name}", "text": text, **more}


def test_telegrams_export_is_read(take):
    result = take(
        telegram(*(telegram_message(place, *said) for place, said in enumerate(CHAT))), "r.json", speaker="moss"
    )
    assert result.format == "telegram"
    assert result.pairs == PAIRS


def test_telegrams_replies_pieces_and_silent_messages(take):
    result = take(
        telegram(
            {"id": 1, "type": "service", "action": "create_group"},
            telegram_message(2, "Ina", ["Leeks ", {"type": "bold", "text": "now"}, "?"]),
            telegram_message(3, "Ben", "Nice day."),
            telegram_message(4, "Moss", "In spring.", reply_to_message_id=2),
            telegram_message(5, "Ina", "", media_type="sticker"),
            telegram_message(6, "Ina", "", photo="x"),
            telegram_message(7, None, "Hi"),
            telegram_message(8, "Moss", "x", forwarded_from="Zoe"),
        ),
        "result.json",
        speaker="Moss",
    )
    assert exchanges(result) == [("Leeks now?", "In spring.")]
    assert list(skipped(result).values()) == [
        "is a system message (create_group)", "is a sticker alone", "is an attachment alone", "is of a deleted account",
        "is a forwarded message",
    ]  # fmt: skip


def test_all_chats_of_a_telegram_account_are_apart(take):
    chats = [{"id": n, "messages": [telegram_message(1, "Ina", f"Hi {n}"), telegram_message(2, "Moss", f"Ahoy {n}")]}
             for n in range(2)]  # fmt: skip
    result = take(json.dumps({"chats": {"list": chats}}), "result.json", speaker="Moss")
    assert result.pairs == [Pair("Hi 0", "Ahoy 0"), Pair("Hi 1", "Ahoy 1")]


def test_sillytaverns_chat_is_read(take):
    rows = [{"user_name": "Ina", "character_name": "Moss", "chat_metadata": {}},
            {"name": "Moss", "is_user": False, "mes": "Welcome."},
            {"name": "Moss", "is_user": False, "is_system": True, "mes": "Hidden."},
            *({"name": name, "is_user": name == "Ina", "mes": text} for name, text in CHAT)]  # fmt: skip
    result = take(lines(*rows))
    assert result.format == "sillytavern"
    assert exchanges(result) == [(pair.prompt, pair.completion) for pair in PAIRS]
    assert skipped(result) == {2: "opens a scene, so Moss answers nobody", 3: "is hidden, or a system message"}
    rows.append({"name": "Zoe", "is_user": False, "mes": "Me too."})
    with pytest.raises(DatasetError, match=r"with --speaker NAME; this chat has Moss \(4\), Ina \(3\), Zoe \(1\)"):
        take(lines(*rows))


def test_a_chat_is_running_text_when_asked(take):
    result = take(written("<{name}> {text}"), "c.log", mode="chunks")
    assert result.texts == ["\n".join(f"{name}: {text}" for name, text in CHAT)]
    with pytest.raises(DatasetError, match="--speaker does not apply: running text is everybody's"):
        take(written("<{name}> {text}"), "c.log", mode="chunks", speaker="Moss")
