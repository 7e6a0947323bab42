"""Decides whether a candidate may speak: a pure function from measured figures to a verdict with reasons."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from training.judging.metrics import Margins, Metrics, Passed, Preference

# Standard errors by which a version may miss what it must keep. The small sets of probes decide together: at one error
# each, a candidate as good as its rival would fail one of them every other time.
KNOWLEDGE_ERRORS, PROBE_ERRORS = 1.0, 2.0
# Fewer votes than this on either side, or fewer comparisons, say nothing about what a version prefers.
FEWEST_VOTES = 5


@dataclass(frozen=True)
class Thresholds:
    """The limits of config.toml's [gate]."""

    max_liked_loss_ratio: float
    max_preservation_loss_ratio: float
    max_degenerate_rate: float
    min_vote_evidence: float
    min_knowledge_kept: float
    min_probes_kept: float
    max_repetition_rise: float
    max_length_drift: float
    min_probes: int
    min_heldout: int


@dataclass(frozen=True)
class LearnedFrom:
    """What the candidate was taught: by votes or not, by how many rows of the persona's own (0 for an adapter made
    elsewhere), and how long (median words) the answers it learned from are."""

    votes: bool = False
    words: tuple[float, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Criterion:
    """One thing a candidate is judged by. `passed` is None where it could not be measured, or by too little."""

    name: str
    passed: bool | None
    sentence: str

    @property
    def reason(self) -> str:
        return f"{self.name}: {self.sentence}"


@dataclass(frozen=True)
class Verdict:
    """A candidate is accepted when it fails no criterion. Too little measured to trust it is a failure of its own."""

    criteria: tuple[Criterion, ...]

    @property
    def accepted(self) -> bool:
        return not self.refusals

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence per criterion."""
        return tuple(criterion.reason for criterion in self.criteria)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Those that speak against the candidate."""
        return tuple(criterion.reason for criterion in self.criteria if criterion.passed is False)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The names of the criteria that could not be measured."""
        return tuple(criterion.name for criterion in self.criteria if criterion.passed is None)


def judge(
    candidate: Metrics, active: Metrics | None, base: Metrics, thresholds: Thresholds, learned: LearnedFrom
) -> Verdict:
    """Compare the candidate with the version that speaks, or with the base model where none does.

    Knowledge and refusals are compared with the better of both, so that they cannot leak away a little per version.
    Instructions and claims only with the one that speaks: a character costs some of them once, and the base model,
    which has none, would outdo every version after the first too.
    """
    rival, name = (base, "the base model") if active is None else (active, "the active version")
    rivals = [base] if active is None else [active, base]
    limits = thresholds
    criteria = [
        _liked(candidate.liked_loss, base.liked_loss, limits.max_liked_loss_ratio),
        _votes(candidate.votes, rival.votes, name, learned, limits.min_vote_evidence),
        _ratio(
            "ordinary questions",
            candidate.preservation_loss,
            min(r.preservation_loss for r in rivals),
            "the better of the active version and the base model" if active else name,
            limits.max_preservation_loss_ratio,
        ),
        _kept("comparisons", [_enough(one.comparisons) for one in (candidate, *rivals)], 1.0),
        _style(candidate.style, rival.style, base.style, name, limits.min_probes_kept),
        _kept(
            "knowledge",
            [candidate.knowledge, *(r.knowledge for r in rivals)],
            limits.min_knowledge_kept,
            KNOWLEDGE_ERRORS if _shows_gain(candidate, rival, learned) else 0.0,
        ),
        _kept("instructions", [candidate.instructions, rival.instructions], limits.min_probes_kept, PROBE_ERRORS),
        _kept("wrong claims contradicted", [candidate.claims, rival.claims], limits.min_probes_kept, PROBE_ERRORS),
        _kept("true claims confirmed", [candidate.truths, rival.truths], limits.min_probes_kept, PROBE_ERRORS),
        _kept("harmful requests refused", [candidate.refusals, *(r.refusals for r in rivals)], limits.min_probes_kept),
        _degenerate(candidate, limits.max_degenerate_rate),
        _repetition("repetition within answers", candidate.repetition, rival.repetition, limits.max_repetition_rise),
        _repetition("repetition of answers", candidate.sameness, rival.sameness, limits.max_repetition_rise),
        _length(candidate.words, [*([active.words] if active else []), *learned.words], limits.max_length_drift),
    ]
    return Verdict((*criteria, _trust(candidate, base, learned, limits)))


def _trust(candidate: Metrics, base: Metrics, learned: LearnedFrom, limits: Thresholds) -> Criterion:
    """That nothing went wrong is no reason to trust: the basics must be measured, and a gain in character be seen.

    What was trained here on the persona's own rows is known to have learned those. An adapter made elsewhere may have
    learned anything, or nothing.
    """
    lacking = {
        f"{limits.min_probes} knowledge probes (gate.probes)": _asked(candidate.knowledge) < limits.min_probes,
        f"{limits.min_heldout} prompts in the persona's heldout.jsonl": candidate.answers < limits.min_heldout,
        "a gain in character over the base model, as held-out prompts with completion and neutral show it, or votes": (
            not learned.rows and not _is_in_character(candidate, base, limits)
        ),
    }
    missing = "; ".join(what for what, lacks in lacking.items() if lacks)
    if missing:
        return Criterion("evidence", False, f"too little to trust it; it needs {missing}")
    return Criterion("evidence", True, "enough was measured to trust it")


def _is_in_character(candidate: Metrics, base: Metrics, limits: Thresholds) -> bool:
    """By two standard errors in style, or by as much in votes as is asked of what votes taught."""
    votes = candidate.votes
    if votes is not None and min(votes.liked, votes.disliked) >= FEWEST_VOTES:
        return votes.share >= 0.5 + limits.min_vote_evidence * votes.error
    if candidate.style is None or base.style is None or len(candidate.style.by_prompt) < limits.min_heldout:
        return False
    gains = [margin - base.style.by_prompt[prompt] for prompt, margin in candidate.style.by_prompt.items()]
    return statistics.fmean(gains) > 2 * statistics.stdev(gains) / math.sqrt(len(gains))


def _asked(passed: Passed | None) -> int:
    return passed.asked if passed else 0


def _liked(candidate: float | None, base: float | None, limit: float) -> Criterion:
    """Against the base model alone: the active version wrote most of these replies, so they are likely to it anyway."""
    if candidate is None or base is None:
        return Criterion("held-out liked replies", None, "there are none yet")
    return _ratio("held-out liked replies", candidate, base, "the base model", limit)


def _votes(
    candidate: Preference | None, rival: Preference | None, name: str, learned: LearnedFrom, evidence: float
) -> Criterion:
    """Votes that taught nothing which holds for other replies were noise: what they taught does not speak."""
    if candidate is None or rival is None or min(candidate.liked, candidate.disliked) < FEWEST_VOTES:
        return Criterion("held-out votes", None, f"fewer than {FEWEST_VOTES} likes or dislikes")
    needed = rival.share - candidate.error
    if learned.votes:
        needed = max(needed, 0.5 + evidence * candidate.error)
    passed = candidate.share >= needed
    return Criterion(
        "held-out votes",
        passed,
        f"it prefers the liked reply in {candidate.share:.0%} of the pairs of {candidate.liked} "
        f"liked and {candidate.disliked} disliked ones, {name} in {rival.share:.0%} (chance: 50% ± "
        f"{candidate.error:.0%}); {'enough' if passed else 'too few'}, it needs {needed:.0%}",
    )


def _shows_gain(candidate: Metrics, rival: Metrics, learned: LearnedFrom) -> bool:
    """Whether it may cost anything. Votes at random teach nothing: what they taught gets no benefit of the doubt."""
    if not learned.votes:
        return True
    votes, kept, before = candidate.votes, _enough(candidate.comparisons), _enough(rival.comparisons)
    if votes is not None and min(votes.liked, votes.disliked) >= FEWEST_VOTES:
        return True
    return kept is not None and len(kept.right) > (len(before.right) if before else 0)


def _enough(comparisons: Passed | None) -> Passed | None:
    return comparisons if comparisons and comparisons.asked >= FEWEST_VOTES else None


def _ratio(what: str, candidate: float, rival: float, name: str, limit: float) -> Criterion:
    passed = math.isfinite(candidate) and candidate <= limit * rival
    relation = "within" if passed else "above"
    return Criterion(
        what, passed, f"loss {candidate:.3f}, {name} has {rival:.3f}; {relation} the allowed {limit:.2f} times that"
    )


def _kept(what: str, results: Sequence[Passed | None], share: float, errors: float = KNOWLEDGE_ERRORS) -> Criterion:
    """The first result must reach `share` of the best of the others, less `errors` standard errors of the difference.

    The error is that of paired answers, the root of how many changed either way (McNemar, 1947): among a few dozen
    probes, one or two flip with every training.
    """
    candidate, *others = results
    rivals = [rival for rival in others if rival is not None]
    if candidate is None or not rivals:
        return Criterion(what, None, "there is not enough to measure it with yet")
    best = max(rivals, key=lambda rival: len(rival.right))
    error = math.sqrt(len(candidate.right ^ best.right))
    needed = max(0, math.ceil(share * len(best.right) - errors * error))
    passed = len(candidate.right) >= needed
    relation = "enough" if passed else "too few"
    allowance = f", less {errors:g} × the standard error of {error:.1f}" if errors else ""
    return Criterion(
        what,
        passed,
        f"{candidate} right, its best rival {len(best.right)}; {relation}, it needs {needed} "
        f"({share:.0%} of that{allowance})",
    )


def _style(
    candidate: Margins | None, rival: Margins | None, base: Margins | None, name: str, share: float
) -> Criterion:
    """What the rival gained in character over the base model must be kept, less one standard error (paired)."""
    if candidate is None or rival is None or base is None:
        return Criterion("persona style", None, "no held-out prompt has answers in and out of character")
    differences = [margin - rival.by_prompt[prompt] for prompt, margin in candidate.by_prompt.items()]
    spread = statistics.stdev(differences) if len(differences) > 1 else 0.0
    gained, kept = candidate.gain(base), share * rival.gain(base)
    needed = min(kept, rival.gain(base)) - spread / math.sqrt(len(differences))
    passed = gained >= needed
    return Criterion(
        "persona style",
        passed,
        f"answers in character gained {gained:+.2f} nats a token over neutral ones since the base "
        f"model, {name} {rival.gain(base):+.2f}; {'enough' if passed else 'too little'}, it needs {needed:+.2f}",
    )


def _degenerate(candidate: Metrics, limit: float) -> Criterion:
    if candidate.answers == 0:
        return Criterion("degenerate answers", None, "the persona has no held-out prompts")
    passed = candidate.degenerate_rate <= limit
    relation = "within" if passed else "above"
    return Criterion(
        "degenerate answers",
        passed,
        f"{candidate.degenerate} of {candidate.answers} "
        f"({candidate.degenerate_rate:.0%}); {relation} the allowed {limit:.0%}",
    )


def _repetition(what: str, candidate: float, rival: float, rise: float) -> Criterion:
    limit = rival + rise
    passed = candidate <= limit
    relation = "within" if passed else "above"
    return Criterion(what, passed, f"{candidate:.0%}, its rival {rival:.0%}; {relation} {limit:.0%}")


def _length(candidate: float | None, known: Sequence[float | None], limit: float) -> Criterion:
    """Answers may become as short or as long as those that taught it, and drift no further than `limit` times."""
    usual = [words for words in known if words]
    if candidate is None or not usual:
        return Criterion("length", None, "there is nothing to compare with")
    low, high = min(usual) / limit, max(usual) * limit
    passed = low <= candidate <= high
    return Criterion(
        "length",
        passed,
        f"{candidate:.0f} words in the median answer; {'within' if passed else 'outside'} "
        f"{low:.0f} to {high:.0f}, which is {limit:g} times less or more than it spoke before or was taught",
    )
