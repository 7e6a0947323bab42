"""The Engine whose batches run on vLLM servers: turns, deadlines, rules and faults are seen to here, tokens there."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot.engine.adapter_checks import AdapterTarget
from bot.engine.base_model import (
    BaseModelFiles,
    end_of_turn_ids,
    generation_end_ids,
    load_tokenizer,
    projection_shapes,
)
from bot.engine.generation import Mailbox, StreamedGeneration
from bot.engine.live_request import LiveRequest, text_of
from bot.engine.request import EngineStatus, FinishReason, Generation, GenerationRequest
from bot.engine.vllm.admission import Admission
from bot.engine.vllm.client import VllmClient
from bot.engine.vllm.constraints import constraint_of
from bot.engine.vllm.dialect import ListedModel, unsupported
from bot.engine.vllm.faults import RequestRefused, ServerBusy, ServerLost
from bot.engine.vllm.options import VllmOptions
from bot.engine.vllm.published import PublishedAdapters
from bot.engine.vllm.servers import Server, ServerPool
from bot.engine.vllm.speaking import Speech
from bot.errors import AdapterError, EmptyPrompt, EngineStopped, GenerationFailed, PromptTooLong
from bot.versions.registry import AdapterVersion

log = logging.getLogger(__name__)

MOST_LOSSES = 4  # servers that a reply may lose before it is given up


class VllmEngine:
    """Made anywhere; started and used on one event loop. The base model's weights stay on the servers."""

    def __init__(self, files: BaseModelFiles, options: VllmOptions) -> None:
        """Raises BaseModelError."""
        self._files = files
        self._options = options
        self._model = options.model or str(files.path)
        self._tokenizer = load_tokenizer(files)
        self._end_ids = frozenset(generation_end_ids(files) | end_of_turn_ids(self._tokenizer))
        target = AdapterTarget(files.fingerprint, projection_shapes(files), options.max_rank)
        self._adapters = PublishedAdapters(options.adapters, self._model, target)
        self._pool = ServerPool(options)
        rows = options.max_rows * len(options.urls)
        self._admission = Admission(rows, options.queue_size, self._pool.free_rows)
        self._published: set[AdapterVersion] = set()
        self._retired: set[AdapterVersion] = set()
        self._tasks: dict[LiveRequest, asyncio.Task[None]] = {}
        self._losses: Counter[LiveRequest] = Counter()
        self._client: VllmClient | None = None
        self._watch: asyncio.Task[None] | None = None
        self._version = ""

    @property
    def context_tokens(self) -> int:
        return self._options.context_tokens

    @property
    def fingerprint(self) -> str:
        return self._files.fingerprint

    @property
    def tokenizer(self) -> Any:
        return self._tokenizer

    @property
    def arithmetic(self) -> str:
        return f"vLLM {self._version}".strip()

    async def start(self) -> None:
        """Look at every server once. Those that are not there yet are waited for while the bot runs.

        Raises AdapterError when nothing can be published.
        """
        if self._client is not None:
            return
        await asyncio.to_thread(self._adapters.publish_nothing)
        self._client = VllmClient(self._options)
        await self._look_at_all(self._client)
        if not self._pool.well:
            log.error("No server of vllm.urls answers; replies wait until one does.")
        self._watch = asyncio.create_task(self._watch_servers(self._client))

    async def stop(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        assert self._watch is not None
        self._watch.cancel()
        for live in (*self._admission.waiting, *self._admission.running):
            self._end(live, EngineStopped())
        await asyncio.gather(self._watch, *self._tasks.values(), return_exceptions=True)
        await client.close()

    def submit(self, request: GenerationRequest) -> Generation:
        if self._client is None:
            raise EngineStopped
        if not request.prompt_ids:
            raise EmptyPrompt
        if len(request.prompt_ids) >= self.context_tokens:
            raise PromptTooLong(len(request.prompt_ids), self.context_tokens - 1)
        if problem := unsupported(request.sampling):
            log.error("A request was refused: %s", problem)
            raise GenerationFailed(problem)
        mailbox = Mailbox(Mailbox.receive)
        live = self._live(request, mailbox)
        self._admission.enter(live)
        if request.adapter is not None:
            self._retired.discard(request.adapter)
        if live.deadline_s is not None:
            asyncio.get_running_loop().call_later(live.deadline_s, self._expire, live)
        self._dispatch()
        return StreamedGeneration(live, mailbox, self._admission.position, self._admission.wait_s, self._cancel)

    async def load(self, adapter: AdapterVersion) -> None:
        self._retired.discard(adapter)
        if adapter not in self._published:
            await asyncio.to_thread(self._adapters.publish, adapter)
            self._published.add(adapter)

    async def unload(self, adapter: AdapterVersion) -> None:
        if adapter in self._published:
            self._retired.add(adapter)
            self._withdraw_later(adapter)

    def status(self) -> EngineStatus:
        well = len(self._pool.well)
        return EngineStatus(
            model=self._files.name,
            device=f"{self.arithmetic}, {well} of {len(self._pool.servers)} servers",
            precision="as served",
            running=len(self._admission.running),
            waiting=len(self._admission.waiting),
            max_rows=self._options.max_rows * well,
            resident=tuple(self._published - self._retired),
        )

    def _live(self, request: GenerationRequest, mailbox: Mailbox) -> LiveRequest:
        return LiveRequest(
            request=request,
            seed=random.getrandbits(31) if request.sampling.seed is None else request.sampling.seed,
            stream=text_of(request.sampling, self._tokenizer),
            listener=mailbox,
            most_tokens=self.context_tokens,
            end_ids=self._end_ids,
            deadline_s=self._options.deadline_seconds or None if request.deadline_s is None else request.deadline_s,
        )

    def _dispatch(self) -> None:
        """Give waiting requests to servers, in their turn, while there is room."""
        for live in self._admission.waiting:
            server = self._pool.pick(live.request.channel)
            if server is None or self._client is None:
                return
            self._admission.start(live)
            if live.started_at is None:
                live.start(row=0, slot=0)
            server.running += 1
            self._tasks[live] = asyncio.create_task(self._serve(live, server, self._client))

    async def _serve(self, live: LiveRequest, server: Server, client: VllmClient) -> None:
        try:
            await self._speak(live, server, client)
        except ServerLost as lost:
            log.warning("%s: %s", server.url, lost)
            self._pool.failed(server)
            self._losses[live] += 1
        except ServerBusy as busy:
            self._pool.busy(server, busy.seconds)
        except (RequestRefused, AdapterError) as refused:
            log.error("%s: %s", live.request.adapter or "the base model", refused)
            live.fail(GenerationFailed(str(refused)))
        except Exception as error:
            log.exception("A reply failed unexpectedly")
            live.fail(GenerationFailed(type(error).__name__))
        finally:
            server.running -= 1
            del self._tasks[live]
            self._after(live)

    async def _speak(self, live: LiveRequest, server: Server, client: VllmClient) -> None:
        adapter, rules = live.request.adapter, live.request.sampling.rules
        if adapter is not None:
            await self.load(adapter)
        constraint: Mapping[str, Any] = {} if rules is None else await asyncio.to_thread(constraint_of, rules)
        speech = Speech(live, self._adapters.name_of(adapter), constraint, attempt=self._losses[live])
        await speech.run(server, client, self._admission.step_times)

    def _after(self, live: LiveRequest) -> None:
        """What becomes of a reply whose server has no more to say: it has ended, or is asked again elsewhere."""
        if not live.ended and self._losses[live] >= MOST_LOSSES:
            live.fail(GenerationFailed(f"{MOST_LOSSES} servers were lost"))
        if live.ended:
            self._leave(live)
        elif live in self._admission.running:
            self._admission.come_back(live)
        self._dispatch()

    def _leave(self, live: LiveRequest) -> None:
        self._admission.leave(live)
        self._losses.pop(live, None)
        if not live.failed:
            self._admission.step_times.replied(len(live.completion_ids))
        if live.request.adapter in self._retired:
            self._withdraw_later(live.request.adapter)

    def _cancel(self, live: LiveRequest) -> None:
        live.cancelled = True
        self._end(live)

    def _expire(self, live: LiveRequest) -> None:
        if not live.ended:
            assert live.deadline is not None
            live.expire_if_overdue(max(live.deadline, time.perf_counter()))
            self._end(live)

    def _end(self, live: LiveRequest, error: Exception | None = None) -> None:
        """End the reply now; its server hears so by the closed connection."""
        if error is not None:
            live.fail(error)
        live.end(FinishReason.CANCELLED)
        if live in self._tasks:
            self._tasks[live].cancel()  # which leads to `_after`
        else:
            self._leave(live)
            self._dispatch()

    def _withdraw_later(self, adapter: AdapterVersion) -> None:
        """Not at once: a server may still be ending what it was asked with it."""
        asyncio.get_running_loop().call_later(self._options.forget_seconds, self._withdraw, adapter)

    def _withdraw(self, adapter: AdapterVersion) -> None:
        used = {live.request.adapter for live in (*self._admission.waiting, *self._admission.running)}
        if adapter in self._retired and adapter not in used:
            self._retired.discard(adapter)
            self._published.discard(adapter)
            self._adapters.withdraw(adapter)

    async def _watch_servers(self, client: VllmClient) -> None:
        while True:
            await asyncio.sleep(self._options.health_seconds)
            await self._look_at_all(client)
            self._dispatch()

    async def _look_at_all(self, client: VllmClient) -> None:
        await asyncio.gather(*(self._look(server, client) for server in self._pool.servers))

    async def _look(self, server: Server, client: VllmClient) -> None:
        try:
            await client.check_health(server.url)
            if server.well:
                return
            problem = self._mismatch(await client.model(server.url))
            self._version = self._version or await client.version(server.url)
        except ServerLost as lost:
            problem = str(lost)
        if problem != server.problem or (problem is None) != server.well:
            log.log(logging.ERROR if problem else logging.INFO, "%s: %s", server.url, problem or "serves")
        server.problem, server.well = problem, problem is None

    def _mismatch(self, served: ListedModel) -> str | None:
        """Why a server that is well cannot be used, and the remedy."""
        if served.root != self._model:
            return f"it serves {served.root!r}: start it with --model {self._model}, or set vllm.model to that"
        if served.context_tokens < self.context_tokens:
            return (
                f"it reads {served.context_tokens} tokens: start it with --max-model-len {self.context_tokens}, "
                "or lower engine.context_tokens"
            )
        return None
