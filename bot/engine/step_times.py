"""Measures steps and replies to plan by: how much of the prompts a step may read, and how long a request will take.
Knows no clock and no requests: it is told what steps took and how long replies were.
"""

from collections import deque
from statistics import median

# A step that also reads prompts may take this many times as long as one that only decodes, while no more rows read than
# decode; where more do, reading gets the larger part by their number: else a crowd would wait for the first who speaks.
STRETCH = 1.6
LEAST_PREFILL = 4  # prompt tokens of a step, however slow they are: a prompt must come to its end
UNMEASURED_PREFILL = 16
# Prompt tokens beside decoding rows cost at most so many times what they cost alone. Where more rows decode than ever
# before, a step's own time would be taken for its prompts' cost, and they would be read by the smallest pieces.
DEAREST = 2.0
REMEMBERED_STEPS = 15
REMEMBERED_REPLIES = 32


class StepTimes:
    def __init__(self, most_prefill: int) -> None:
        """`most_prefill`: prompt tokens of a step, at most."""
        self._most_prefill = most_prefill
        self._quiet: deque[float] = deque(maxlen=REMEMBERED_STEPS)  # seconds of steps that only decoded
        self._any: deque[float] = deque(maxlen=REMEMBERED_STEPS)  # seconds of steps that decoded
        # Seconds of a prompt's token, in steps that decoded too and in those that did not: there, chunks are larger.
        self._shared_token: deque[float] = deque(maxlen=REMEMBERED_STEPS)
        self._lone_token: deque[float] = deque(maxlen=REMEMBERED_STEPS)
        self._replies: deque[int] = deque(maxlen=REMEMBERED_REPLIES)  # tokens

    def took(self, seconds: float, decoded: int, read: int) -> None:
        """A step decoded one token for each of `decoded` rows and read `read` tokens of prompts."""
        if decoded:
            self._any.append(seconds)
        if not read:
            self._quiet.append(seconds)
        elif not decoded:
            self._lone_token.append(seconds / read)
        elif self._quiet:
            self._shared_token.append(max(seconds - median(self._quiet), 0.0) / read)

    def replied(self, tokens: int) -> None:
        self._replies.append(tokens)

    def prefill_tokens(self, decoding: int, reading: int) -> int:
        """How many tokens of their prompts `reading` rows may read in the next step; fewer while others decode and
        would wait for it."""
        if not decoding:
            return self._most_prefill
        if not self._quiet or not self._shared_token:
            return min(UNMEASURED_PREFILL, self._most_prefill)
        room = max(STRETCH - 1, reading / decoding) * median(self._quiet)
        cost = self._token_cost()
        affordable = self._most_prefill if cost * self._most_prefill <= room else int(room / cost)
        return min(max(affordable, LEAST_PREFILL), self._most_prefill)

    def _token_cost(self) -> float:
        cost = median(self._shared_token)
        return float(min(cost, DEAREST * median(self._lone_token)) if self._lone_token else cost)

    def seconds(self, prompt_tokens: int, said: int, most: int) -> float | None:
        """How long a request will run that has to read `prompt_tokens`, has said `said` tokens and may say `most`.

        It is taken to say as much as others did, and no less than another tenth of what it may; None before a step.
        """
        if not self._any:
            return None
        usual = median(self._replies) if self._replies else most
        left = max(min(usual, most) - said, (most - said) / 10, 1)
        per_token = self._shared_token or self._lone_token
        reading = prompt_tokens * median(per_token) if per_token else 0.0
        return float(reading + left * median(self._any))
