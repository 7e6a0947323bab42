"""The base of the store's parts, each of which holds the methods about one subject."""

from bot.store.database import Database


class Tables:
    def __init__(self, database: Database) -> None:
        self._database = database
