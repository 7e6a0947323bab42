"""`training report`: a version as one web page, whatever is known of it, and nothing on it runs."""

import asyncio
import base64
import json
import re
from html.parser import HTMLParser
from typing import Literal

import pytest

from bot.store import Store, open_snapshot
from tests.training.conftest import FRIEND, STRANGER, Project, add_version, reply_record
from training.reporting.charts import daily_approval_chart, loss_chart

NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)> \"&' {{ 7*7 }}"
DAY = 86_400.0


class Tags(HTMLParser):
    """What the page consists of, and where it would look for more."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.sources: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]


def page(project: Project, *options: str) -> str:
    outcome = project.cli("report", "parrot", *options)
    assert outcome.code == 0, outcome.err
    number = options[options.index("--number") + 1] if "--number" in options else "*"
    [file] = (project.persona("parrot") / "reports").glob(f"{number}.html")
    return file.read_text()


def write_report(project: Project, **changes: object) -> None:
    folder = project.persona("parrot") / "reports"
    folder.mkdir(exist_ok=True)
    report = {
        "adapter_sha256": "ab",
        "accepted": False,
        "compared_with": None,
        "reasons": ["knowledge: 3 of 80 right", "length: fine"],
        "refusals": ["knowledge: 3 of 80 right"],
        "figures": {
            "candidate": {"knowledge": {"right": 3, "asked": 80}, "preservation_loss": 1.25, "repetition": 0.5},
            "active": None,
            "base": {"knowledge": {"right": 50, "asked": 80}, "votes": {"share": 0.5, "liked": 9, "disliked": 8}},
        },
        "samples": [{"prompt": NASTY, "before": NASTY, "after": NASTY, "flaw": "looping"}],
        "failed_probes": [{"topic": "knowledge", "prompt": "Q", "answer": NASTY}],
    }
    (folder / "1.json").write_text(json.dumps({**report, **changes}))


def test_the_page_shows_verdict_figures_and_answers(project):
    add_version(project, "parrot", reply_ids=[1, 2])
    write_report(project)
    html = page(project)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert "The gate refused it" in text
    assert "✗ knowledge: 3 of 80 right" in text
    assert "✓ length: fine" in text
    assert "knowledge probes right 3 of 80 – 50 of 80" in text
    assert "repetition within answers 50% – –" in text
    assert "50% of 9 × 8" in text
    assert "(looping)" in text
    assert "stored replies behind them 2" in text


@pytest.mark.parametrize(
    ("noted", "shown"),
    [
        ({}, "averaged with nothing"),
        (
            {"averaged_with": {"number": 1, "start": 0.5, "share": 0.08}},
            "averaged with 8% of v1 (before preferences: 50%)",
        ),
    ],
    ids=["alone", "averaged"],
)
def test_the_page_says_what_was_kept_of_another_version(project, noted, shown):
    add_version(project, "parrot", reply_ids=[1])
    file = project.persona("parrot") / "versions" / "1" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **noted}))
    assert shown in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(project)))


def test_what_members_and_models_say_is_shown_and_never_runs(project):
    add_version(project, "parrot", reply_ids=[])
    write_report(project, reasons=[NASTY], refusals=[NASTY])
    html = page(project)
    tags = Tags(html)
    assert "script" not in tags.names
    assert all(source.startswith("data:image/png;base64,") for source in tags.sources)
    assert len(tags.sources) == 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7*7 }}" in html
    assert "default-src 'none'" in html


def test_a_version_nobody_judged_has_a_page_that_says_so(project):
    add_version(project, "parrot", reply_ids=[])
    assert "The gate has not judged it yet" in page(project)


def test_a_report_of_other_weights_is_not_shown(project):
    add_version(project, "parrot", reply_ids=[])
    write_report(project, adapter_sha256="other")
    assert "The gate has not judged it yet" in page(project)


def test_all_versions_are_listed_with_their_votes(project):
    for _ in range(2):
        add_version(project, "parrot", reply_ids=[])
    asyncio.run(votes(project))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(project, "--number", "1")))
    assert "v2 2026-01-01 – 1 0" in text
    assert "v1 2026-01-01 – 1 1" in text


async def votes(project: Project) -> None:
    store = await Store.open(project.database)
    cast: list[tuple[int, int, int, Literal[1, -1]]] = [(1, 1, FRIEND, 1), (1, 1, STRANGER, -1), (2, 3, FRIEND, 1)]
    for number, day, voter, value in cast:
        record = reply_record(adapter_number=number, created_at=1_800_000_000 + day * DAY)
        await store.cast_vote(await store.add_reply(record), voter, value, "button")
    await store.close()


def test_votes_are_counted_by_day_and_version(project):
    asyncio.run(votes(project))
    with open_snapshot(project.database) as snapshot:
        days = snapshot.version_days("parrot")
        assert snapshot.version_days("mute") == []
    assert [(day.number, day.up, day.down) for day in days] == [(1, 1, 1), (2, 1, 0)]
    assert days[1].day - days[0].day == 2 * DAY


def test_the_pictures_lie_beside_the_page_and_go_where_they_are_wanted(project):
    add_version(project, "parrot", reply_ids=[])
    outcome = project.cli("report", "parrot", "--out", str(project.folder / "shown"), "--json")
    names = sorted(path.name for path in (project.folder / "shown").iterdir())
    assert names == ["1-approval.png", "1-loss.png", "1.html"]
    assert len(outcome.facts["files"]) == 3
    assert (project.folder / "shown" / "1-loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_pictures_show_the_versions_loss_and_the_personas_votes(project):
    add_version(project, "parrot", reply_ids=[])
    curve = [{"step": step, "loss": 3.0 - step / 10} for step in range(1, 20)]
    file = project.persona("parrot") / "versions" / "1" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "loss_curve": curve}))
    asyncio.run(votes(project))
    with open_snapshot(project.database) as snapshot:
        days = snapshot.version_days("parrot")
    html = page(project)
    shown = [base64.b64decode(source.partition(",")[2]) for source in Tags(html).sources]
    assert sorted(shown) == sorted([loss_chart(curve), daily_approval_chart(days, [])])


def test_a_folder_that_cannot_be_written_is_named(project):
    add_version(project, "parrot", reply_ids=[])
    (project.folder / "shown").write_text("a file")
    outcome = project.cli("report", "parrot", "--out", str(project.folder / "shown"))
    assert outcome.code == 1
    assert "shown cannot be written" in outcome.err


@pytest.mark.parametrize("arguments", [["report", "parrot"], ["report", "parrot", "--number", "7"]])
def test_without_such_a_version_the_remedy_is_named(project, arguments):
    if "7" in arguments:
        add_version(project, "parrot", reply_ids=[])
    outcome = project.cli(*arguments)
    assert outcome.code == 1
    assert "parrot has no" in outcome.err
