"""Does the loop learn? `make learn` (python -m benchmarks.learning).

Simulated members with a hidden taste talk to a persona and vote on its real answers through the real store. The persona
is trained again, judged by the gate and promoted, twice. What counts is how members like its answers to questions that
nobody voted on. There are three crowds at once, each in a process of its own: all honest, a fifth of trolls who vote
the opposite, and one that votes at random. It exits with 1 if a target of `story.py` is missed.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.learning.lives import UNSEEN, Plan, crowds, story_of
from benchmarks.learning.questions import questions
from benchmarks.learning.story import Story
from benchmarks.learning.tastes import parse_taste

RESULTS = Path("bench-results/learn.json")


def _require_possible(names: Sequence[str], plan: Plan, taste: str) -> None:
    """Raises ValueError that says what was asked wrongly."""
    known = crowds(parse_taste(taste), 0.0)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no crowd {unknown[0]!r}; there are {', '.join(known)}")
    there_are = len(questions(plan.seed)) - UNSEEN
    if plan.rounds * plan.replies > there_are:
        raise ValueError(f"{plan.rounds} rounds of {plan.replies} replies: there are questions for {there_are}")


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
    names = chosen.crowds.split(",")
    try:
        _require_possible(names, plan, chosen.taste)
    except ValueError as error:
        parser.error(str(error))
    began = time.monotonic()
    console.print(f"Members who like {chosen.taste}: {chosen.crowds}")
    with ProcessPoolExecutor(len(names), mp_context=get_context("spawn")) as pool:
        told_by = [pool.submit(story_of, plan, name, chosen.taste, chosen.corrections) for name in names]
        stories = [story.result() for story in told_by]
    _show(stories, console)
    minutes = round((time.monotonic() - began) / 60, 1)
    console.print(f"{minutes} minutes in all")
    facts = {"taste": chosen.taste, "plan": dataclasses.asdict(plan), "minutes": minutes, "load": os.getloadavg()[1]}
    told = [{**dataclasses.asdict(story), "unmet": story.unmet} for story in stories]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**facts, "crowds": told}, indent=2, ensure_ascii=False) + "\n")
    console.print(f"written to {RESULTS}")
    sys.exit(1 if any(story.unmet for story in stories) else 0)


if __name__ == "__main__":
    main()
