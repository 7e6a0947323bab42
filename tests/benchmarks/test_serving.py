"""The bench measures what it says, and each server does the same work."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import torch
import transformers
from aiohttp import web
from aiohttp.test_utils import TestServer
from peft import PeftModel

from benchmarks.serving import peft_server, troupe_server
from benchmarks.serving.http_peer import Peer, PeerFailed, free_port, running
from benchmarks.serving.llama_server import chooser
from benchmarks.serving.work import (
    CASES,
    DISTINCT_8,
    NEW,
    PLANS,
    QUESTIONS,
    Case,
    Figure,
    Plan,
    Setting,
    Timing,
    better,
    registered_case,
)
from tests.tiny import write_random_adapter, write_tiny_model

SMALL = Plan((Case("distinct x3", (0, 1, None), 4),), rows=3, registered=2, slots=2, tries=2)


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """A tiny model with room for long prompts."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("bench")
    model = write_tiny_model(folder / "model")
    write_random_adapter(folder / "adapter", model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}))
    return Setting(model, folder / "adapter", "fp32", threads=1)


def test_a_setting_survives_the_way_to_another_process(setting: Setting) -> None:
    assert Setting.from_json(setting.to_json()) == setting


def test_a_plan_warms_up_each_case_and_repeats_it_as_often_as_agreed() -> None:
    order = list(SMALL.order())
    assert [case.counts for case in order] == [False, True, True]
    assert order[0].tokens < order[1].tokens


def test_peers_do_the_cases_with_adapters() -> None:
    assert [case.name for case in PLANS["cases"].for_peers().cases] == ["lora x1", "same x8", "distinct x8"]


def test_where_not_all_registered_adapters_stay_ready_the_warm_up_leaves_those_measured_cold() -> None:
    plan = PLANS["registered"]
    drawn = {n: registered_case(n) for n in (16, 64)}
    warm = {case.name: set(case.adapters) for case in plan.order() if not case.counts}
    assert warm[drawn[16].name] == set(drawn[16].adapters)
    assert not warm[drawn[64].name] & set(drawn[64].adapters)
    assert max(number or 0 for number in warm[drawn[64].name]) < plan.registered


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases are measured once: a test asks what is done, not how fast."""
    monkeypatch.setitem(PLANS, "cases", replace(PLANS["cases"], tries=1))


@pytest.mark.usefixtures("once")
def test_our_engine_serves_every_case(setting: Setting) -> None:
    timings = [found for found in troupe_server.run(setting, "cases") if isinstance(found, Timing)]
    assert [(t.case, t.tokens) for t in timings] == [(c.name, c.tokens) for c in CASES]
    assert all(0 < t.last_first_token_s <= t.seconds for t in timings)


@pytest.mark.usefixtures("once")
def test_peft_serves_its_cases_with_the_same_number_of_tokens(setting: Setting) -> None:
    timings = list(peft_server.run(setting, "cases"))
    assert {(t.server, t.case, t.tokens) for t in timings} == {
        ("peft set_adapter", "distinct x8", 8 * NEW),
        ("peft adapter_names", "lora x1", NEW),
        ("peft adapter_names", "distinct x8", 8 * NEW),
    }
    assert all(0 < t.last_first_token_s <= t.seconds for t in timings)


def test_peft_answers_with_a_copy_as_with_an_adapter_it_loaded(setting: Setting) -> None:
    base = transformers.AutoModelForCausalLM.from_pretrained(setting.model, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, setting.adapter, adapter_name=peft_server.FIRST).eval()
    model.load_adapter(setting.adapter, adapter_name="loaded")
    peft_server.add_copy(model, "copy-1")
    ids = torch.tensor([[5, 6, 7]] * 4)
    with torch.inference_mode():
        said = model(input_ids=ids, adapter_names=["copy-1", "loaded", peft_server.FIRST, "__base__"]).logits
    assert torch.equal(said[0], said[1])
    assert torch.equal(said[0], said[2])
    assert not torch.equal(said[0], said[3])


def test_a_chat_is_measured_in_all_its_figures(setting: Setting) -> None:
    found = {m.name: m.value for m in troupe_server.run(setting, "chat") if isinstance(m, Figure)}
    assert found.keys() == {
        "median gap, undisturbed",
        "p99 gap while 1,500 tokens are prefilled",
        "p99 gap while an adapter is loaded",
        "first token of turn 1",
        "first token of turn 10",
        "first token after a system prompt of 20 tokens",
        "first token after a system prompt of 400 tokens",
        "first token, cold adapter",
        "first token, resident adapter",
    }
    assert all(value > 0 for value in found.values())


def test_the_better_run_counts() -> None:
    runs = [Timing("ours", "distinct x8", 512, seconds, 0.5) for seconds in (8.0, 5.0)]
    assert better([*runs, Timing("theirs", "distinct x8", 512, 20.0, 1.0)]) == [
        runs[1],
        Timing("theirs", "distinct x8", 512, 20.0, 1.0),
    ]


class FakeServer:
    """Speaks as llama.cpp's and vLLM's servers do; `tokens` is how many it says it wrote."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []
        self.tokens: int | None = None

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        if body.get("model") == "missing":
            return web.Response(status=404, text="no such model")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        used = {"completion_tokens": self.tokens or body["max_tokens"]}
        for event in (
            {"choices": [{"delta": {"role": "assistant"}}]},
            {"choices": [{"delta": {"content": "Aye"}}]},
            {"choices": [], "usage": used},
        ):
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


@pytest.fixture
async def fake() -> AsyncIterator[tuple[FakeServer, str]]:
    fake = FakeServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.complete)
    async with TestServer(app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


async def test_a_server_gets_every_question_with_its_adapter_and_exactly_so_many_tokens(
    fake: tuple[FakeServer, str],
) -> None:
    server, url = fake
    timing = await Peer("llama.cpp", url, chooser(8)).serve(DISTINCT_8)
    assert (timing.server, timing.case, timing.tokens) == ("llama.cpp", "distinct x8", 8 * NEW)
    assert 0 < timing.last_first_token_s <= timing.seconds
    assert {(b["messages"][0]["content"], b["lora"][0]["id"]) for b in server.bodies} == {
        (question, number) for number, question in enumerate(QUESTIONS)
    }
    assert all(b["max_tokens"] == NEW and b["ignore_eos"] and not b["cache_prompt"] for b in server.bodies)


async def test_a_server_that_wrote_another_number_of_tokens_is_not_counted(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.tokens = 7
    with pytest.raises(AssertionError, match="the work is 64 tokens, not 7"):
        await Peer("llama.cpp", url, chooser(8)).serve(DISTINCT_8)


async def test_a_servers_refusal_is_told_with_its_words(fake: tuple[FakeServer, str]) -> None:
    _, url = fake
    with pytest.raises(PeerFailed, match=r"vllm refused distinct x8: 404 no such model"):
        await Peer("vllm", url, lambda _: {"model": "missing"}).serve(DISTINCT_8)


def test_the_base_model_alone_turns_all_of_llamas_adapters_off() -> None:
    assert chooser(2)(None)["lora"] == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]


def test_a_server_that_ends_at_once_is_told_with_its_last_words() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with (
        pytest.raises(PeerFailed, match=r"llama\.cpp did not start .*\n.*no such option"),
        running("llama.cpp", ["sh", "-c", "echo no such option >&2; exit 1"], {}, url, 60.0),
    ):
        pass
