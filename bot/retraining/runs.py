"""Starts trainings from the running bot: one at a time, each a subprocess, so that a crash takes nothing down.

Knows the command line of `training` and what it prints, and nothing of Discord.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import MemberError, OperatorError
from bot.posix import end_with_children

log = logging.getLogger(__name__)

PROGRAM = (sys.executable, "-m", "training")
REFUSED = 3  # the exit code when the gate refused the candidate
PATIENCE = 2.0  # seconds between asking a training to end and ending it
LONGEST_LINE = 1 << 20

_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,32}[A-Za-z]")
_BAR = re.compile(r"(?<!\S)(?P<step>\d{1,9})/(?P<steps>\d{1,9}) {1,9}loss {1,9}(?P<loss>\S{1,30})")


class AlreadyTraining(MemberError):
    def __init__(self, persona: str) -> None:
        super().__init__("already-training", persona=persona)


class TrainingFailed(OperatorError):
    """The training ended without a verdict; the sentence is the one it gave."""


@dataclass(frozen=True)
class TrainingProgress:
    step: int
    steps: int
    loss: float | None

    @property
    def share(self) -> float:
        return min(1.0, self.step / self.steps) if self.steps else 0.0


@dataclass(frozen=True)
class RunOutcome:
    """A training that ended with a verdict. `facts`: what `training run --json` printed."""

    accepted: bool
    facts: dict[str, Any]

    @property
    def number(self) -> int:
        return int(self.facts["version"]["number"])

    @property
    def canary(self) -> float | None:
        """The share of channels it speaks in as a canary; None: everywhere, or nowhere."""
        share = self.facts.get("canary")
        return float(share) if share else None

    @property
    def refusals(self) -> list[str]:
        """What spoke against the version; the report, which goes along, tells the rest."""
        return [str(reason) for reason in self.facts["report"]["refusals"]]


class TrainingRun:
    """One training under way: iterate it for progress, then `outcome`."""

    def __init__(self, persona: str, process: asyncio.subprocess.Process) -> None:
        self.persona = persona
        self._process = process
        self._error = ""
        self._outcome: RunOutcome | None = None

    async def __aiter__(self) -> AsyncIterator[TrainingProgress]:
        """Ends with the training. Raises TrainingFailed when that gives no verdict."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        printed = asyncio.create_task(self._process.stdout.read())
        try:
            async for line in _lines(self._process.stderr):
                if found := progress_in(line):
                    yield found
                elif line.startswith("{") or not self._error.startswith("{"):
                    self._error = line or self._error
            self._outcome = _outcome(await self._process.wait(), await printed, self._error)
        finally:
            printed.cancel()
            await self.stop()

    @property
    def outcome(self) -> RunOutcome:
        if self._outcome is None:
            raise RuntimeError("a training has an outcome only after it was followed to its end")
        return self._outcome

    async def stop(self) -> None:
        """End it, and what it started, if it still runs."""
        if self._process.returncode is not None:
            return
        for hard in (False, True):
            end_with_children(self._process.pid, hard=hard)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), PATIENCE)
                return


class TrainingRuns:
    """`config`: the bot's own config.toml, handed on; None: the defaults. `folder`: where it runs."""

    def __init__(self, config: Path | None, folder: Path, program: Sequence[str] = PROGRAM) -> None:
        self._config = config
        self._folder = folder
        self._program = tuple(program)
        self._running: dict[str, TrainingRun | None] = {}  # None: it waits for its turn
        self._turn = asyncio.Lock()
        self._stopping = False

    @property
    def running(self) -> list[str]:
        return sorted(persona for persona, run in self._running.items() if run is not None)

    @contextlib.asynccontextmanager
    async def train(self, persona: str) -> AsyncIterator[TrainingRun]:
        """Train the persona while the block runs, in its turn; what still runs at its end is stopped.

        Raises AlreadyTraining, also for a persona that waits.
        """
        if persona in self._running:
            raise AlreadyTraining(persona)
        self._running[persona] = None
        try:
            async with self._turn:
                if self._stopping:
                    raise TrainingFailed("the bot stops before its turn came.")
                run = TrainingRun(persona, await self._start("run", persona))
                self._running[persona] = run
                log.info("%s: a training has begun", persona)
                try:
                    yield run
                finally:
                    await run.stop()
        finally:
            del self._running[persona]

    async def rollback(self, persona: str, number: int) -> dict[str, Any]:
        """Let version `number` speak. Raises TrainingFailed with the reason."""
        return await self._finished(await self._start("rollback", persona, "--to", str(number)))

    async def settle(self, persona: str) -> list[dict[str, Any]]:
        """Let votes decide on the persona's canary; `decision` and `reason` of it, if any. Raises TrainingFailed."""
        return list((await self._finished(await self._start("settle", persona)))["canaries"])

    async def _finished(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        printed, said = await process.communicate()
        facts = _json(printed)
        if process.returncode != 0 or facts is None:
            raise TrainingFailed(_sentence(said.decode("utf-8", "replace")))
        return facts

    async def stop(self) -> None:
        self._stopping = True
        await asyncio.gather(*(run.stop() for run in self._running.values() if run is not None))

    async def _start(self, command: str, persona: str, *options: str) -> asyncio.subprocess.Process:
        arguments = [*self._program, command, persona, *options, "--json"]
        if self._config is not None:
            arguments += ["--config", str(self._config)]
        # Its bar is drawn as for a terminal, or it would be drawn once at the end; the token is none of its business.
        environment = {name: value for name, value in os.environ.items() if name != "DISCORD_TOKEN"}
        environment |= {"FORCE_COLOR": "1", "COLUMNS": "120", "PYTHONUNBUFFERED": "1"}
        try:
            return await asyncio.create_subprocess_exec(
                *arguments,
                cwd=self._folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise TrainingFailed(f"the training could not be started: {error.strerror}.") from error


def progress_in(line: str) -> TrainingProgress | None:
    """The figures in a line of the training's bar; None for any other line."""
    match = _BAR.search(line)
    if match is None:
        return None
    try:
        loss: float | None = float(match["loss"])
    except ValueError:
        loss = None
    return TrainingProgress(int(match["step"]), int(match["steps"]), loss)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines without escape sequences; a carriage return ends one too."""
    rest = ""
    while chunk := await stream.read(65_536):
        *whole, rest = re.split(r"[\r\n]", rest + chunk.decode("utf-8", "replace"))
        for line in whole:
            if text := _ESCAPES.sub("", line).strip():
                yield text
        rest = rest[-LONGEST_LINE:]
    if text := _ESCAPES.sub("", rest).strip():
        yield text


def _outcome(code: int, printed: bytes, said: str) -> RunOutcome:
    facts = _json(printed)
    if code not in (0, REFUSED) or facts is None:
        raise TrainingFailed(_sentence(said) if code > 0 else f"the training was ended (signal {-code}).")
    return RunOutcome(code == 0, facts)


def _json(printed: bytes) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        facts = json.loads(printed)
        if isinstance(facts, dict):
            return facts
    return None


def _sentence(said: str) -> str:
    """The sentence in what went to stderr: the error's JSON, else the last line."""
    lines = [line.strip() for line in _ESCAPES.sub("", said).splitlines() if line.strip()]
    for line in reversed(lines):
        facts = _json(line.encode())
        if facts is not None and isinstance(facts.get("error"), str):
            return str(facts["error"])
    return lines[-1][:500] if lines else "the training ended without an explanation."
