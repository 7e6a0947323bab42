"""Commands about what a training sees: `dataset`."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.errors import DatasetError
from bot.versions.registry import write_atomically
from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import open_pipeline

if TYPE_CHECKING:
    from training.dataset.rows import Dataset

FEW_ROWS = 60  # of the persona's own


def dataset(
    persona: PersonaArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Also write it to this folder, in TRL's formats: sft.jsonl, dpo.jsonl, kto.jsonl."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what a training of PERSONA would see: what is kept and dropped, with reasons, and the content hash.

    What --out writes contains members' words: delete it when you no longer need it.
    """
    pipeline = open_pipeline(config, persona)
    built = pipeline.dataset()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        _write(built, out)
    show(as_json, dataset_facts(built), dataset_table(built))
    if built.refusal is None and len(built.own_rows) < FEW_ROWS:
        typer.echo(_few(len(built.own_rows)), err=True)
    if built.refusal is not None:
        raise DatasetError(built.refusal)


def _few(rows: int) -> str:
    return (
        f"Warning: {rows} pairs in the persona's own voice are few. With fewer than {FEW_ROWS} a training tends to "
        "learn sentences by heart instead of a manner of speaking."
    )


def dataset_facts(built: "Dataset") -> dict[str, Any]:
    return {
        "persona": built.persona,
        "refusal": built.refusal,
        "voters": built.voters,
        "unreliable": built.unreliable,
        "newcomers": built.newcomers,
        "newcomer_share": round(built.newcomer_share, 4),
        "sha256": built.sha256,
        "rows": len(built.rows),
        "heldout": len(built.heldout),
        "preferences": len(built.preferences),
        "heldout_preferences": len(built.heldout_preferences),
        "votes": len(built.votes),
        "heldout_votes": len(built.heldout_votes),
        "kept": {source.value: count for source, count in built.kept.items()},
        "dropped": [
            {"source": source.value, "reason": reason, "rows": count}
            for (source, reason), count in sorted(built.dropped.items())
        ],
    }


def dataset_table(built: "Dataset") -> Table:
    from training.dataset.sources import Source

    kept, held = built.kept, Counter(row.source for row in built.heldout)
    for pairs, counter in ((built.preferences, kept), (built.heldout_preferences, held)):
        counter[Source.COMPARISON] = sum(pair.source is Source.COMPARISON for pair in pairs)
    kept[Source.VOTE], held[Source.VOTE] = len(built.votes), len(built.heldout_votes)
    table = Table(title=_title(built), title_justify="left", caption=_caption(built), caption_justify="left")
    for column, justify in (("source", "left"), ("train", "right"), ("held out", "right"), ("dropped", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for source in Source:
        reasons = [f"{count} × {why}" for (origin, why), count in sorted(built.dropped.items()) if origin is source]
        table.add_row(source.value, str(kept[source]), str(held[source]), "\n".join(reasons))
    return table


def _title(built: "Dataset") -> str:
    return f"{built.persona}: {len(built.rows)} rows, dataset {built.sha256[:12]}"


def _caption(built: "Dataset") -> str:
    liked = sum(vote.liked for vote in built.votes)
    lines = [
        f"{len(built.preferences)} preference pairs (corrections and comparisons); {len(built.votes)} votes "
        f"({liked} likes, {len(built.votes) - liked} dislikes).",
        f"Consenting members who voted: {built.voters}. Left out because they contradict the rest: {built.unreliable}.",
    ]
    if built.newcomers:
        share = f"{built.newcomer_share:.0%}"
        lines.append(
            f"New accounts and members: {built.newcomers}; they alone stand behind {share} of what is learned."
        )
    return "\n".join(lines)


def _write(built: "Dataset", folder: Path) -> None:
    from training.dataset.trl_format import trl_files

    for name, rows in trl_files(built).items():
        write_atomically(folder / name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
