"""Whether the loop learns: `make learn` (python -m tests.learning).

Simulated members with a hidden taste talk to a persona, vote on its real answers through the real store, and it is
trained again, judged by the gate and promoted: twice. What counts is the approval on questions that were never voted
on. Three crowds: all honest, a fifth of trolls who vote the opposite, and one that votes at random. It ends with 1
when a target of `story.py` is missed.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.config import load_config
from tests.learning.members import Crowd
from tests.learning.questions import questions
from tests.learning.rounds import village
from tests.learning.story import Round, Standing, Story
from tests.learning.tastes import Taste, parse_taste

REPOSITORY = Path(__file__).parents[2]
RESULTS = Path("bench-results/learn.json")
UNSEEN = 60  # questions that approval is measured on
# Members vote on what they get to see; a persona that always says the same shows them little.
TEMPERATURE = 0.9
# Of the product's defaults one is changed, for three crowds to be done in half an hour on two cores.
SETTINGS = """
[gate]
probes = 60
"""


@dataclasses.dataclass(frozen=True)
class Plan:
    persona: str
    rounds: int
    replies: int  # asked and voted on, each round
    voters: int  # on each reply
    seed: int


async def live(plan: Plan, name: str, crowd: Crowd, home: Path, console: Console) -> Story:
    """One crowd's story, told on the console while it happens."""
    asked = questions(plan.seed)
    unseen, rest = asked[:UNSEEN], asked[UNSEEN:]
    began, before, rounds = time.monotonic(), None, list[Round]()
    async with village(load_config(home / "config.toml", {}), plan.persona, crowd, plan.seed) as people:
        approval = await people.approval(unseen)
        console.print(f"  approval before: {approval:.0%}")
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
            console.print(_told(rounds[-1]))
    assert before is not None
    return Story(name, before, tuple(rounds), round((time.monotonic() - began) / 60, 1))


def _told(turn: Round) -> str:
    heard = f"  {turn.heard.up} 👍 {turn.heard.down} 👎 {turn.heard.better_answers} ✏️"
    verdict = "promoted" if turn.promoted else "refused: " + "; ".join(turn.refusals)
    return f"{heard}, {turn.seconds:.0f} s → {verdict}\n  approval: {turn.after.approval:.0%}"


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


def _wanted(names: Sequence[str], plan: Plan, taste: str, corrections: float) -> dict[str, Crowd]:
    """The crowds by name. Raises ValueError that says what was asked wrongly."""
    known = crowds(parse_taste(taste), corrections)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no crowd {unknown[0]!r}; there are {', '.join(known)}")
    there_are = len(questions(plan.seed)) - UNSEEN
    if plan.rounds * plan.replies > there_are:
        raise ValueError(f"{plan.rounds} rounds of {plan.replies} replies: there are questions for {there_are}")
    return {name: known[name] for name in names}


def _show(stories: Sequence[Story], console: Console) -> None:
    table = Table(
        "crowd", "approval before", "after each round", "rise", "promoted", "knowledge kept", "minutes", "met"
    )
    for story in stories:
        table.add_row(
            story.crowd,
            f"{story.before.approval:.0%}",
            ", ".join(f"{turn.after.approval:.0%}" for turn in story.rounds),
            f"{story.rise * 100:+.0f} points",
            ", ".join("yes" if turn.promoted else "no" for turn in story.rounds),
            f"{story.knowledge_kept:.0%} ({story.end.known} of {story.before.known})",
            f"{story.minutes:.1f}",
            "no" if story.unmet else "yes",
        )
    console.print(table)
    for story in stories:
        for sentence in story.unmet:
            console.print(f"not met, {story.crowd}: {sentence}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--taste", default="ends:?", help="ends:? | contains:🦜 | shorter:12 | matches:REGEX | …")
    parser.add_argument("--persona", default="pirate")
    parser.add_argument("--crowds", default="honest,trolls,random")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--replies", type=int, default=100)
    parser.add_argument("--voters", type=int, default=3)
    parser.add_argument("--corrections", type=float, default=0.1, help="share of dislikes with a better answer")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    console = Console()
    plan = Plan(chosen.persona, chosen.rounds, chosen.replies, chosen.voters, chosen.seed)
    try:
        wanted = _wanted(chosen.crowds.split(","), plan, chosen.taste, chosen.corrections)
    except ValueError as error:
        parser.error(str(error))
    stories = []
    for name, crowd in wanted.items():
        console.print(f"{name}, who like {crowd.taste.written}")
        random.seed(plan.seed)
        with home_of(plan.persona, SETTINGS) as home:
            stories.append(asyncio.run(live(plan, name, crowd, home, console)))
    _show(stories, console)
    facts = {"taste": chosen.taste, "plan": dataclasses.asdict(plan), "load": os.getloadavg()[1]}
    told = [{**dataclasses.asdict(story), "unmet": story.unmet} for story in stories]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**facts, "crowds": told}, indent=2, ensure_ascii=False) + "\n")
    console.print(f"written to {RESULTS}")
    sys.exit(1 if any(story.unmet for story in stories) else 0)


if __name__ == "__main__":
    main()
