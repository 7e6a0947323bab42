"""A canary's life on disk: it starts beside the active version, is heard by live votes, and ends either way."""

import datetime
import time
from dataclasses import dataclass

from bot.errors import PublishError
from bot.store import Snapshot
from bot.versions.canary import CANARY, Canary, read_canary, write_canary
from bot.versions.registry import AdapterRegistry, AdapterVersion
from training.publishing import publish
from training.publishing.canary_decision import Decision, Hearing, Patience, Votes, hear

# Of one member's votes on one version, so many count.
VOTES_PER_MEMBER = 5


@dataclass(frozen=True)
class Settled:
    """What became of a canary, and why."""

    persona: str
    number: int
    hearing: Hearing


def start(registry: AdapterRegistry, version: AdapterVersion, share: float) -> Canary:
    """Let an accepted version speak in a share of the channels. Raises PublishError.

    Where nobody speaks with an adapter yet, there is nothing to compare votes with: promote it instead.
    """
    publish.verify(version)
    publish.require_acceptance(registry, version)
    active = registry.active_number(version.persona)
    if active is None or active == version.number:
        who = "speaks already" if active else "would be the first version to speak"
        raise PublishError(f"{version} {who}: a canary needs an active version beside it; promote without --canary.")
    canary = Canary(version.number, share, time.time())
    reason = f"in {share:.0%} of the channels"
    with publish.remembered(registry, version, publish.CANARY_BEGAN, previous=active, reason=reason):
        write_canary(registry, version.persona, canary)
    return canary


def end(registry: AdapterRegistry, persona: str, reason: str) -> Canary | None:
    """Let the active version speak everywhere again; the canary that was ended, if any. Raises PublishError."""
    canary = read_canary(registry, persona)
    if canary is None:
        return None
    version = registry.version(persona, canary.number)
    active = registry.active_number(persona)
    with publish.remembered(registry, version, "canary rolled back", previous=active, reason=reason):
        (registry.folder / persona / CANARY).unlink(missing_ok=True)
    return canary


def settle(registry: AdapterRegistry, persona: str, snapshot: Snapshot, patience: Patience) -> Settled | None:
    """Hear the votes since the canary began, on both versions, and do what they say; None without a canary."""
    canary, active = read_canary(registry, persona), registry.active_number(persona)
    if canary is None or active is None:
        return None
    votes = [
        Votes(*snapshot.votes_on(persona, number, canary.since, VOTES_PER_MEMBER)) for number in (canary.number, active)
    ]
    spoken = datetime.timedelta(seconds=time.time() - canary.since)
    hearing = hear(votes[0], votes[1], spoken / datetime.timedelta(days=1), patience)
    if hearing.decision is Decision.PROMOTE:
        publish.promote(registry, registry.version(persona, canary.number), reason=hearing.reason)
    elif hearing.decision is Decision.ROLL_BACK:
        end(registry, persona, hearing.reason)
    return Settled(persona, canary.number, hearing)
