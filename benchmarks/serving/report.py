"""Results as tables for people: on the terminal, and in Markdown for docs/performance.md."""

from collections.abc import Collection

from rich.table import Table

from benchmarks.serving.results import Results
from benchmarks.serving.targets import OURS, Judgement
from benchmarks.serving.work import CASES, Timing


def cases_table(results: Results) -> Table:
    names = {case.name for case in CASES}
    return timings_table(results, "8 questions × 64 tokens, greedy, submitted at once", names)


def timings_table(results: Results, title: str, cases: Collection[str] = ()) -> Table:
    """The best runs by case; of all cases, or of `cases`."""
    timings = [timing for timing in results.timings if not cases or timing.case in cases]
    table = Table(title=title)
    table.add_column("case")
    table.add_column("served by")
    table.add_column("tokens/s", justify="right")
    table.add_column("last first token", justify="right")
    table.add_column("Troupe is", justify="right")
    for case in dict.fromkeys(timing.case for timing in timings):
        for timing in (t for t in timings if t.case == case):
            ratio = times_faster(results, timing)
            table.add_row(
                case,
                timing.server,
                f"{timing.tokens_per_s:.1f}",
                f"{timing.last_first_token_s:.2f} s",
                "" if ratio is None else f"× {ratio:.1f}",
            )
        table.add_section()
    return table


def sweep_table(results: Results, sweep: str, title: str) -> Table:
    """`sweep`: what the cases' names begin with, before a number. Each cell: tokens/s, last first token."""
    found = sweep_of(results, sweep)
    numbers = sorted({number for points in found.values() for number in points})
    table = Table(title=title, caption="tokens/s in total · seconds to the last first token")
    table.add_column("served by")
    for number in numbers:
        table.add_column(str(number), justify="right")
    for server, points in found.items():
        cells = (points.get(number) for number in numbers)
        table.add_row(server, *(f"{t.tokens_per_s:.0f} · {t.last_first_token_s:.1f} s" if t else "" for t in cells))
    return table


def targets_table(judgements: list[Judgement]) -> Table:
    table = Table(title="Targets")
    table.add_column("figure")
    table.add_column("wanted", justify="right")
    table.add_column("measured", justify="right")
    table.add_column("")
    style = {True: "green", False: "red", None: "dim"}
    for judgement in judgements:
        target = judgement.target
        table.add_row(target.name, target.wanted, judgement.found, judgement.verdict, style=style[judgement.met])
    return table


def markdown(results: Results, judgements: list[Judgement]) -> str:
    """The cases and the targets, as docs/performance.md shows them."""
    lines = [
        "| case | served by | tokens/s in total | last first token | Troupe is |",
        "| --- | --- | --- | --- | --- |",
    ]
    for case in CASES:
        for timing in (t for t in results.timings if t.case == case.name):
            ratio = times_faster(results, timing)
            cells = (case.name, timing.server, f"{timing.tokens_per_s:.1f}", f"{timing.last_first_token_s:.2f} s",
                     "" if ratio is None else f"× {ratio:.1f}")  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| target | wanted | measured | |", f"|{' --- |' * 4}"]
    lines += [f"| {j.target.name} | {j.target.wanted} | {j.found} | {j.verdict} |" for j in judgements]
    return "\n".join(lines) + "\n"


def sweep_of(results: Results, sweep: str) -> dict[str, dict[int, Timing]]:
    """Per server its timings of a sweep, by the number in the case's name."""
    found: dict[str, dict[int, Timing]] = {}
    for timing in results.timings:
        name, _, number = timing.case.rpartition(" ")
        if name == sweep:
            found.setdefault(timing.server, {})[int(number)] = timing
    return found


def times_faster(results: Results, peer: Timing) -> float | None:
    """Our tokens/s over the peer's in the same case; None for ourselves, and where we did not run."""
    own = results.timing(OURS, peer.case)
    return None if own is None or peer.server == OURS else own.tokens_per_s / peer.tokens_per_s
