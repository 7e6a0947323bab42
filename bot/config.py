"""Reads config.toml and the TROUPE_SECTION__KEY variables over it, once, into frozen sections.

In the bot only the entry points read `Config`; what they build receives plain values.
"""

import codecs
import io
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from bot.errors import ConfigError

ENV_PREFIX = "TROUPE_"
# Variables that carry the prefix without naming a section of config.toml.
PLAIN_VARIABLES = frozenset({"TROUPE_CONFIG", "TROUPE_DISCORD_API", "TROUPE_DISCORD_GATEWAY"})

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
DiscordIds = tuple[Annotated[int, Field(ge=1)], ...]  # Discord's: of servers, channels, roles or people


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelSection(Section):
    base: str = Field("smollm2-135m-instruct", min_length=1)
    precision: Literal["auto", "int8", "fp32", "bf16", "nf4"] = "auto"
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    cache_dir: str = "~/.cache/troupe"


class EngineSection(Section):
    backend: Literal["local", "vllm"] = "local"
    max_rows: Annotated[int, Field(ge=1, le=512)] = 16
    context_tokens: Annotated[int, Field(ge=64)] = 2048
    adapter_slots: Annotated[int, Field(ge=1, le=1024)] = 16
    max_rank: Annotated[int, Field(ge=1, le=256)] = 16
    queue_size: Count = 64
    prefill_tokens: Annotated[int, Field(ge=16)] = 256
    kept_tokens: Annotated[int, Field(ge=0)] = 8192
    deadline_seconds: Annotated[float, Field(ge=0.0)] = 300.0
    threads: Annotated[int, Field(ge=0)] = 0

    def local_options(self) -> dict[str, Any]:
        """What the in-process engine is told."""
        return self.model_dump(exclude={"backend"})


class VllmSection(Section):
    urls: tuple[Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$")], ...] = ()
    adapters: str = "data/served"
    model: str = ""
    connect_seconds: Annotated[float, Field(gt=0)] = 3.0
    silence_seconds: Annotated[float, Field(gt=5)] = 20.0


class SamplingSection(Section):
    temperature: Annotated[float, Field(ge=0.0, le=5.0)] = 0.7
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 0.9
    top_k: Annotated[int, Field(ge=0)] = 0
    min_p: Fraction = 0.0
    repetition_penalty: Annotated[float, Field(gt=0.0, le=5.0)] = 1.1
    max_tokens: Count = 200


class PersonasSection(Section):
    folder: str = "adapters"
    default: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,31}$")] = "plain"
    lore_entries: Annotated[int, Field(ge=0, le=50)] = 5
    lore_tokens: Annotated[int, Field(ge=0)] = 300


class ConversationSection(Section):
    max_turns: Annotated[int, Field(ge=1)] = 20
    idle_minutes: Annotated[int, Field(ge=1)] = 180


class DiscordSection(Section):
    edit_seconds: Annotated[float, Field(ge=0.2, le=30.0)] = 1.2
    status: str = "@mention me"
    message_content: bool = False
    members: bool = False


class AccessSection(Section):
    allowed_servers: DiscordIds = ()
    blocked_servers: DiscordIds = ()
    allowed_channels: DiscordIds = ()
    blocked_channels: DiscordIds = ()
    allowed_members: DiscordIds = ()
    blocked_members: DiscordIds = ()
    direct_messages: bool = True


class OperatorsSection(Section):
    members: DiscordIds = ()
    roles: DiscordIds = ()


class LimitsSection(Section):
    member_per_minute: Annotated[float, Field(ge=0)] = 12.0
    member_burst: Count = 6
    server_per_minute: Annotated[float, Field(ge=0)] = 120.0
    server_burst: Count = 40


class SandboxSection(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8710
    state: str = "data/sandbox.json"
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z0-9]{2,3})?$")] = "en-US"
    message_content: bool = True


class StoreSection(Section):
    path: str = "data/troupe.db"
    keep_days: Annotated[float, Field(ge=0)] = 0.0


class FeedbackSection(Section):
    ask_consent: bool = True


class LoggingSection(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class TrainingSection(Section):
    method: Annotated[str, Field(pattern=r"^[a-z]+(\+[a-z]+)*$")] = "auto"  # training knows the names
    precision: Literal["auto", "fp32", "bf16", "int8", "nf4"] = "auto"
    rank: Annotated[int, Field(ge=1, le=256)] = 8
    alpha: Annotated[int, Field(ge=1)] = 16
    epochs: Annotated[float, Field(gt=0)] = 5.0
    batch_size: Count = 8
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    preference_pairs: Count = 10
    preference_votes: Count = 300
    preference_epochs: Annotated[float, Field(gt=0)] = 2.0
    preference_learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-4
    preference_margin: Annotated[float, Field(gt=0, le=100)] = 12.0
    preference_beta: Annotated[float, Field(gt=0, le=10)] = 0.1
    grpo_steps: Count = 40
    grpo_curriculum: bool = True
    sampled_prompts: Count = 64
    sampled_answers: Count = 6
    sampled_facts: Annotated[int, Field(ge=0)] = 200
    bare_share: Fraction = 0.2
    seed: int = 7
    max_tokens: Annotated[int, Field(ge=32)] = 512
    min_likes: Count = 1
    min_voters: Count = 2
    max_voter_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    feedback_rows: Count = 1000
    seed_pairs: Annotated[int, Field(ge=0)] = 200
    seed_share: Annotated[float, Field(ge=0.0, le=0.9)] = 0.2
    preservation_share: Annotated[float, Field(ge=0.0, le=0.9)] = 0.34
    correction_weight: Annotated[int, Field(ge=1, le=10)] = 4
    max_length_drift: Annotated[float, Field(ge=1.0)] = 2.0
    kept_share: Annotated[float, Field(ge=0.0, le=0.9)] = 0.5
    heldout_share: Annotated[float, Field(ge=0.0, le=0.5)] = 0.1
    schedule: Annotated[str, Field(pattern=r"^(off|[1-9]\d{0,3}[hd])$")] = "off"
    min_new_votes: Count = 20


class GateSection(Section):
    max_liked_loss_ratio: Annotated[float, Field(gt=0)] = 1.0
    max_preservation_loss_ratio: Annotated[float, Field(gt=0)] = 1.15
    max_degenerate_rate: Fraction = 0.1
    min_vote_evidence: Annotated[float, Field(ge=0)] = 1.0
    min_knowledge_kept: Fraction = 0.95
    min_probes_kept: Fraction = 0.9
    max_repetition_rise: Fraction = 0.1
    max_length_drift: Annotated[float, Field(ge=1)] = 3.0
    probes: Annotated[int, Field(ge=0)] = 100
    min_probes: Annotated[int, Field(ge=0)] = 20
    min_heldout: Annotated[int, Field(ge=0)] = 10


class CanarySection(Section):
    share: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    error: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05
    most_votes: Count = 200
    most_days: Annotated[float, Field(gt=0)] = 7.0


class Config(Section):
    """Every section with its defaults; see config.toml for what each key means."""

    model: ModelSection = ModelSection()
    engine: EngineSection = EngineSection()
    vllm: VllmSection = VllmSection()
    sampling: SamplingSection = SamplingSection()
    personas: PersonasSection = PersonasSection()
    conversation: ConversationSection = ConversationSection()
    discord: DiscordSection = DiscordSection()
    access: AccessSection = AccessSection()
    operators: OperatorsSection = OperatorsSection()
    limits: LimitsSection = LimitsSection()
    sandbox: SandboxSection = SandboxSection()
    store: StoreSection = StoreSection()
    feedback: FeedbackSection = FeedbackSection()
    logging: LoggingSection = LoggingSection()
    training: TrainingSection = TrainingSection()
    gate: GateSection = GateSection()
    canary: CanarySection = CanarySection()

    _root: Path = PrivateAttr(default=Path())
    _file: Path | None = PrivateAttr(default=None)
    _secrets: "Secrets" = PrivateAttr(default_factory=lambda: Secrets())

    @model_validator(mode="after")
    def _reply_fits_the_context(self) -> "Config":
        if self.sampling.max_tokens >= self.engine.context_tokens:
            raise ValueError(
                f"sampling.max_tokens = {self.sampling.max_tokens} must be below "
                f"engine.context_tokens = {self.engine.context_tokens}"
            )
        return self

    @model_validator(mode="after")
    def _vllm_has_servers(self) -> "Config":
        if self.engine.backend == "vllm" and not self.vllm.urls:
            raise ValueError('vllm.urls = []: engine.backend = "vllm" needs a server, as in ["http://127.0.0.1:8000"]')
        return self

    @property
    def secrets(self) -> "Secrets":
        return self._secrets

    def path(self, value: str) -> Path:
        """A path of the configuration: `~` expanded, relative ones taken from config.toml's folder.

        Raises ConfigError where there is no home folder for `~`.
        """
        try:
            path = Path(value).expanduser()
        except RuntimeError:
            raise ConfigError(
                f"{value}: this account has no home folder; set HOME, or give a path without ~ in config.toml."
            ) from None
        return path if path.is_absolute() else self._root / path

    @property
    def file(self) -> Path | None:
        """The config.toml that was read; None: there was none, and all is as by default."""
        return self._file

    @property
    def folder(self) -> Path:
        """Where relative paths are taken from."""
        return self._root

    @property
    def adapters_dir(self) -> Path:
        return self.path(self.personas.folder)

    @property
    def store_path(self) -> Path:
        return self.path(self.store.path)

    @property
    def sandbox_state(self) -> Path | None:
        return self.path(self.sandbox.state) if self.sandbox.state else None

    @property
    def cache_dir(self) -> Path:
        return self.path(self.model.cache_dir)


class Secrets(BaseModel):
    """Values that come only from the environment or the ignored `.env`; never printed."""

    model_config = ConfigDict(frozen=True)

    discord_token: SecretStr | None = None
    discord_api: str | None = None
    discord_gateway: str | None = None
    vllm_api_key: SecretStr | None = None


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Parse config.toml (`path`, else $TROUPE_CONFIG, else ./config.toml) and the environment over it.

    A missing default file means all defaults. Raises ConfigError naming the key, its value and the remedy.
    """
    chosen = dict(os.environ if environ is None else environ)
    file = path or Path(chosen.get("TROUPE_CONFIG") or "config.toml")
    named = path is not None or bool(chosen.get("TROUPE_CONFIG"))
    root = file.resolve().parent
    variables = {**_dotenv(root / ".env"), **chosen}
    values = _read_toml(file, must_exist=named)
    overrides = _overrides(variables)
    for (section, key), text in overrides.items():
        _table(values, section, file.name)[key] = _parse(text)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, file.name, overrides)) from None
    config._root = root
    config._file = file.resolve() if file.is_file() else None
    config._secrets = Secrets(
        discord_token=SecretStr(token) if (token := variables.get("DISCORD_TOKEN", "").strip()) else None,
        discord_api=variables.get("TROUPE_DISCORD_API") or None,
        discord_gateway=variables.get("TROUPE_DISCORD_GATEWAY") or None,
        vllm_api_key=SecretStr(key) if (key := variables.get("VLLM_API_KEY", "").strip()) else None,
    )
    return config


def wanted_format(path: Path | None = None) -> Literal["text", "json"]:
    """The format of the log that a configuration asks for, however wrong it is elsewhere."""
    file = path or Path(os.environ.get("TROUPE_CONFIG") or "config.toml")
    said: Any = os.environ.get("TROUPE_LOGGING__FORMAT")
    with suppress(ConfigError, AttributeError):
        said = said or _dotenv(file.resolve().parent / ".env").get("TROUPE_LOGGING__FORMAT")
        said = said or _read_toml(file, must_exist=False).get("logging", {}).get("format")
    return "json" if said == "json" else "text"


def _dotenv(path: Path) -> dict[str, str]:
    """What the file sets; nothing where there is none. Windows PowerShell writes UTF-16, with a mark in front."""
    try:
        content = path.read_bytes()
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8.") from None
    return {key: value for key, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}


def _read_toml(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not must_exist:
            return {}
        raise ConfigError(f"{file}: no such file; check the path.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}.") from None


def _overrides(environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    found = {}
    for name, text in environ.items():
        if not name.startswith(ENV_PREFIX) or name in PLAIN_VARIABLES:
            continue
        section, separator, key = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if not separator or section not in Config.model_fields:
            raise ConfigError(
                f"{name}: no such setting; write TROUPE_SECTION__KEY with a section of config.toml "
                f"({', '.join(Config.model_fields)})."
            )
        found[section, key] = text
    return found


def _table(values: dict[str, Any], section: str, file: str) -> dict[str, Any]:
    table = values.setdefault(section, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: {section} must be a table: write [{section}].")
    return table


def _parse(text: str) -> Any:
    """A variable's text as a TOML value if it is a number, a boolean or a list of ids or texts, else as a string."""
    lists = r'\[[0-9, ]*\]|\[(?: *"[^"\\]*" *,?)*\]'
    bare = rf"true|false|{lists}|(?![+-]?0[0-9])[+-]?[0-9][0-9_]*(\.[0-9]+)?([eE][+-]?[0-9]+)?"
    if re.fullmatch(bare, text):
        with suppress(ValueError):  # such as 1__0, or more digits than Python takes for a number
            return tomllib.loads(f"value = {text}")["value"]
    return text


def _explain(error: ValidationError, file: str, overrides: Mapping[tuple[str, str], str]) -> str:
    sentences = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        location = problem["loc"]
        if len(location) == 2 and (str(location[0]), str(location[1])) in overrides:
            source = f"{ENV_PREFIX}{str(location[0]).upper()}__{str(location[1]).upper()}"
        else:
            source = f"{file}: {where}" if where else file
        if problem["type"] == "extra_forbidden":
            sentences.append(f"{source}: unknown key; {_known_keys(location)}")
        elif not where:
            sentences.append(f"{source}: {problem['msg'].removeprefix('Value error, ')}")
        else:
            sentences.append(f"{source} = {problem['input']!r}: {_lower_first(problem['msg'])}")
    return "; ".join(sentences) + "."


def _known_keys(location: tuple[int | str, ...]) -> str:
    if len(location) == 1:
        return f"the sections are {', '.join(Config.model_fields)}"
    section = Config.model_fields[str(location[0])].annotation
    assert isinstance(section, type)
    assert issubclass(section, Section)
    return f"[{location[0]}] has {', '.join(section.model_fields)}"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
