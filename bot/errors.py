"""The one tree of errors, sorted by who must act. Shown at one boundary: the cogs' error handler, or the CLI.

TroupeError
├── MemberError      the member acts: the sentence is shown in the channel
└── OperatorError    the person who runs the bot acts: the sentence names the value and the remedy;
                     the CLI prints it and exits non-zero, the running bot logs it

Anything else that escapes is a bug of ours: the member reads one plain sentence, the log gets the traceback.
"""


class TroupeError(Exception):
    """Base of every expected failure; `str(error)` is one plain sentence fit to be shown."""


class MemberError(TroupeError):
    """Something a member can act on (shorten, wait, ask someone with permission)."""


class EmptyPrompt(MemberError):
    def __init__(self) -> None:
        super().__init__("There was nothing to answer: write a message after the mention.")


class PromptTooLong(MemberError):
    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(
            f"That message is too long for me: {tokens} tokens, and I can read {limit}. Please shorten it."
        )
        self.tokens, self.limit = tokens, limit


class QueueFull(MemberError):
    def __init__(self, waiting: int) -> None:
        super().__init__(f"I am busy: {waiting} messages are already waiting. Please try again in a moment.")
        self.waiting = waiting


class DeadlineExceeded(MemberError):
    def __init__(self, seconds: float, *, started: bool) -> None:
        why = "it takes too long to write" if started else "too much is waiting before it"
        super().__init__(f"I gave up this answer after {seconds:.0f} seconds, because {why}. Please try again later.")
        self.seconds, self.started = seconds, started


class EngineStopped(MemberError):
    def __init__(self) -> None:
        super().__init__("I am shutting down right now. Please try again in a minute.")


class GenerationFailed(MemberError):
    """A step of the engine failed for this request; the engine goes on serving. The cause is in the log."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("Something went wrong while I was answering. Please try again.")
        self.detail = detail


class UnknownPersona(MemberError):
    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no persona called “{name}”. There is: {', '.join(known) or 'none yet'}.")
        self.name = name


class PersonaUnavailable(MemberError):
    """The persona's adapter could not be loaded; the operator's log says why."""

    def __init__(self, display_name: str) -> None:
        super().__init__(f"{display_name} cannot speak right now: its adapter could not be loaded. The log says why.")


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
