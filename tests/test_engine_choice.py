"""Which engine config.toml makes, and what it refuses to make."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import load_config
from bot.engine.vllm import VllmEngine
from bot.engine_choice import make_engine
from bot.errors import ConfigError
from bot.personas.catalog import PersonaCatalog
from tests.tiny import write_tiny_model

SERVERS = {"TROUPE_ENGINE__BACKEND": "vllm", "TROUPE_VLLM__URLS": '["http://127.0.0.1:1", "http://127.0.0.1:2/"]'}
WITHOUT_TORCH = """
import sys
from pathlib import Path
from bot.config import load_config
from bot.engine_choice import make_engine
from bot.personas.catalog import PersonaCatalog
from bot.prompt import PromptRenderer
config = load_config(Path(sys.argv[1]))
engine = make_engine(config, PersonaCatalog(config.adapters_dir))
PromptRenderer(engine.tokenizer)
print("torch" in sys.modules)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    card = tmp_path / "adapters" / "plain"
    card.mkdir(parents=True)
    (card / "persona.toml").write_text('name = "plain"\ndisplay_name = "Plain"\ndescription = "Says it plainly."\n')
    (tmp_path / "config.toml").write_text("")
    return tmp_path


def test_servers_are_asked_where_the_backend_is_vllm(home: Path) -> None:
    model = write_tiny_model(home / "tiny")
    config = load_config(home / "config.toml", {**SERVERS, "TROUPE_MODEL__BASE": str(model)})
    assert config.vllm.urls == ("http://127.0.0.1:1", "http://127.0.0.1:2/")
    engine = make_engine(config, PersonaCatalog(config.adapters_dir))
    assert isinstance(engine, VllmEngine)


def test_a_bot_before_vllm_servers_never_imports_torch(home: Path) -> None:
    model = write_tiny_model(home / "tiny")
    (home / "config.toml").write_text(
        f'[model]\nbase = "{model}"\n[engine]\nbackend = "vllm"\n[vllm]\nurls = ["http://127.0.0.1:1"]\n'
    )
    command = [sys.executable, "-c", WITHOUT_TORCH, str(home / "config.toml")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_a_backend_without_servers_is_refused(home: Path) -> None:
    with pytest.raises(ConfigError, match=r'vllm.urls = \[\]: engine.backend = "vllm" needs a server'):
        load_config(home / "config.toml", {"TROUPE_ENGINE__BACKEND": "vllm"})


def test_a_setting_that_vllm_cannot_follow_is_refused_by_name_before_the_base_model_is_looked_for(home: Path) -> None:
    absent = {"TROUPE_MODEL__BASE": str(home / "absent")}
    config = load_config(home / "config.toml", {**SERVERS, **absent, "TROUPE_SAMPLING__TEMPERATURE": "2.5"})
    with pytest.raises(ConfigError, match=r"config.toml: sampling.temperature = 2.5: vLLM allows 2 at most"):
        make_engine(config, PersonaCatalog(config.adapters_dir))


def test_the_servers_key_comes_from_the_environment_and_is_never_printed(home: Path) -> None:
    config = load_config(home / "config.toml", {**SERVERS, "VLLM_API_KEY": "hush-hush"})
    assert config.secrets.vllm_api_key is not None
    assert config.secrets.vllm_api_key.get_secret_value() == "hush-hush"
    assert "hush" not in f"{config!r}{config.secrets!r}"
