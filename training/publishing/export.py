"""A version as a folder for the Hugging Face hub: PEFT's files, and a model card without a word of any member."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import huggingface_hub

from bot.engine.base_model import PACKAGED, hub_name
from bot.errors import PublishError
from bot.personas.catalog import Persona
from bot.versions.registry import PEFT_CONFIG, WEIGHTS, AdapterVersion, read_manifest, write_atomically
from bot.versions.small_files import read_json


def export(version: AdapterVersion, card: Persona, report: Path, folder: Path, licence: str | None = None) -> None:
    """Write the version to `folder`. `report`: the gate's, if there is one. Raises AdapterError, PublishError."""
    manifest = read_manifest(version.path)
    if folder.exists() and any(folder.iterdir()):
        raise PublishError(f"{folder} is not empty: name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    base = hub_name(str(manifest["base_model"]))
    config = {**read_json(version.path / PEFT_CONFIG), "base_model_name_or_path": base}
    write_atomically(folder / PEFT_CONFIG, json.dumps(config, indent=2) + "\n")
    shutil.copyfile(version.path / WEIGHTS, folder / WEIGHTS)
    figures = read_json(report).get("figures", {}).get("candidate", {}) if report.is_file() else {}
    known = licence or ("apache-2.0" if manifest["base_model"] == PACKAGED else "other")
    write_atomically(folder / "README.md", model_card(card, manifest, figures, base, known))


def push(folder: Path, repository: str, token: str) -> str:
    """Upload the folder to a private repository of the hub; its address. Raises PublishError."""
    api = huggingface_hub.HfApi(token=token)
    try:
        api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PublishError(f"{repository}: the hub did not take it ({reason}).") from error
    return f"https://huggingface.co/{repository}"


def model_card(card: Persona, manifest: Mapping[str, Any], figures: Mapping[str, Any], base: str, licence: str) -> str:
    """What it is, what it was trained on (counts only), how it was judged, and how to load it."""
    rows = [f"| {source} | {count} |" for source, count in sorted(manifest["rows"].items())]
    rows += [f"| {name} | {manifest[name]} |" for name in ("preferences", "votes") if manifest.get(name)]
    judged = [f"| {name} | {value:.4g} |" for name, value in sorted(figures.items()) if isinstance(value, int | float)]
    blocks = [
        f"---\nbase_model: {base}\nlibrary_name: peft\nlicense: {licence}\ntags: [lora, persona]\n---",
        f"# {card.display_name}",
        f"{card.description} A LoRA adapter for {base}, version {manifest['number']}.",
        "It speaks best with this system prompt:",
        "\n".join(f"> {line}" for line in card.system_prompt.splitlines()),
        "## Trained on",
        "\n".join(["| source | rows |", "| --- | --- |", *rows]),
    ]
    if judged:
        blocks += ["## Judged", "\n".join(["| figure | value |", "| --- | --- |", *judged])]
    loading = 'from peft import AutoPeftModelForCausalLM\n\nmodel = AutoPeftModelForCausalLM.from_pretrained(".")'
    return "\n\n".join([*blocks, "## Use", f"```python\n{loading}\n```"]) + "\n"
