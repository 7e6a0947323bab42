"""The page in a real browser, as a newcomer uses it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox import SandboxServer
from tests.sandbox.conftest import connected
from tests.sandbox.page import SandboxPage, needs_browser, open_browser
from tests.sandbox.small_bot import LATE_SECONDS, SmallBot

pytestmark = [pytest.mark.browser, needs_browser]
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


async def test_a_newcomer_talks_votes_corrects_and_switches(server: SandboxServer, browser: Browser) -> None:
    page = await SandboxPage.open(browser, server.url)
    await expect(page.page.locator("#state")).to_have_text("bot is starting…")
    await expect(page.page.get_by_role("textbox", name="Message")).to_be_disabled()

    async with connected(server, SmallBot()) as bot:
        await page.wait_until_online()

        # Just typing is enough: the mention is added, and the answer grows before one's eyes.
        bot.may_go_on.clear()
        await page.say("Is Paris in **France**?")
        await expect(page.replies("Mika").last.locator(".mention")).to_have_text("@Troupe")
        reply = page.replies().last
        await expect(reply.locator(".text")).to_have_text("Arr,")
        bot.may_go_on.set()
        await page.wait_for_reply("matey")
        await expect(reply.locator(".context b")).to_have_text("Mika")

        # A thumb by button and by reaction, and the reaction taken back.
        await page.click_button("👍 0", reply)
        await expect(reply.get_by_role("button", name="👍 1").first).to_be_visible()
        await page.react("👎", reply)
        await expect(reply.locator(".reaction.mine")).to_have_text("👎1")
        await page.react("👎", reply)
        await expect(reply.locator(".reaction")).to_have_count(0)
        await expect(reply.get_by_role("button", name="Locked")).to_be_disabled()

        # A better answer through a form; the thanks are for Mika's eyes only.
        await page.click_button("Better answer", reply)
        await page.fill_form({"A better answer": "Yes, it is."})
        await page.wait_for_reply("Thank you: Yes, it is.")
        await expect(page.replies().last).to_contain_text("Only you can see this")
        await page.act_as("Juno")
        await expect(page.page.get_by_text("Thank you")).to_have_count(0)

        # A slash command whose option is suggested by the bot.
        await page.run_command("/persona switch", {"name": "pir", "loud": "True"})
        await page.wait_for_reply("pirate speaks here now.")
        await expect(page.replies().last.locator(".context")).to_have_text(re.compile("Juno.*used.*/persona switch"))

        # Direct messages need no mention.
        await page.go("Troupe")
        await page.say("are you there?")
        await page.wait_for_reply("matey")
        await page.go("tavern")

        SCREENSHOTS.mkdir(exist_ok=True)
        await page.screenshot(SCREENSHOTS / "sandbox.png")
    assert page.problems == []


async def test_menus_embeds_files_and_threads_are_shown(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url, dark=False)
        await page.go("lounge")
        await page.run_command("/show", {"who": "Pip"})
        report = await page.wait_for_reply("Here is the report:")
        await expect(report.locator(".embed")).to_contain_text("of Pip")
        await expect(report.locator(".file")).to_contain_text("votes.csv8 bytes")
        assert await report.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 10
        await page.choose("Rude", report)
        await page.wait_for_reply("You chose rude.")

        await page.say("let us go aside", mention=False)
        mine = page.replies("Mika").last
        await mine.hover()
        await mine.get_by_label("More").click()
        await page.page.get_by_role("menuitem", name="Start a thread").click()
        await expect(page.page.locator("#title b")).to_have_text("let us go aside")
        await page.say("hello from the thread")
        await page.wait_for_reply("matey")

        # The context menu offers the bot's message commands.
        await page.replies().last.hover()
        await page.replies().last.get_by_label("More").click()
        await page.page.get_by_role("menuitem", name="Suggest a better answer").click()
        await page.fill_form({"A better answer": "Ahoy."})
        await page.wait_for_reply("Thank you: Ahoy.")
        assert page.problems == []


@pytest.mark.parametrize("answer_seconds", [LATE_SECONDS])
async def test_what_goes_wrong_is_said(server: SandboxServer, browser: Browser) -> None:
    async with connected(server, SmallBot()):
        page = await SandboxPage.open(browser, server.url, phone=True)
        toast = page.page.locator(".toast")
        await page.say("/nonsense")
        await expect(toast).to_contain_text("There is no command “/nonsense” here.")
        await page.say("x" * 2001)
        await expect(toast.last).to_contain_text("a message can have at most 2000")
        await expect(page.page.get_by_role("textbox", name="Message", exact=True)).to_have_value("x" * 2001)

        await page.run_command("/late")
        await expect(toast.last).to_have_text("Troupe did not respond in time.")
    assert len(page.problems) == 1  # the browser reports the 400 itself

    stale = await SandboxPage.open(browser, server.url.replace("key=", "key=old"))
    await expect(stale.page.locator(".refused")).to_contain_text("This address has expired")

    await server.stop()
    await expect(page.page.locator("#state")).to_have_text("sandbox stopped")


async def test_what_members_type_is_never_read_as_html(server: SandboxServer, browser: Browser) -> None:
    page = await SandboxPage.open(browser, server.url)
    attacks = [
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1)) <javascript:alert(1)> [x](data:text/html,hi)",
        "```html\n<script>alert(1)</script>\n```",
        '**<b onclick="x">** `</code><script>alert(1)</script>`',
        "<@99> <#99> <@&99> https://a.example/?q=<script>",
    ]

    for text in attacks:
        await server.control.say(member=server.members["pip"], channel=server.demo_channels["tavern"], content=text)

    shown = page.replies("Pip")
    await expect(shown).to_have_count(len(attacks))
    await expect(shown.nth(0)).to_contain_text(attacks[0])
    assert await page.page.locator("#messages :is(img, script, [onclick])").count() == 0
    links = await page.page.locator("#messages a").evaluate_all("nodes => nodes.map((node) => node.href)")
    assert links == ["https://a.example/?q="]
    assert page.problems == []


async def test_markdown_looks_as_it_does_on_discord(server: SandboxServer, browser: Browser) -> None:
    page = await SandboxPage.open(browser, server.url)
    text = (
        "**bold** *it* _al_ __under__ ~~gone~~ ||spoil|| `co*d*e` snake_case_name 2*3*4 \\*plain\\*\n"
        "> quoted\n> twice\n- item\n# Title\n```py\nx = '**raw**'\n```\n[site](https://e.example/a_b_c) https://e.example/x_y_z."
    )

    await server.control.say(member=server.members["pip"], channel=server.demo_channels["tavern"], content=text)

    body = page.replies("Pip").locator(".text")
    for selector, expected in (
        ("strong", ["bold"]),
        ("em", ["it", "al", "3"]),
        ("u", ["under"]),
        ("s", ["gone"]),
        (".spoiler", ["spoil"]),
        ("blockquote", ["quoted\ntwice"]),
        (".item", ["item"]),
        (".h1", ["Title"]),
        ("code", ["co*d*e", "x = '**raw**'"]),
        ("a", ["site", "https://e.example/x_y_z"]),
    ):
        assert await body.locator(selector).all_inner_texts() == expected, selector
    await expect(body).to_contain_text("snake_case_name")
    await expect(body).to_contain_text("*plain*")
