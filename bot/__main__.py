"""The command line: `python -m bot run`, `chat`, `doctor` and the rest (console script: `troupe`)."""

import asyncio
import logging
import shlex
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.cli.captured_output import everything_logged
from bot.command_line import print_failure, run_commands
from bot.config import Config, load_config, wanted_format
from bot.errors import ConfigError, EmptyPrompt, TroupeError
from bot.logs import configure_logging, logs_json
from bot.personas.catalog import PersonaCatalog

app = typer.Typer(
    name="troupe",
    help="Discord personas from one base model: one LoRA adapter per persona, swapped per channel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The config.toml to read (default: $TROUPE_CONFIG, else ./config.toml).")
]


@app.command()
def run(config: ConfigOption = None) -> None:
    """Start the bot: on Discord when DISCORD_TOKEN is set, otherwise on a local Discord in your browser."""
    settings = _settings(config)
    if settings.logging.format == "text":
        _serve(settings, Console(stderr=True))
        return
    with everything_logged() as stream:
        configure_logging(settings.logging.level, "json", stream)
        _serve(settings, None)


@app.command()
def chat(
    persona: Annotated[str | None, typer.Option(help="The persona that answers (default: personas.default).")] = None,
    message: Annotated[str | None, typer.Option(help="Ask this, print the reply and exit.")] = None,
    version: Annotated[
        int | None, typer.Option(min=0, help="The version that speaks (default: the active one); 0: the card alone.")
    ] = None,
    against: Annotated[
        int | None, typer.Option(min=0, help="With --message and --version: show this version's answer too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per reply.")] = False,
    config: ConfigOption = None,
) -> None:
    """Talk to a persona in the terminal, with the engine, prompts and database that Discord members get."""
    settings = _settings(config, level="WARNING")
    card = PersonaCatalog(settings.adapters_dir).get(persona or settings.personas.default)
    if message is not None and not message.strip():
        raise EmptyPrompt
    from bot.cli.terminal import compare, converse

    if against is None:
        _run(converse(settings, card, message, as_json=as_json, version=version))
        return
    if message is None or version is None or as_json:
        raise typer.BadParameter("--against goes with --message and --version, and without --json.")
    _run(compare(settings, card, message, (version, against)))


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Check what Troupe needs, and say how to get what is missing. Exits 1 when something has to be fixed."""
    from bot.cli.doctor import examine, print_findings

    findings = examine(config)
    raise typer.Exit(0 if print_findings(findings, Console()) else 1)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new .tar (all of it) or .db (the database), or a folder.")],
    keep: Annotated[int, typer.Option(min=1, help="Of the archives in a folder, keep the newest ones only.")] = 7,
    config: ConfigOption = None,
) -> None:
    """Copy the database, the personas with their versions, and config.toml to TARGET while the bot runs.

    In a folder the archive is named after the time, and the oldest ones are removed.
    """
    settings = _settings(config)
    from bot.cli.archive import is_archive, write_archive, write_in_turn
    from bot.store import backup as copy_database

    if target.is_dir():
        target = write_in_turn(settings, target, keep)
    elif is_archive(target):
        write_archive(settings, target)
    else:
        copy_database(settings.store_path, target)
    print(f"{target} is written.")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup that `backup` wrote.")],
    config: ConfigOption = None,
) -> None:
    """Put a backup in the place of what is here. The bot must not run; what was here is kept beside it."""
    settings = _settings(config)
    from bot.cli.archive import is_archive, restore_archive
    from bot.store import restore as put_back

    if is_archive(source):
        restored = restore_archive(source, settings)
        kept = [restored.database, restored.personas]
        print(f"Its config.toml is {restored.config}." if restored.config else "It holds no config.toml.")
    else:
        kept = [put_back(source, settings.store_path)]
    print(f"{source} is restored to {settings.store_path}.")
    print("".join(f"What was there is {path}.\n" for path in kept if path), end="")


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Try it on a copy, and change nothing.")] = False,
    config: ConfigOption = None,
) -> None:
    """Bring the database of an earlier version up to date, after keeping a copy. The bot must not run."""
    path = _settings(config).store_path
    from bot.store.upgrading import check_upgrade, upgrade

    if check:
        now, then = check_upgrade(path)
        print(f"{path} is up to date." if now == then else f"{path} can be upgraded from schema {now} to {then}.")
        return
    kept = asyncio.run(upgrade(path))
    print(f"{path} is up to date." + (f" What it was is {kept}." if kept else ""))


@app.command()
def check_messages(config: ConfigOption = None) -> None:
    """Ask Discord which stored messages are still there, and delete those that are gone."""
    settings = _settings(config)
    from bot.cli.message_check import check_messages as check

    checked = asyncio.run(check(settings))
    unreadable = f" {checked.unreadable} channels cannot be read." if checked.unreadable else ""
    print(f"{checked.messages} messages were looked for; {checked.gone} were gone and are deleted here.{unreadable}")


@app.command()
def serve_model(
    port: Annotated[int, typer.Option(help="Where it listens, on loopback.")] = 8000,
    python: Annotated[Path, typer.Option(help="The Python that has vLLM; `make vllm` makes it.")] = Path(
        ".venv-vllm/bin/python"
    ),
    gpus: Annotated[int | None, typer.Option(help="GPUs that share the model (default: one, if there is any).")] = None,
    show: Annotated[bool, typer.Option("--print", help="Print the command instead of running it.")] = False,
    config: ConfigOption = None,
) -> None:
    """Run a vLLM server for this configuration, and start it again when it dies (docs/vllm.md)."""
    settings = _settings(config)
    from bot.cli.model_server import gpus_here, keep_serving, model_server
    from bot.engine.base_model import prepare_base_model

    model = prepare_base_model(settings.model.base, settings.cache_dir).path
    server = model_server(settings, model, python, port, min(1, gpus_here()) if gpus is None else gpus)
    if show:
        print(shlex.join([*(f"{name}={value}" for name, value in server.environ.items()), *server.command]))
    else:
        keep_serving(server)


def _serve(settings: Config, console: Console | None) -> None:
    from bot.app import run_bot  # torch and discord.py load only for the commands that need them

    _run(run_bot(settings, console))


def _settings(path: Path | None, level: str | None = None) -> Config:
    try:
        config = load_config(path)
    except ConfigError:
        configure_logging(fmt=wanted_format(path))
        raise
    configure_logging(level or config.logging.level, config.logging.format)
    return config


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def main() -> None:
    run_commands(app, _tell)


def _tell(error: TroupeError) -> None:
    if logs_json() and "run" in sys.argv:
        logging.getLogger("bot").critical("%s", error)
    else:
        print_failure("troupe", error)


if __name__ == "__main__":
    main()
