"""The one tree of errors, sorted by who must act. Shown at one boundary: the cogs' error handler, or the CLI.

TroupeError
├── MemberError      the member acts: a sentence of `bot.wording` is shown in the channel
└── OperatorError    the person who runs the bot acts: the sentence names the value and the remedy;
                     the CLI prints it and exits non-zero, the running bot logs it

Anything else that escapes is a bug of ours: the member reads one plain sentence, the log gets the traceback.
"""

from bot.wording import ENGLISH, Argument, Say, render, say


class TroupeError(Exception):
    """Base of every expected failure; `str(error)` is one plain English sentence fit to be shown."""


class MemberError(TroupeError):
    """Something a member can act on (shorten, wait, ask someone with permission).

    Carries its message's id and arguments, so that the boundary can say it in the member's language.
    """

    def __init__(self, message_id: str, /, **arguments: Argument) -> None:
        super().__init__(render(message_id, ENGLISH, arguments))
        self.message_id = message_id
        self.arguments = arguments

    def said(self, say: Say = say) -> str:
        """The sentence in the language of the member who acted, or with `announce` in the channel's."""
        return say(self.message_id, **self.arguments)


class EmptyPrompt(MemberError):
    def __init__(self) -> None:
        super().__init__("empty-prompt")


class PromptTooLong(MemberError):
    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__("prompt-too-long", tokens=tokens, limit=limit)
        self.tokens, self.limit = tokens, limit


class QueueFull(MemberError):
    def __init__(self, waiting: int) -> None:
        super().__init__("queue-full", waiting=waiting)
        self.waiting = waiting


class QueueShareFull(MemberError):
    """There is room, but the channel or the server holds as many places as it may. `place`: "channel" or "server"."""

    def __init__(self, waiting: int, place: str) -> None:
        super().__init__("queue-share-full", waiting=waiting, place=place)


class DeadlineExceeded(MemberError):
    def __init__(self, seconds: float, *, started: bool) -> None:
        super().__init__("deadline-while-writing" if started else "deadline-while-waiting", seconds=round(seconds))
        self.seconds, self.started = seconds, started


class EngineStopped(MemberError):
    def __init__(self) -> None:
        super().__init__("engine-stopped")


class GenerationFailed(MemberError):
    """A step of the engine failed for this request; the engine goes on serving. The cause is in the log."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("generation-failed")
        self.detail = detail


class UnknownPersona(MemberError):
    def __init__(self, name: str, known: list[str]) -> None:
        if known:
            super().__init__("unknown-persona", name=name, known=", ".join(known))
        else:
            super().__init__("unknown-persona-none", name=name)
        self.name = name


class PersonaUnavailable(MemberError):
    """The persona's adapter could not be loaded; the operator's log says why."""

    def __init__(self, display_name: str) -> None:
        super().__init__("persona-unavailable", name=display_name)


class CannotGoOn(MemberError):
    """A reply that ended at its length limit has nothing to go on with."""

    def __init__(self) -> None:
        super().__init__("cannot-go-on")


class NotAllowed(MemberError):
    """The member lacks a permission; the sentence names it."""


class OperatorError(TroupeError):
    """Something the person who runs the bot must change; says the value and the remedy."""


class ConfigError(OperatorError):
    """config.toml or a TROUPE_ variable has an unknown key or a bad value."""


class PersonaError(OperatorError):
    """A persona card or its examples file cannot be used."""


class BaseModelError(OperatorError):
    """The base model is absent, unreadable, or of a shape the engine cannot serve."""


class AdapterError(OperatorError):
    """An adapter directory is corrupt, not safetensors, or was made for another base model."""


class StoreError(OperatorError):
    """The database is locked, read-only, corrupt, full, or from a newer version of Troupe."""


class DiscordError(OperatorError):
    """Discord refused the token or an intent, or its address may not be used."""


class PortInUse(OperatorError):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use: stop the other program, or set TROUPE_SANDBOX__PORT to a free port."
        )


class DatasetError(OperatorError):
    """There is not enough usable data to train on; says the counts."""


class PublishError(OperatorError):
    """A candidate could not be saved, promoted or rolled back; the active version goes on speaking."""
