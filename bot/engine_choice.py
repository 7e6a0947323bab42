"""Makes the engine that config.toml chooses: the one place that knows more of it than the `Engine` protocol.

Only the chosen one is imported: with vLLM's, torch stays out.
"""

import dataclasses

from bot.config import Config
from bot.engine import Engine, EngineOptions, SamplingParams
from bot.errors import ConfigError
from bot.personas.catalog import PersonaCatalog
from bot.progress import ReportProgress


def make_engine(config: Config, catalog: PersonaCatalog, progress: ReportProgress | None = None) -> Engine:
    """Prepares what the engine needs of the base model, too, which takes minutes the first time.

    Raises OperatorError; for settings that the engine cannot follow, before anything is prepared.
    """
    make = _vllm_engine if config.engine.backend == "vllm" else _local_engine
    return make(config, catalog, progress)


def sampling_defaults(config: Config) -> SamplingParams:
    """How replies are sampled where a persona's card says nothing else."""
    return SamplingParams(**config.sampling.model_dump())


def _local_engine(config: Config, _catalog: PersonaCatalog, progress: ReportProgress | None) -> Engine:
    from bot.engine.base_model import prepare_base_model
    from bot.engine.torch_engine import TorchEngine

    options = EngineOptions(
        device=config.model.device,
        precision=config.model.precision,
        cache_dir=config.cache_dir,
        **config.engine.local_options(),
    )
    return TorchEngine(prepare_base_model(config.model.base, config.cache_dir, progress), options)


def _vllm_engine(config: Config, catalog: PersonaCatalog, progress: ReportProgress | None) -> Engine:
    from bot.engine.base_model import prepare_base_model
    from bot.engine.vllm import VllmEngine, VllmOptions

    _refuse_what_vllm_cannot(config, catalog)
    engine, vllm, key = config.engine, config.vllm, config.secrets.vllm_api_key
    options = VllmOptions(
        urls=vllm.urls,
        adapters=config.path(vllm.adapters),
        model=vllm.model,
        key=key.get_secret_value() if key else None,
        max_rows=engine.max_rows,
        context_tokens=engine.context_tokens,
        max_rank=engine.max_rank,
        queue_size=engine.queue_size,
        deadline_seconds=engine.deadline_seconds,
        connect_seconds=vllm.connect_seconds,
        silence_seconds=vllm.silence_seconds,
    )
    return VllmEngine(prepare_base_model(config.model.base, config.cache_dir, progress), options)


def _refuse_what_vllm_cannot(config: Config, catalog: PersonaCatalog) -> None:
    """Raises ConfigError naming the first setting, of config.toml or of a card, that vLLM would refuse."""
    from bot.engine.vllm.dialect import unsupported

    defaults = sampling_defaults(config)
    chosen = {"config.toml: sampling": defaults}
    for persona in catalog.all():
        chosen[f"the card of {persona.name}: sampling"] = dataclasses.replace(defaults, **persona.sampling_values())
    for where, sampling in chosen.items():
        if problem := unsupported(sampling):
            raise ConfigError(f'{where}.{problem}; lower it, or set engine.backend = "local".')
