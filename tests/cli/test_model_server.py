"""The command that serves a configuration's model with vLLM, and what happens when it dies."""

import sys
from pathlib import Path

import pytest

from bot.cli.model_server import ModelServer, keep_serving, model_server
from bot.config import Config, load_config
from bot.errors import ConfigError

PYTHON = Path("vllm-venv", "bin", "python")


def configured(tmp_path: Path, **environ: str) -> Config:
    (tmp_path / "config.toml").write_text("")
    return load_config(tmp_path / "config.toml", environ)


def option(server: ModelServer, name: str) -> str:
    return server.command[server.command.index(name) + 1]


def test_the_server_is_as_large_as_the_engine_was_configured(tmp_path: Path) -> None:
    config = configured(tmp_path, TROUPE_ENGINE__MAX_ROWS="24", TROUPE_ENGINE__MAX_RANK="20")
    server = model_server(config, Path("/models/small"), PYTHON, port=8001, gpus=0)
    names = ("--model", "--port", "--max-num-seqs", "--max-model-len", "--max-lora-rank", "--max-loras", "--dtype")
    assert [option(server, name) for name in names] == ["/models/small", "8001", "24", "2048", "32", "16", "float32"]
    assert server.environ["VLLM_LORA_RESOLVER_CACHE_DIR"] == str(tmp_path / "data" / "served")
    assert server.environ["VLLM_CPU_NUM_OF_RESERVED_CPU"] == "0"


def test_a_model_may_be_split_over_gpus_and_held_in_four_bits(tmp_path: Path) -> None:
    config = configured(tmp_path, TROUPE_MODEL__PRECISION="nf4")
    server = model_server(config, Path("/models/large"), PYTHON, port=8000, gpus=2)
    assert (option(server, "--tensor-parallel-size"), option(server, "--quantization")) == ("2", "bitsandbytes")
    assert "VLLM_CPU_NUM_OF_RESERVED_CPU" not in server.environ


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_a_precision_that_vllm_does_not_serve_is_refused(tmp_path: Path, precision: str) -> None:
    with pytest.raises(ConfigError, match=f"model.precision = '{precision}'"):
        model_server(configured(tmp_path, TROUPE_MODEL__PRECISION=precision), Path("/m"), PYTHON, 8000, gpus=0)


def test_a_server_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr("bot.cli.model_server.FIRST_REST", 0.0)
    program = (
        f"import pathlib, sys; p = pathlib.Path({str(tmp_path / 'n')!r}); n = p.exists(); p.touch(); sys.exit(not n)"
    )
    keep_serving(ModelServer((sys.executable, "-c", program), {}))
    assert caplog.text.count("The model server ended with code 1; it starts again in 0 s.") == 1


def test_a_python_that_is_not_there_is_named_with_its_remedy() -> None:
    with pytest.raises(ConfigError, match="make it with `make vllm`"):
        keep_serving(ModelServer(("/nowhere/python",), {}))
