"""Decides whether a dataset can be trained on, and says with counts and remedy why not."""

from collections import Counter
from collections.abc import Iterator

from training.dataset.rows import Dataset
from training.dataset.sources import CollectedFeedback, Source
from training.dataset.voter_caps import FLOOR

# Fewer rows of the persona's own than this teach a few sentences by heart, not a manner of speaking.
FEWEST_ROWS = 10


def refusal(dataset: Dataset, feedback: CollectedFeedback, min_voters: int) -> str | None:
    """Why not to train on the dataset; None when nothing speaks against it."""
    return _too_few_rows(dataset) or _too_few_voters(dataset, feedback, min_voters) or _only_dislikes(dataset, feedback)


def _too_few_rows(dataset: Dataset) -> str | None:
    counts = dataset.kept
    own = counts.total() - counts[Source.PRESERVATION]
    if own >= FEWEST_ROWS:
        return None
    left_out = "; ".join(_left_out(dataset.dropped))
    return (
        f"{dataset.persona}: {own} usable rows ({counts[Source.SEED]} seed pairs, {counts[Source.LIKED]} liked "
        f"replies, {counts[Source.CORRECTION]} corrections), but training needs {FEWEST_ROWS}: write seed pairs into "
        f"adapters/{dataset.persona}/examples.jsonl, or wait for more liked replies from members who consented."
        + (f" Left out: {left_out}." if left_out else "")
    )


def _too_few_voters(dataset: Dataset, feedback: CollectedFeedback, min_voters: int) -> str | None:
    """As many as anybody may bring are welcome from one member too: a newcomer tries the loop out alone."""
    voices = _voices(feedback)
    consenting = voices.keys() & feedback.consenting
    given = sum(voices[member] for member in consenting)
    if given <= FLOOR or len(consenting) >= min_voters:
        return None
    return (
        f"{dataset.persona}: all {given} votes, better answers and choices that can be used come from "
        f"{len(consenting)} consenting member{'s' if len(consenting) > 1 else ''} (of {len(voices)} who took "
        f"part), but training needs {min_voters}: wait until others have voted and consented, or set "
        f"training.min_voters = {len(consenting)}."
    )


def _only_dislikes(dataset: Dataset, feedback: CollectedFeedback) -> str | None:
    """Nothing shows how to answer when all that members said is what they do not want."""
    counts = Counter(
        value
        for reply in feedback.replies
        for voters, value in ((reply.likes, "likes"), (reply.dislikes, "dislikes"))
        for _ in voters & feedback.consenting
    )
    taught = dataset.preferences or dataset.kept[Source.CORRECTION] or dataset.kept[Source.LIKED]
    if counts["likes"] or taught or not counts["dislikes"]:
        return None
    return (
        f"{dataset.persona}: the votes are one-sided: 0 likes and {counts['dislikes']} dislikes from consenting "
        "members and no better answer, so nothing shows what to say instead: correct some replies (✏️), or wait "
        "for likes."
    )


def _voices(feedback: CollectedFeedback) -> Counter[int]:
    """How often each member said what they think."""
    voices = Counter(voter for reply in feedback.replies for voter in (*reply.likes, *reply.dislikes))
    voices.update(correction.author_id for correction in feedback.corrections)
    voices.update(comparison.member_id for comparison in feedback.comparisons)
    return voices


def _left_out(dropped: Counter[tuple[Source, str]]) -> Iterator[str]:
    for (source, reason), count in sorted(dropped.items()):
        yield f"{count} × {source.value} ({reason})"
