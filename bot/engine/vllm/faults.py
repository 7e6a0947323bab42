"""What can go wrong between this process and a server, sorted by what follows. Never leaves this package."""


class ServerLost(Exception):
    """The server cannot be reached, hangs, drains or has died: it is left alone for a while, and another is asked."""


class ServerBusy(Exception):
    """The server takes no more requests just now; `seconds`: when it may, if it said so."""

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__("it takes no more requests just now")
        self.seconds = seconds


class RequestRefused(Exception):
    """The server will not answer this request, nor will another one; its other requests are fine."""
