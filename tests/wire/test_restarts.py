"""What members had open when the bot was restarted still answers them."""

from typing import Any

import aiohttp

from tests.waiting import until
from tests.wire.stage import Stage, buttons, staged

SYSTEM_PROMPT = "You are a careful wizard. " * 40


async def filled(stage: Stage, opened: dict[str, Any], **fields: str) -> dict[str, Any]:
    sent: dict[str, Any] = await stage.server.control.submit(
        member=stage.mika, interaction=int(opened["interaction"]), fields=fields
    )
    return sent


async def pressed(stage: Stage, message: dict[str, Any], label: str) -> dict[str, Any]:
    [custom_id] = [button["custom_id"] for button in buttons(message) if button["label"] == label]
    outcome: dict[str, Any] = await stage.server.control.click(
        member=stage.mika, channel=stage.tavern, message=int(message["id"]), custom_id=custom_id
    )
    return outcome


async def file_of(message: dict[str, Any]) -> str:
    [file] = message["attachments"]
    async with aiohttp.ClientSession() as session, session.get(file["url"]) as answer:
        return await answer.text()


async def test_a_form_that_was_open_over_a_restart_gives_back_what_was_typed(empty_stage: Stage) -> None:
    async with staged(empty_stage) as stage:
        reply = await stage.answered("Is Paris in France?")
        opened = await stage.press(reply, "✏")
    async with staged(empty_stage) as stage:
        sent = await filled(stage, opened, answer="Aye, matey.")

        assert sent["kind"] == "message"
        [whisper] = stage.whispers()
        assert "I was restarted" in whisper["content"]
        assert await file_of(whisper) == "Aye, matey."
        assert (await stage.store.export_member(stage.mika))["corrections"] == []


async def test_a_refused_form_keeps_its_words_over_a_restart(empty_stage: Stage) -> None:
    async with staged(empty_stage) as stage:
        opened = await stage.slash("persona", "create", name="pirate")
        await filled(stage, opened, display_name="Wizard", description="Careful.", system_prompt=SYSTEM_PROMPT)
        await until(lambda: any(buttons(whisper) for whisper in stage.whispers()))
        [refused] = stage.whispers()
    async with staged(empty_stage) as stage:
        await pressed(stage, refused, "Open the form again")

        [*_, told] = stage.whispers()
        assert "I was restarted" in told["content"]
        assert SYSTEM_PROMPT.strip() in await file_of(refused)


async def test_every_button_of_the_privacy_panel_works_after_a_restart(empty_stage: Stage) -> None:
    async with staged(empty_stage) as stage:
        await stage.answered("my secret is 42")
        await stage.slash("privacy")
        await until(lambda: any(buttons(whisper) for whisper in stage.whispers()))
        [panel] = stage.whispers()
    async with staged(empty_stage) as stage:
        await pressed(stage, panel, "Learn more")
        await pressed(stage, panel, "Export")
        await until(lambda: len(stage.whispers()) == 3)
        assert "my secret is 42" in await file_of(stage.whispers()[-1])
        await pressed(stage, panel, "Delete everything")
        await until(lambda: "Are you sure" in stage.whispers()[0]["content"])
    async with staged(empty_stage) as stage:
        await pressed(stage, stage.whispers()[0], "Yes, delete everything")
        await until(lambda: "is deleted" in stage.whispers()[0]["content"])
        assert (await stage.store.export_member(stage.mika))["replies"] == []
