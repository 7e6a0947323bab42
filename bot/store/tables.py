"""Owns what the store's parts share: each part is the methods about one subject, on one database."""

from bot.store.database import Database


class Tables:
    def __init__(self, database: Database) -> None:
        self._database = database
