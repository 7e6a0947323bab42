"""What an interaction refers to by id (members, roles, channels, uploaded files), sent along as Discord does."""

from typing import Annotated, Any

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError
from simcord.backend import serializers
from simcord.enums import OptionType

from bot.sandbox.control_error import ControlError
from bot.sandbox.world import World

MAX_FILE = 10 * 2**20  # Discord's limit for members without Nitro
MAX_FILES = 10


class Upload(BaseModel):
    """A file as the page sends it."""

    model_config = ConfigDict(extra="forbid")

    filename: Annotated[str, Field(min_length=1, max_length=260, pattern=r"^[^/\\\x00-\x1f]+$")]
    data: Base64Bytes


def store_upload(world: World, channel: int, upload: Upload) -> dict[str, Any]:
    """The attachment as Discord describes it, its bytes kept where its `url` says."""
    if len(upload.data) > MAX_FILE:
        raise ControlError(f"{upload.filename} is too large: a file can have at most {MAX_FILE // 2**20} MB.")
    return world.cdn.store_attachment(world.snowflake(), channel, upload.filename, upload.data, None)


class Resolved:
    """Collects in `data` what one interaction in `channel` refers to."""

    def __init__(self, world: World, channel: int) -> None:
        self.data: dict[str, dict[str, Any]] = {}
        self._world = world
        self._channel = channel

    def entity(self, kind: int, value: Any) -> str:
        """The id of the user, role or channel that `value` names."""
        key = int(value) if str(value).isdecimal() else 0
        world, guild = self._world, self._world.guild
        if kind in (OptionType.USER, OptionType.MENTIONABLE) and key in guild.members:
            self._add("users", key, serializers.user_payload(world.users[key]))
            member = serializers.member_payload(world, guild, guild.members[key], with_user=False)
            self._add("members", key, {**member, "permissions": "0"})
        elif kind in (OptionType.ROLE, OptionType.MENTIONABLE) and key in guild.roles:
            self._add("roles", key, serializers.role_payload(guild.roles[key]))
        elif kind == OptionType.CHANNEL and key in (*guild.channel_ids, *guild.thread_ids):
            payload = serializers.channel_payload(world, world.channels[key])
            self._add("channels", key, {**payload, "permissions": "0"})
        else:
            raise ControlError(f"There is no such member, role or channel: {value}.")
        return str(key)

    def file(self, value: Any) -> str:
        """The id of the attachment that `value`, an upload of the page, becomes."""
        try:
            upload = Upload.model_validate(value)
        except ValidationError:
            raise ControlError("That is not a file: it needs a name and its bytes.") from None
        attachment = store_upload(self._world, self._channel, upload)
        self._add("attachments", attachment["id"], attachment)
        return str(attachment["id"])

    def _add(self, kind: str, key: int | str, payload: Any) -> None:
        self.data.setdefault(kind, {})[str(key)] = dict(payload)
