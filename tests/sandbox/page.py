"""The sandbox page as a newcomer uses it: a page object over Playwright (async), for browser and journey tests.

async with open_browser() as browser:
    page = await SandboxPage.open(browser, server.url)
    await page.say("Is Paris in France?")
    await page.wait_for_reply("capital")
"""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
expect.set_options(timeout=30_000)  # milliseconds; five seconds are too few where other programs run beside
# /dev/shm is small in containers; without a GPU Chromium otherwise looks for one for seconds.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


class SandboxPage:
    """One open page. `problems` collects whatever the browser's console complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    @classmethod
    async def open(cls, browser: Browser, url: str, *, dark: bool = True, phone: bool = False) -> "SandboxPage":
        context = await browser.new_context(
            viewport={"width": 390, "height": 780} if phone else {"width": 1280, "height": 800},
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            device_scale_factor=2 if phone else 1,
        )
        opened = cls(await context.new_page())
        await opened.page.goto(url)
        await opened.page.wait_for_selector("#messages .welcome, .refused")
        return opened

    async def wait_until_online(self, seconds: float = 20.0) -> None:
        await expect(self.page.locator("#state")).to_have_text("bot online", timeout=seconds * 1000)

    # ------------------------------------------------------------------ moving about

    async def go(self, channel: str) -> None:
        """Open a channel or thread by name, or the direct messages with "Troupe"."""
        button = self.page.locator("#channels .channel", has_text=channel)
        if not await button.first.is_visible() or await self._is_drawer_closed():
            await self.page.locator("#open-sidebar").click()
        await button.first.click()
        await expect(self.page.locator("#title b")).to_have_text(channel)

    async def _is_drawer_closed(self) -> bool:
        return await self.page.locator("#open-sidebar").is_visible()

    async def act_as(self, member: str) -> None:
        await self.page.locator("#me select").select_option(label=member)

    # ------------------------------------------------------------------ writing

    async def say(self, text: str, *, mention: bool = True) -> None:
        """Type into the composer and press Enter; `mention` sets the chip that addresses the bot."""
        chip = self.page.locator("#composer .chip")
        if await chip.count() and (await chip.get_attribute("aria-pressed") == "true") != mention:
            await chip.click()
        box = self.page.get_by_role("textbox", name="Message", exact=True)
        await box.fill(text)
        await box.press("Enter")

    async def run_command(self, name: str, options: dict[str, Any] | None = None) -> None:
        """`run_command("/persona switch", {"name": "pirate"})`: picks suggestions by the text typed."""
        box = self.page.get_by_role("textbox", name="Message", exact=True)
        await box.fill("/" + name.lstrip("/"))
        choice = self.page.locator("#composer .choice", has=self.page.locator("b", has_text=name)).first
        await choice.click()
        for option, value in (options or {}).items():
            await self._fill_option(option, value)
        if options:
            await self.page.locator("#composer .send").click()

    async def _fill_option(self, option: str, value: Any) -> None:
        field = self.page.locator(f"#composer [aria-label='{option}']")
        if await field.evaluate("node => node.tagName") == "SELECT":
            await field.select_option(label=str(value))
            return
        if await field.get_attribute("type") == "file":
            await field.set_input_files(value)
            return
        await field.fill(str(value))
        suggestion = self.page.locator("#composer .choice")
        if await field.evaluate("node => node.dataset.suggests === 'yes'"):
            await expect(suggestion.first).to_contain_text(str(value), ignore_case=True)
            await field.press("Enter")

    # ------------------------------------------------------------------ reading

    @property
    def messages(self) -> Locator:
        return self.page.locator("#messages .message")

    def replies(self, author: str = "Troupe") -> Locator:
        return self.page.locator(f"#messages .message[data-author='{author}']")

    async def wait_for_reply(self, text: str | re.Pattern[str], *, seconds: float = 30.0) -> Locator:
        """The latest message of the bot, once it contains `text`."""
        latest = self.replies().last
        await expect(latest).to_contain_text(text, timeout=seconds * 1000)
        return latest

    # ------------------------------------------------------------------ pressing

    async def click_button(self, label: str | re.Pattern[str], message: Locator | None = None) -> None:
        """A button under `message`, else under the latest message that has one."""
        rows = (message or self.messages).locator(".row, .section")  # what the bot put there, not the page's own tools
        await rows.get_by_role("button", name=label).last.click()

    async def react(self, emoji: str, message: Locator) -> None:
        """By the toolbar for a first 👍 or 👎; an existing reaction is toggled by pressing it."""
        existing = message.locator(".reaction", has_text=emoji)
        if await existing.count():
            await existing.click()
            return
        await message.hover()
        await message.get_by_label(f"React with {emoji}", exact=True).click()

    async def fill_form(self, fields: dict[str, str]) -> None:
        """Fill the open modal by its labels and submit it."""
        form = self.page.locator("dialog")
        for label, text in fields.items():
            await form.get_by_label(label).fill(text)
        await form.get_by_role("button", name="Submit").click()
        await expect(form).to_have_count(0)

    async def choose(self, option: str, message: Locator | None = None) -> None:
        await (message or self.messages).get_by_role("combobox").last.select_option(label=option)

    async def menu(self, message: Locator, entry: str) -> None:
        """Choose from the menu that a right click on the message opens."""
        await message.locator(".text").click(button="right", position={"x": 3, "y": 3})
        await self.page.get_by_role("menuitem", name=entry).click()

    # ------------------------------------------------------------------ looking

    async def screenshot(self, path: Path | str) -> None:
        await self.page.screenshot(path=str(path))
