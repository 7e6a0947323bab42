"""One crowd's life with a persona: a fresh installation, rounds of votes and retraining, and the story of it."""

import asyncio
import dataclasses
import random
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.learning.members import Crowd
from benchmarks.learning.questions import questions
from benchmarks.learning.rounds import village
from benchmarks.learning.story import Round, Standing, Story
from benchmarks.learning.tastes import Taste, parse_taste
from bot.config import load_config

REPOSITORY = Path(__file__).parents[2]
UNSEEN = 60  # questions that approval is measured on
# Members vote on what they get to see; a persona that always says the same shows them little.
TEMPERATURE = 0.9
# Of the product's defaults four are changed, for three crowds to be done in half an hour on two cores: fewer liked
# replies, samples and known answers, and one thread for each crowd, as all run at once.
SETTINGS = """
[engine]
threads = 1
[training]
feedback_rows = 40
sampled_prompts = 32
sampled_facts = 32
"""


@dataclasses.dataclass(frozen=True)
class Plan:
    persona: str
    rounds: int
    replies: int  # asked and voted on, each round
    voters: int  # on each reply
    seed: int


def story_of(plan: Plan, name: str, taste: str, corrections: float) -> Story:
    """One crowd's story, in a process of its own."""
    random.seed(plan.seed)
    with home_of(plan.persona, SETTINGS) as home:
        return asyncio.run(live(plan, name, crowds(parse_taste(taste), corrections)[name], home, Console()))


async def live(plan: Plan, name: str, crowd: Crowd, home: Path, console: Console) -> Story:
    """Told on the console while it happens."""
    asked = questions(plan.seed)
    unseen, rest = asked[:UNSEEN], asked[UNSEEN:]
    began, before, rounds = time.monotonic(), None, list[Round]()
    async with village(load_config(home / "config.toml", {}), plan.persona, crowd, plan.seed) as people:
        approval = await people.approval(unseen)
        console.print(f"{name}, approval before: {approval:.0%}")
        for number in range(plan.rounds):
            heard = await people.talk_and_vote(rest[number * plan.replies :][: plan.replies], plan.voters)
            started = time.monotonic()
            report = (await people.retrain())["report"]
            seconds = round(time.monotonic() - started)
            figures = report["figures"]
            before = before or Standing.measured(approval, figures["active"] or figures["base"])
            speaking = figures["candidate" if report["accepted"] else "active"] or figures["base"]
            after = Standing.measured(await people.approval(unseen), speaking)
            rounds.append(Round(heard, report["accepted"], tuple(report["refusals"]), after, seconds))
            console.print(f"{name}, round {number + 1}: {_told(rounds[-1])}")
    assert before is not None
    return Story(name, before, tuple(rounds), round((time.monotonic() - began) / 60, 1))


def _told(turn: Round) -> str:
    heard = f"{turn.heard.up} 👍 {turn.heard.down} 👎 {turn.heard.better_answers} ✏️"
    verdict = "promoted" if turn.promoted else "refused: " + "; ".join(turn.refusals)
    return f"{heard}, {turn.seconds:.0f} s → {verdict}; approval {turn.after.approval:.0%}"


@contextmanager
def home_of(persona: str, settings: str) -> Iterator[Path]:
    """A fresh installation: the shipped personas, no database, the persona answering with some variety."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(REPOSITORY / "adapters", home / "adapters")
        (home / "config.toml").write_text(settings)
        card = home / "adapters" / persona / "persona.toml"
        card.write_text(re.sub(r"temperature = .*", f"temperature = {TEMPERATURE}", card.read_text()))
        yield home


def crowds(taste: Taste, corrections: float) -> dict[str, Crowd]:
    return {
        "honest": Crowd(taste, corrections=corrections),
        "trolls": Crowd(taste, corrections=corrections, trolls=0.2),
        "random": Crowd(taste, at_random=True),
    }
