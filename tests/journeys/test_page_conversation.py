"""What a newcomer sees: the page with a conversation on the real model. `docs/sandbox.png` is its screenshot."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.troupe_process import PAGE_ADDRESS, running_troupe
from tests.places import REPOSITORY
from tests.sandbox.page import SandboxPage, needs_browser, open_browser

pytestmark = [pytest.mark.model, pytest.mark.browser, pytest.mark.timeout(300), needs_browser]
SCREENSHOTS = REPOSITORY / "tests" / "screenshots"
THUMB = re.compile("^👍")


async def test_a_newcomer_talks_to_the_pirate_switches_the_lounge_and_gives_a_thumb(home: Path):
    SCREENSHOTS.mkdir(exist_ok=True)
    async with running_troupe(home / "config.toml") as troupe, open_browser() as browser:
        address = PAGE_ADDRESS.search((await troupe.said(PAGE_ADDRESS.pattern, seconds=120)).text)
        assert address is not None
        page = await SandboxPage.open(browser, address[0])
        await page.wait_until_online(60)
        await ask(page, "Is Paris in France?", "Captain Saltbeard")
        await ask(page, "What should I cook tonight?", "Captain Saltbeard")
        await page.click_button(THUMB)
        await page.click_button("Yes, they may learn")
        await expect(page.page.get_by_text("Thank you! Personas may now learn")).to_be_visible()
        await page.screenshot(SCREENSHOTS / "conversation.png")

        await page.go("lounge")
        await page.run_command("/persona switch", {"name": "sarc"})
        await expect(page.replies().last).to_contain_text("speaks here now")
        answer = await ask(page, "Is the Moon made of cheese?", "Basil Drywit")
        await page.click_button(THUMB, answer)
        await expect(answer.get_by_role("button", name=THUMB)).to_contain_text("1")
        await page.screenshot(SCREENSHOTS / "switched.png")
        assert page.problems == []


async def ask(page: SandboxPage, text: str, persona: str):
    """Say it, and wait for the persona's finished reply: the one with its thumbs."""
    before = await page.replies(persona).count()
    await page.say(text)
    await expect(page.replies(persona)).to_have_count(before + 1, timeout=60_000)
    answer = page.replies(persona).last
    await expect(answer.get_by_role("button", name=THUMB)).to_be_visible(timeout=60_000)
    return answer
