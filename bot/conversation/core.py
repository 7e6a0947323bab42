"""What answers messages, whoever asks: Discord, the sandbox or the terminal."""

import time
from dataclasses import dataclass, field

from bot.conversation.active_versions import ActiveVersions
from bot.conversation.channels import ChannelPersonas
from bot.conversation.history import Conversations
from bot.conversation.replies import Replies
from bot.engine import Engine
from bot.personas.catalog import PersonaCatalog
from bot.store import Store
from bot.versions.registry import AdapterRegistry


@dataclass(frozen=True)
class Core:
    """The parts, up and ready. `started_at`: when they were, in seconds since the epoch."""

    engine: Engine
    store: Store
    catalog: PersonaCatalog
    registry: AdapterRegistry
    channels: ChannelPersonas
    active_versions: ActiveVersions
    conversations: Conversations
    replies: Replies
    started_at: float = field(default_factory=time.time)
