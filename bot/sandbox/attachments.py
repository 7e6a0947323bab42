"""Files that the bot or members attached, kept in memory within a bound and served by the sandbox itself."""

import mimetypes
import secrets
from typing import Any
from urllib.parse import quote

KEPT_BYTES = 64 * 2**20


class AttachmentStore:
    """What simcord calls its CDN: same methods, but with addresses that can be fetched.

    Every address holds a random part, as Discord's signed ones do: knowing it is the permission to read.
    """

    def __init__(self) -> None:
        self.base_url = ""  # set when the server knows its port
        self._files: dict[str, tuple[str, bytes]] = {}
        self._bytes = 0

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        key = f"{secrets.token_urlsafe(16)}/{channel_id}/{attachment_id}/{filename}"
        content_type = self.keep(key, data)
        url = f"{self.base_url}/attachments/{quote(key)}"
        return {
            "id": str(attachment_id),
            "filename": filename,
            "description": description,
            "size": len(data),
            "url": url,
            "proxy_url": url,
            "content_type": content_type,
        }

    @property
    def files(self) -> dict[str, bytes]:
        """The bytes of every file by its key."""
        return {key: data for key, (_, data) in self._files.items()}

    def keep(self, key: str, data: bytes) -> str:
        """Serve `data` at `base_url`/attachments/`key`, and forget the oldest files beyond the bound; its type."""
        content_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
        self._files[key] = (content_type, data)
        self._bytes += len(data)
        while self._bytes > KEPT_BYTES and len(self._files) > 1:
            self._drop(next(iter(self._files)))
        return content_type

    def find(self, key: str) -> tuple[str, bytes] | None:
        """Content type and bytes of the file at `base_url`/attachments/`key`."""
        return self._files.get(key)

    def forget(self, attachments: list[dict[str, Any]]) -> None:
        if ids := {str(attachment["id"]) for attachment in attachments}:
            for key in [key for key in self._files if key.split("/")[2] in ids]:
                self._drop(key)

    def _drop(self, key: str) -> None:
        self._bytes -= len(self._files.pop(key)[1])
