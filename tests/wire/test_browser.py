"""One conversation in a real browser with the real bot: ask, cast a persona, give a thumb, correct an answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.wording import render
from tests.sandbox.page import SandboxPage, needs_browser, open_browser
from tests.store.samples import a_record
from tests.wire.stage import Stage

pytestmark = [pytest.mark.browser, needs_browser]
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest.fixture
def screenshots() -> Path:
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS


async def test_a_conversation_with_the_real_bot(stage: Stage, browser: Browser, screenshots: Path) -> None:
    page = await SandboxPage.open(browser, stage.server.url)
    await page.wait_until_online()

    # An answer grows while one looks; typing is shown until then.
    stage.engine.holds()
    await page.say("Is Paris in France?")
    await expect(page.page.locator("#typing")).to_contain_text("Troupe is typing")
    speaker = await stage.speaks()
    speaker.say("Yes. Paris is the ")
    await expect(page.replies().last.locator(".text")).to_have_text("Yes. Paris is the")
    await expect(page.page.locator("#typing")).to_have_text("")
    speaker.say("capital of France.")
    speaker.end()
    await page.wait_for_reply("Yes. Paris is the capital of France.")

    # Another persona is cast by slash command, and speaks from then on.
    await page.run_command("/persona switch", {"name": "Captain"})
    await page.wait_for_reply("Captain Saltbeard")
    stage.engine.says("Aye! **Paris** be the capital o' France, ", "matey. Arr!")
    await page.say("And now again, please.")
    answer = await page.wait_for_reply("Arr!")
    assert "You are Captain Saltbeard." in "".join(map(chr, stage.engine.requests[-1].prompt_ids))
    await expect(answer.locator("strong").first).to_have_text("Paris")

    # A thumb by button, another member's by reaction; the figures follow.
    await page.click_button("👍", answer)
    await expect(answer.get_by_role("button", name="👍 1").first).to_be_visible()
    await page.act_as("Juno")
    await page.react("👍", answer)
    await expect(answer.get_by_role("button", name="👍 2").first).to_be_visible()
    await page.act_as("Mika")

    # A better answer through the form; the thanks are for Mika's eyes only.
    await page.click_button("✏️", answer)
    form = page.page.locator("dialog")
    await form.get_by_role("textbox").fill("Aye, it be, an' a fair port too.")
    await page.screenshot(screenshots / "correction.png")
    await form.get_by_role("button", name="Submit").click()
    thanks = page.page.locator(".whisper", has_text="Thank you")
    await expect(thanks).to_be_visible()
    await page.screenshot(screenshots / "conversation.png")
    await page.act_as("Juno")
    await expect(thanks).to_have_count(0)

    shown = next(reply for reply in stage.replies() if "Arr!" in reply["content"])
    assert (await stage.vote(shown), await stage.vote(shown, "juno")) == (1, 1)
    kept = (await stage.store.export_member(stage.mika))["corrections"]
    assert [row["text"] for row in kept] == ["Aye, it be, an' a fair port too."]
    assert page.problems == []


async def test_the_stats_are_read_as_a_picture_and_as_figures(
    stage: Stage, browser: Browser, screenshots: Path
) -> None:
    await three_weeks_of_votes(stage)
    page = await SandboxPage.open(browser, stage.server.url)
    await page.wait_until_online()
    await page.run_command("/persona switch", {"name": "Captain"})
    await page.wait_for_reply("speaks here now")
    stage.engine.says("Arr, that be the question! ", "I'd say the last one, matey.")
    await page.say("Which of your voices do people like best?")
    answer = await page.wait_for_reply("matey")
    await page.click_button("👍", answer)
    await expect(answer.get_by_role("button", name="👍 1").first).to_be_visible()

    await page.run_command("/stats", {"persona": "Captain"})

    stats = await page.wait_for_reply("Captain Saltbeard, last 30 days")
    await expect(stats).to_contain_text("v2: 60 replies, 👍 43 👎 17 (72%)")
    picture = stats.locator("img")
    await expect(picture).to_have_attribute("alt", "Approval: Captain Saltbeard, last 30 days")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1080
    await expect(picture).to_be_in_viewport(ratio=0.9)
    await page.screenshot(screenshots / "stats.png")
    assert page.problems == []


async def three_weeks_of_votes(stage: Stage) -> None:
    """On the pirate's first two adapter versions; the second one is liked better."""
    now = time.time()
    for day in range(20):
        version = 1 + day // 10
        for number in range(6):
            record = a_record(
                guild_id=stage.server.guild_id,
                channel_id=stage.tavern,
                adapter_number=version,
                created_at=now - (20 - day) * 86_400,
            )
            reply_id = await stage.store.add_reply(record)
            liked = (day * 7 + number * 5) % 12 < 4 + day // 3
            await stage.store.cast_vote(reply_id, stage.mika, 1 if liked else -1, "button")


async def test_the_page_keeps_up_while_the_line_is_bad(stage: Stage, browser: Browser) -> None:
    page = await SandboxPage.open(browser, stage.server.url, phone=True, dark=False)
    await page.wait_until_online()
    stage.engine.holds()
    await page.say("Is Paris in France?")
    speaker = await stage.speaks()
    speaker.say("Yes. Paris is the ")
    await page.wait_for_reply("Yes. Paris is the")

    await stage.server.bot_gateway.drop(None)
    stage.server.faults.rate_limit("PATCH", "/channels/*/messages/*", retry_after=0.2)
    await asyncio.sleep(0.06)
    speaker.say("capital of France.")
    speaker.end()

    reply = await page.wait_for_reply("Yes. Paris is the capital of France.")
    await expect(reply.get_by_role("button", name="👍").first).to_be_visible()
    await page.wait_until_online()
    await expect(page.replies()).to_have_count(1)
    await page.screenshot(SCREENSHOTS / "phone.png")
    assert page.problems == []


async def test_commands_that_are_not_ones_to_use_are_not_offered(stage: Stage, browser: Browser) -> None:
    page = await SandboxPage.open(browser, stage.server.url)
    await page.wait_until_online()
    await page.act_as("Pip")

    await page.run_command("/persona switch", {"name": "Captain"})

    await expect(page.page.locator(".whisper")).to_contain_text("Manage Channels")
    assert await stage.store.channel_persona(stage.tavern) is None


@pytest.mark.parametrize("locale", ["ja"])
async def test_commands_are_chosen_by_their_own_names_in_japanese(stage: Stage, browser: Browser) -> None:
    page = await SandboxPage.open(browser, stage.server.url)
    await page.wait_until_online()
    switch = f"/{render('command-persona.name', 'ja')} {render('command-persona-switch.name', 'ja')}"
    await page.run_command(switch, {render("option-name", "ja"): "Captain"})
    await page.wait_for_reply("が話します")
    await page.say("こんにちは")
    await expect(page.replies().last).to_be_visible()
