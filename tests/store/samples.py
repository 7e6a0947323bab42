"""Records to store; every field has a value that tells it apart."""

import dataclasses
from typing import Any

from bot.store import ReplyRecord, StoredMessage

ASKER, OTHER, VOTER = 901, 902, 903

RECORD = ReplyRecord(
    channel_id=10,
    guild_id=20,
    asker_id=ASKER,
    persona="pirate",
    adapter_number=3,
    adapter_sha256="ab" * 32,
    base_fingerprint="base-1",
    messages=(
        StoredMessage("system", "You are a pirate.", None),
        StoredMessage("user", "Where is Paris?", ASKER),
    ),
    asked="Where is Paris?",
    text="Paris be in France, arr! ⚓",
    finish_reason="stop",
    sampling={"temperature": 0.7, "stop": ["\n\n"], "max_tokens": 64},
    seed=2**63 - 1,
    prompt_tokens=17,
    completion_tokens=9,
    queued_s=0.25,
    first_token_s=0.5,
    total_s=1.5,
    source="discord",
    created_at=1_000.0,
)


def a_record(**changes: Any) -> ReplyRecord:
    return dataclasses.replace(RECORD, **changes)
