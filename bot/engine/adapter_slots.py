"""Which adapter sits in which slot. Registered on disk, resident in a slot and in use by a request are three things.

Pure bookkeeping: no tensors, no files, no locks (the scheduler's lock guards it).
"""

from collections.abc import Collection
from dataclasses import dataclass

from bot.versions.registry import AdapterVersion


@dataclass
class Resident:
    slot: int
    users: int = 0
    last_used: int = 0
    retired: bool = False  # free the slot as soon as nobody uses it


class AdapterSlots:
    """Slots 1 to `slots`; slot 0 is the base model alone. A used adapter is pinned: its slot is never given away."""

    def __init__(self, slots: int) -> None:
        self._free = list(range(slots, 0, -1))
        self._residents: dict[AdapterVersion, Resident] = {}
        self._clock = 0

    @property
    def adapters(self) -> tuple[AdapterVersion, ...]:
        return tuple(version for version, resident in self._residents.items() if not resident.retired)

    def __contains__(self, version: AdapterVersion) -> bool:
        return version in self._residents

    def users(self, version: AdapterVersion) -> int:
        return self._residents[version].users if version in self._residents else 0

    def pin(self, version: AdapterVersion) -> int:
        """The slot of a resident adapter, which stays until `unpin`. Being wanted again ends a retirement."""
        resident = self._residents[version]
        resident.users += 1
        resident.retired = False
        self._touch(resident)
        return resident.slot

    def unpin(self, version: AdapterVersion) -> None:
        resident = self._residents[version]
        resident.users -= 1
        assert resident.users >= 0
        if resident.retired and resident.users == 0:
            self._free_slot(version)

    def claim(self, wanted: Collection[AdapterVersion]) -> int | None:
        """A slot to write into, taken from the least recently used adapter if need be; None when all are in use.

        Adapters in `wanted` are spared. The slot belongs to the caller until `settle` or `give_back`.
        """
        if not self._free:
            idle = [v for v, resident in self._residents.items() if resident.users == 0 and v not in wanted]
            if not idle:
                return None
            self._free_slot(min(idle, key=lambda version: self._residents[version].last_used))
        return self._free.pop()

    def settle(self, version: AdapterVersion, slot: int) -> None:
        """The claimed slot now holds `version`."""
        assert version not in self._residents
        resident = Resident(slot)
        self._touch(resident)
        self._residents[version] = resident

    def give_back(self, slot: int) -> None:
        """The claimed slot stayed unused."""
        self._free.append(slot)

    def retire(self, version: AdapterVersion) -> None:
        """Free the slot, at once or when its last user is done. Unknown adapters are ignored."""
        resident = self._residents.get(version)
        if resident is None:
            return
        resident.retired = True
        if resident.users == 0:
            self._free_slot(version)

    def _free_slot(self, version: AdapterVersion) -> None:
        resident = self._residents.pop(version)
        assert resident.users == 0, "an evicted slot had live rows"
        self._free.append(resident.slot)

    def _touch(self, resident: Resident) -> None:
        self._clock += 1
        resident.last_used = self._clock
