"""Whether the loop learns: `make learn` (python -m tests.learning).

Simulated members with a hidden taste talk to a persona, vote on its real answers through the real store, and it is
trained again, judged by the gate and promoted: twice. What counts is the approval on questions that were never voted
on. Three crowds: all honest, a fifth of trolls who vote the opposite, and one that votes at random.
"""

import argparse
import asyncio
import dataclasses
import json
import random
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.config import load_config
from tests.learning.members import Crowd
from tests.learning.questions import questions
from tests.learning.rounds import Village, village
from tests.learning.tastes import Taste, parse_taste

REPOSITORY = Path(__file__).parents[2]
RESULTS = Path("bench-results/learn.json")
UNSEEN = 60  # questions that approval is measured on
# Members vote on what they get to see; a persona that always says the same shows them little.
TEMPERATURE = 0.9


@dataclasses.dataclass(frozen=True)
class Plan:
    persona: str
    rounds: int
    replies: int  # asked and voted on, each round
    voters: int  # on each reply
    seed: int


async def live(plan: Plan, crowd: Crowd, home: Path, console: Console) -> dict[str, Any]:
    """One crowd's story; what was measured before, between and after the rounds."""
    asked = questions(plan.seed)
    unseen, rest = asked[:UNSEEN], asked[UNSEEN:]
    async with village(load_config(home / "config.toml", {}), plan.persona, crowd, plan.seed) as people:
        approval = [await people.approval(unseen)]
        console.print(f"  approval before: {approval[0]:.0%}")
        rounds = []
        for number in range(plan.rounds):
            questions_now = rest[number * plan.replies :][: plan.replies]
            rounds.append(await _round(people, questions_now, plan.voters, console))
            approval.append(await people.approval(unseen))
            console.print(f"  approval after round {number + 1}: {approval[-1]:.0%}")
    return {"crowd": _named(crowd), "approval": approval, "rounds": rounds}


async def _round(people: Village, asked: Sequence[str], voters: int, console: Console) -> dict[str, Any]:
    heard = await people.talk_and_vote(asked, voters)
    started = time.monotonic()
    told = await people.retrain()
    promoted = told.get("promotion") is not None
    console.print(f"  {heard.up} 👍 {heard.down} 👎 {heard.better_answers} ✏️ → {'promoted' if promoted else 'refused'}")
    return {**dataclasses.asdict(heard), "promoted": promoted, "retrain_s": round(time.monotonic() - started), **told}


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


def _named(crowd: Crowd) -> dict[str, Any]:
    return {**dataclasses.asdict(dataclasses.replace(crowd)), "taste": crowd.taste.written}


def _show(told: dict[str, Any], console: Console) -> None:
    table = Table("crowd", "before", "after each round", "gain", "promoted")
    for name, story in told.items():
        first, *later = story["approval"]
        table.add_row(
            name,
            f"{first:.0%}",
            ", ".join(f"{share:.0%}" for share in later),
            f"{(later[-1] - first) * 100:+.0f} points",
            ", ".join("yes" if turn["promoted"] else "no" for turn in story["rounds"]),
        )
    console.print(table)


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
    told = {}
    for name in chosen.crowds.split(","):
        crowd = crowds(parse_taste(chosen.taste), chosen.corrections)[name]
        console.print(f"{name}, who like {crowd.taste.written}")
        random.seed(plan.seed)
        with home_of(plan.persona, "") as home:
            told[name] = asyncio.run(live(plan, crowd, home, console))
    _show(told, console)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    console.print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
