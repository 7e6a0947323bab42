"""A small discord.py bot, unaware of the sandbox, that uses each thing the sandbox must serve."""

import asyncio
import base64
import io
from typing import Any, cast

import discord
from discord import app_commands

from tests.waiting import PATIENCE

CHART = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)
STREAMED = ["Arr, ", "Paris be ", "the **capital** ", "o' France, matey!"]
LATE_SECONDS = 0.5  # the sandbox's stand-in for Discord's three, where an answer shall come too late
ROLES = ["pirate", "sarcastic", "plain"]


class BetterAnswer(discord.ui.Modal, title="How should it have answered?"):
    answer: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="A better answer", custom_id="answer", style=discord.TextStyle.paragraph, max_length=200
    )
    reason: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Why?", custom_id="reason", required=False)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Thank you: {self.answer.value}", ephemeral=True)


class EveryField(discord.ui.Modal, title="A new persona"):
    card: discord.ui.Label[Any] = discord.ui.Label(
        text="Card", component=discord.ui.FileUpload(custom_id="card", required=False)
    )
    tone: discord.ui.Label[Any] = discord.ui.Label(
        text="Tone",
        component=discord.ui.RadioGroup(
            custom_id="tone",
            options=[discord.RadioGroupOption(label=name, value=name) for name in ("gentle", "rude")],
        ),
    )
    tags: discord.ui.Label[Any] = discord.ui.Label(
        text="Tags",
        component=discord.ui.CheckboxGroup(
            custom_id="tags",
            required=False,
            options=[discord.CheckboxGroupOption(label=name, value=name) for name in ("sea", "land")],
        ),
    )
    shy: discord.ui.Label[Any] = discord.ui.Label(text="Shy", component=discord.ui.Checkbox(custom_id="shy"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        card, tone, tags, shy = (cast(Any, field.component) for field in (self.card, self.tone, self.tags, self.shy))
        files = [file.filename for file in card.values]
        await interaction.response.send_message(f"{files} {tone.value} {tags.values} {shy.value}", ephemeral=True)


class Thumbs(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="0", emoji="👍", style=discord.ButtonStyle.secondary, custom_id="up")
    async def up(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
        button.label = str(int(button.label or "0") + 1)
        button.style = discord.ButtonStyle.success
        await interaction.response.edit_message(view=self)

    @discord.ui.button(emoji="👎", style=discord.ButtonStyle.secondary, custom_id="down")
    async def down(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.send_message("Noted, and only you know.", ephemeral=True)

    @discord.ui.button(label="Better answer", emoji="✏️", custom_id="better")
    async def better(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.send_modal(BetterAnswer())

    @discord.ui.button(label="Locked", disabled=True, custom_id="locked")
    async def locked(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
        raise AssertionError("a disabled button was pressed")


class Menu(discord.ui.View):
    @discord.ui.select(
        placeholder="What was wrong?",
        options=[
            discord.SelectOption(label="Rude", value="rude"),
            discord.SelectOption(label="Too long", value="long"),
        ],
    )
    async def reason(self, interaction: discord.Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.edit_message(content=f"You chose {select.values[0]}.", view=None)


class SmallBot(discord.Client):
    """Keeps every event it hears in `heard`; `wait_heard` waits for the next one of a name."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(
            intents=intents or discord.Intents.default(),
            guild_ready_timeout=0.05,
            activity=discord.CustomActivity("@mention me"),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: dict[str, asyncio.Queue[Any]] = {}
        self.may_go_on = asyncio.Event()  # cleared by a test that looks at an answer's beginning
        self.may_go_on.set()
        self.errors: list[Exception] = []
        add_commands(self)

    async def setup_hook(self) -> None:
        self.add_view(Thumbs())
        await self.tree.sync()

    def note(self, event: str, what: Any) -> None:
        self.heard.setdefault(event, asyncio.Queue()).put_nowait(what)

    async def wait_heard(self, event: str) -> Any:
        queue = self.heard.setdefault(event, asyncio.Queue())
        return await asyncio.wait_for(queue.get(), PATIENCE)

    def count(self, event: str) -> int:
        return self.heard[event].qsize() if event in self.heard else 0

    async def on_ready(self) -> None:
        self.note("ready", self.user)

    async def on_resumed(self) -> None:
        self.note("resumed", None)

    async def on_message(self, message: discord.Message) -> None:
        if message.author == self.user:
            return
        self.note("message", message)
        addressed = message.guild is None or self.user in message.mentions
        if addressed and message.type in (discord.MessageType.default, discord.MessageType.reply):
            await self.answer(message)

    async def answer(self, message: discord.Message) -> None:
        async with message.channel.typing():
            sent = await message.reply(STREAMED[0].strip())
            for end in range(2, len(STREAMED) + 1):
                await self.may_go_on.wait()
                done = end == len(STREAMED)
                await sent.edit(content="".join(STREAMED[:end]), view=Thumbs() if done else None)
        self.note("answered", sent)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.note("reaction_add", payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self.note("reaction_remove", payload)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self.note("thread", thread)

    async def on_message_edit(self, before: discord.Message, after: discord.Message) -> None:
        self.note("edit", (before, after))

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.note("delete", payload)


def add_commands(bot: SmallBot) -> None:
    persona = app_commands.Group(name="persona", description="Who speaks here")

    @persona.command(name="switch", description="Choose who speaks in this channel")
    @app_commands.describe(name="The persona's name", loud="Announce it")
    async def switch(interaction: discord.Interaction, name: str, loud: bool = True) -> None:
        await interaction.response.send_message(f"**{name}** speaks here now.", ephemeral=not loud)

    @switch.autocomplete("name")
    async def names(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{n.title()} 🎭", value=n) for n in ROLES if current.lower() in n]

    bot.tree.add_command(persona)

    @bot.tree.command(description="Its version depends on the persona")
    async def rollback(interaction: discord.Interaction, who: str, version: int) -> None:
        await interaction.response.send_message(f"{who} speaks as version {version} again.")

    @rollback.autocomplete("who")
    async def any_role(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=n.title(), value=n) for n in ROLES if current.lower() in n]

    @rollback.autocomplete("version")
    async def versions(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[int]]:
        chosen = str(getattr(interaction.namespace, "who", ""))
        return [app_commands.Choice(name=f"version 2 of {chosen}", value=2)] if chosen in ROLES else []

    @bot.tree.command(description="An answer that only you can see")
    async def secret(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    @bot.tree.command(description="Think for a moment, then answer")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await asyncio.sleep(0.3)
        await interaction.edit_original_response(content="Thought about it.")
        await interaction.followup.send("And one more thing.")

    @bot.tree.command(description="Answer after Discord has given up")
    async def late(interaction: discord.Interaction) -> None:
        await asyncio.sleep(LATE_SECONDS + 0.1)
        try:
            await interaction.response.send_message("too late")
        except discord.HTTPException as error:
            bot.note("late", error)

    @bot.tree.command(description="A menu, an embed and a picture")
    async def show(interaction: discord.Interaction, who: discord.Member) -> None:
        embed = discord.Embed(title="Approval", description=f"of {who.display_name}", color=0x8F7BFF)
        embed.add_field(name="👍", value="12").add_field(name="👎", value="3")
        embed.set_image(url="attachment://chart.png")
        await interaction.response.send_message(
            "Here is the report:",
            embed=embed,
            view=Menu(),
            files=[discord.File(io.BytesIO(b"a,b\n1,2\n"), "votes.csv"), discord.File(io.BytesIO(CHART), "chart.png")],
        )

    @bot.tree.command(description="For the owner only")
    @app_commands.default_permissions(manage_channels=True)
    async def train(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Training…")

    @bot.tree.command(name="import", description="Read a character card")
    async def import_card(interaction: discord.Interaction, card: discord.Attachment) -> None:
        back = discord.File(io.BytesIO(await card.read()), card.filename)
        await interaction.response.send_message(f"Read {card.filename} ({card.size} bytes).", file=back, ephemeral=True)

    @bot.tree.command(description="Ask privately what was wrong")
    async def why(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("What was wrong?", view=Menu(), ephemeral=True)

    @bot.tree.command(description="A form with every kind of field")
    async def form(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(EveryField())

    @bot.tree.context_menu(name="Suggest a better answer")
    async def better(interaction: discord.Interaction, message: discord.Message) -> None:
        bot.note("menu", message)
        await interaction.response.send_modal(BetterAnswer())
