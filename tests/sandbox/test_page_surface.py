"""What richer bots put on the page, in a real browser: menus of messages, files, forms, other names."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from playwright.async_api import Browser, expect

from bot.sandbox import SandboxServer
from bot.sandbox.resolving import Upload
from tests.sandbox.conftest import connected
from tests.sandbox.page import SandboxPage, needs_browser, open_browser
from tests.sandbox.small_bot import CHART, SmallBot, Thumbs

pytestmark = [pytest.mark.browser, needs_browser]
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


async def test_the_menu_of_a_message_opens_by_right_click_keyboard_and_long_press(
    server: SandboxServer, browser: Browser
) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()
        await page.say("hello")
        await page.wait_for_reply("matey")
        reply = page.replies().first

        await page.menu(reply, "Suggest a better answer")
        await page.fill_form({"A better answer": "By mouse."})
        await expect(page.page.get_by_text("Thank you: By mouse.")).to_be_visible()

        await reply.focus()
        await page.page.keyboard.press("Shift+F10")
        await expect(page.page.get_by_role("menuitem").first).to_be_focused()
        await expect(page.page.get_by_role("menuitem", name="Suggest a better answer")).to_be_visible()
        await page.page.keyboard.press("ArrowUp")  # past the first one is the last one
        await page.page.keyboard.press("Enter")
        await page.fill_form({"A better answer": "By keyboard."})
        await expect(page.page.get_by_text("Thank you: By keyboard.")).to_be_visible()
        await reply.focus()
        await page.page.keyboard.press("Shift+F10")
        await page.page.keyboard.press("Escape")
        await expect(page.page.get_by_role("menu")).to_have_count(0)
        await expect(reply).to_be_focused()

        phone = await SandboxPage.open(browser, server.url, phone=True)
        finger = "new Touch({ identifier: 1, target: node, clientX: 90, clientY: 200 })"
        touch = f"new TouchEvent('touchstart', {{ bubbles: true, touches: [{finger}] }})"
        await phone.replies().first.locator(".text").evaluate(f"node => {{ node.dispatchEvent({touch}); }}")
        await phone.page.get_by_role("menuitem", name="Suggest a better answer").click()
        await phone.fill_form({"A better answer": "By finger."})
        await expect(phone.page.get_by_text("Thank you: By finger.")).to_be_visible()
    assert page.problems == []


async def test_files_go_to_the_bot_and_come_back(server: SandboxServer, browser: Browser, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"name": "Pip"}))
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()

        await page.run_command("/import", {"card": card})
        await page.wait_for_reply("Read card.json (15 bytes).")
        async with page.page.expect_download() as download:
            await page.replies().last.locator(".file").click()
        assert json.loads((await (await download.value).path()).read_text()) == {"name": "Pip"}

        async with page.page.expect_file_chooser() as chooser:
            await page.page.get_by_label("Attach a file").click()
        await (await chooser.value).set_files(card)
        await page.page.get_by_label("Remove card.json").click()
        await expect(page.page.locator("#composer .file")).to_have_count(0)
        await page.page.locator("#composer input[type=file]").set_input_files(
            {"name": "chart.png", "mimeType": "image/png", "buffer": CHART}
        )
        await page.say("look at this", mention=False)
        mine = page.replies("Mika").last
        await expect(mine.locator("img.picture")).to_be_visible()
    assert page.problems == []


async def test_forms_have_files_choices_and_ticks(server: SandboxServer, browser: Browser, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text("{}")
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()

        await page.run_command("/form")
        form = page.page.locator("dialog")
        await form.get_by_label("Card").set_input_files(card)
        await form.get_by_label("rude").check()
        await form.get_by_label("sea").check()
        await form.get_by_label("Shy").check()
        SCREENSHOTS.mkdir(exist_ok=True)
        await page.screenshot(SCREENSHOTS / "form.png")
        await page.fill_form({})

        await page.wait_for_reply("['card.json'] rude ['sea'] True")
    assert page.problems == []


async def test_a_private_menu_is_answered_in_its_place(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()

        await page.run_command("/why")
        whisper = await page.wait_for_reply("What was wrong?")
        await page.choose("Too long", whisper)

        await expect(page.replies()).to_have_count(1)
        await page.wait_for_reply("You chose long.")
        await expect(page.replies().last).to_contain_text("Only you can see this")
    assert page.problems == []


async def test_personas_speak_under_their_own_name_and_picture(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()) as bot:
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()
        channel = bot.get_channel(server.demo_channels["tavern"])
        assert isinstance(channel, discord.TextChannel)
        webhook = await channel.create_webhook(name="Troupe")
        await server.control.say(
            member=server.members["pip"],
            channel=channel.id,
            content="a face",
            files=[Upload(filename="face.png", data=base64.b64encode(CHART).decode())],
        )
        face = server.messages(channel.id)[-1]["attachments"][0]["url"]

        await webhook.send("Arr!", username="Captain Saltbeard", avatar_url="https://x.example/a.png", view=Thumbs())
        await webhook.send("Ahem.", username="The Critic", avatar_url=face)

        captain, critic = page.replies("Captain Saltbeard"), page.replies("The Critic")
        await expect(captain.locator(".avatar")).to_have_text("C")
        await expect(critic.locator(".avatar img")).to_have_attribute(
            "src", face.removeprefix(server.api[: -len("/api/v10")])
        )
        await page.click_button("👍 0", captain)
        await expect(captain.get_by_role("button", name="👍 1")).to_be_visible()
        await page.screenshot(SCREENSHOTS / "personas.png")
    assert page.problems == []


async def test_each_line_is_written_in_the_direction_of_its_own_script(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()
        await page.say("A line of English\nשלום לכולם\n- مرحبا بكم", mention=False)
        lines = page.page.locator(".message .text [dir=auto]")
        await expect(lines).to_have_count(3)
        directions = await lines.evaluate_all("nodes => nodes.map((node) => getComputedStyle(node).direction)")
        assert directions == ["ltr", "rtl", "rtl"]
        right = await lines.evaluate_all(
            "nodes => nodes.map((node) => { const range = new Range(); range.selectNodeContents(node);"
            " const [text, box] = [range.getBoundingClientRect(), node.getBoundingClientRect()];"
            " return box.right - text.right < text.left - box.left; })"
        )
        assert right == [False, True, True], "right-to-left lines stand at the right edge"


async def test_suggestions_for_an_option_know_what_the_others_say(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()

        await page.run_command("/rollback", {"who": "pirate", "version": "version 2 of pirate"})

        await page.wait_for_reply("pirate speaks as version 2 again.")
    assert page.problems == []


async def test_the_menu_of_a_message_stays_until_one_presses_elsewhere(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()
        await page.say("hello", mention=False)
        menu = page.page.get_by_role("menu")

        await page.replies("Mika").last.locator(".text").click(button="right", position={"x": 3, "y": 3})
        await expect(menu).to_be_visible()
        await expect(page.page.get_by_role("menuitem", name="Suggest a better answer")).to_be_visible()
        await page.page.mouse.move(700, 300)
        await page.page.mouse.up(button="right")  # a hand that moved a little while it held the button
        await expect(menu).to_be_visible()
        await page.page.mouse.click(700, 300)
        await expect(menu).to_have_count(0)
        await page.replies("Mika").last.locator(".text").click(button="right", position={"x": 3, "y": 3})
        await page.page.keyboard.press("Escape")
        await expect(menu).to_have_count(0)


async def test_what_a_pressed_button_brings_scrolls_into_view(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()) as bot:
        page = await SandboxPage.open(browser, server.url)
        await page.wait_until_online()
        await page.say("hello")
        await page.wait_for_reply("matey")
        answer = page.replies().first
        channel = bot.get_channel(server.demo_channels["tavern"])
        assert isinstance(channel, discord.TextChannel)
        for number in range(30):
            await channel.send(f"line {number}\n\n\nand more")
        await page.wait_for_reply("line 29")
        await answer.scroll_into_view_if_needed()

        await page.click_button("👎", answer)

        await expect(page.page.get_by_text("Noted, and only you know.")).to_be_in_viewport()
