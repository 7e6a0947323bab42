"""Publishing, promoting and rolling back are all or nothing; whatever fails, the active version goes on speaking."""

import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import AdapterError, PublishError
from bot.versions.registry import AdapterRegistry, AdapterVersion
from tests.training.publishing.versions import accept, add, trained
from training.publishing import publish


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    (tmp_path / "parrot").mkdir()
    return AdapterRegistry(tmp_path)


def promoted(registry: AdapterRegistry, count: int) -> list[AdapterVersion]:
    versions = [add(registry, f"weights {number}".encode()) for number in range(count)]
    for version in versions:
        publish.promote(registry, version, force=True)
    return versions


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """A disk on which no file can grow beyond `size` bytes: the kernel answers EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_published_version_is_complete_and_does_not_speak(registry):
    version = add(registry)
    manifest = json.loads((version.path / "manifest.json").read_text())
    assert sorted(file.name for file in version.path.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]
    assert (manifest["persona"], manifest["number"], manifest["parent"]) == ("parrot", 1, None)
    assert manifest["adapter_sha256"] == version.sha256
    assert publish.trained_on(version) == {3}
    assert registry.active("parrot") is None
    publish.verify(version, "base")


def test_numbers_count_up_and_versions_are_never_touched_again(registry):
    first = add(registry, b"one")
    before = tree(first.path)
    second = add(registry, b"two")
    assert (first.number, second.number) == (1, 2)
    assert tree(first.path) == before


def test_a_full_disk_publishes_nothing_and_leaves_nothing(registry):
    [active] = promoted(registry, 1)
    before = tree(registry.folder)
    with files_limited_to(10_000), pytest.raises(PublishError, match=r"File too large.*goes on speaking"):
        add(registry, b"x" * 20_000)
    assert tree(registry.folder) == before
    assert registry.active("parrot") == active
    assert add(registry, b"small again").number == 2


def test_a_folder_that_cannot_be_written_is_named(registry):
    (registry.folder / "parrot" / "versions").write_text("a file where the folder should be")
    with pytest.raises(PublishError, match="parrot/versions"):
        add(registry)


def test_what_a_killed_training_left_is_swept_by_the_next(registry):
    versions = registry.folder / "parrot" / "versions"
    (versions / ".staging-1-abc").mkdir(parents=True)
    (versions / ".staging-1-abc" / "adapter_model.safetensors").write_bytes(b"half")
    assert registry.versions("parrot") == []
    with publish.training_lock(registry, "parrot"):
        assert list(versions.glob(".staging*")) == []


def test_one_training_of_a_persona_at_a_time(registry):
    (registry.folder / "crow").mkdir()
    with publish.training_lock(registry, "parrot"):
        with publish.training_lock(registry, "crow"):
            pass
        with (
            pytest.raises(PublishError, match="Another training of parrot is running"),
            publish.training_lock(registry, "parrot"),
        ):
            pass
    with publish.training_lock(registry, "parrot"):
        pass


def test_the_lock_of_a_killed_training_is_free(registry):
    holder = (
        "import pathlib, sys, time\n"
        "from bot.versions.registry import AdapterRegistry\n"
        "from training.publishing.publish import training_lock\n"
        "with training_lock(AdapterRegistry(pathlib.Path(sys.argv[1])), 'parrot'):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", holder, str(registry.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(PublishError), publish.training_lock(registry, "parrot"):
            pass
        child.kill()
    with publish.training_lock(registry, "parrot"):
        pass


def test_a_version_of_the_same_weights_and_base_serves_again_where_that_is_wanted(registry):
    add(registry, b"one")
    before = tree(registry.folder)
    again = publish.publish(registry, "parrot", trained(b"one"), {"base_fingerprint": "base"}, reuse=True)
    assert again.number == 1
    assert tree(registry.folder) == before


@pytest.mark.parametrize(("weights", "base"), [(b"two", "base"), (b"one", "another base")])
def test_nothing_ever_replaces_a_version(registry, weights, base):
    old = add(registry, b"one")
    before = tree(old.path)
    new = publish.publish(registry, "parrot", trained(weights), {"base_fingerprint": base}, reuse=True)
    assert new.number == 2
    assert tree(old.path) == before


def test_damaged_weights_do_not_serve_again(registry):
    (add(registry, b"one").path / "adapter_model.safetensors").write_bytes(b"edited")
    assert publish.publish(registry, "parrot", trained(b"one"), {"base_fingerprint": "base"}, reuse=True).number == 2


def test_only_an_accepting_report_of_exactly_these_weights_lets_a_version_speak(registry):
    version = add(registry)
    with pytest.raises(PublishError, match="has not been evaluated"):
        publish.promote(registry, version)
    accept(registry, version, adapter_sha256="of other weights")
    with pytest.raises(PublishError, match="has not been evaluated"):
        publish.promote(registry, version)
    accept(registry, version, accepted=False)
    with pytest.raises(PublishError, match=r"refused by the gate \(it loops\)"):
        publish.promote(registry, version)
    assert registry.active("parrot") is None

    accept(registry, version)
    promotion = publish.promote(registry, version)

    assert registry.active("parrot") == version
    assert promotion == publish.Promotion(version, None)


def test_force_promotes_a_refused_version_and_the_history_says_so(registry):
    version = add(registry)
    accept(registry, version, accepted=False)
    publish.promote(registry, version, force=True)
    [entry] = map(json.loads, (registry.folder / "parrot" / "promotions.jsonl").read_text().splitlines())
    assert (entry["action"], entry["number"], entry["previous"], entry["forced"]) == ("promote", 1, None, True)


def test_weights_edited_by_hand_are_neither_promoted_nor_rolled_back_to(registry):
    first, _ = promoted(registry, 2)
    (first.path / "adapter_model.safetensors").write_bytes(b"edited")
    with pytest.raises(AdapterError, match="it was changed after training"):
        publish.promote(registry, first, force=True)
    with pytest.raises(AdapterError, match="it was changed after training"):
        publish.rollback(registry, "parrot")
    assert registry.active_number("parrot") == 2


def test_an_adapter_of_another_base_model_is_told_by_its_fingerprint(registry):
    with pytest.raises(AdapterError, match="parrot v1 was trained on another base model"):
        publish.verify(add(registry), "another base")


def test_a_promotion_that_cannot_be_written_down_does_not_happen(registry):
    promoted(registry, 1)
    second = add(registry, b"two")
    before = tree(registry.folder)
    with files_limited_to(10), pytest.raises(PublishError, match="nothing was changed"):
        publish.promote(registry, second, force=True)
    assert tree(registry.folder) == before
    assert registry.active_number("parrot") == 1


def test_rolling_back_goes_back_one_promotion_at_a_time(registry):
    promoted(registry, 3)
    assert publish.rollback(registry, "parrot").version.number == 2
    assert publish.rollback(registry, "parrot").version.number == 1
    with pytest.raises(PublishError, match="v1 is the first version that spoke"):
        publish.rollback(registry, "parrot")
    assert registry.active_number("parrot") == 1


def test_after_a_rollback_a_new_promotion_is_rolled_back_to_what_it_replaced(registry):
    promoted(registry, 2)
    publish.rollback(registry, "parrot")
    publish.promote(registry, add(registry, b"three"), force=True)
    assert publish.rollback(registry, "parrot") == publish.Promotion(registry.version("parrot", 1), 3)


def test_a_version_that_never_spoke_is_not_rolled_back_to(registry):
    first = add(registry, b"one")
    add(registry, b"refused")
    third = add(registry, b"three")
    for version in (first, third):
        publish.promote(registry, version, force=True)
    assert publish.rollback(registry, "parrot").version.number == 1


def test_a_version_whose_folder_is_gone_is_passed_over(registry):
    versions = promoted(registry, 3)
    shutil.rmtree(versions[1].path)
    assert publish.rollback(registry, "parrot").version.number == 1


def test_without_a_history_the_newest_earlier_version_that_the_gate_accepted_is_taken(registry):
    one, two, _ = promoted(registry, 3)
    accept(registry, one)
    accept(registry, two, accepted=False)
    (registry.folder / "parrot" / "promotions.jsonl").unlink()
    assert publish.rollback(registry, "parrot").version.number == 1


def test_a_torn_line_of_the_history_is_skipped(registry):
    promoted(registry, 2)
    history = registry.folder / "parrot" / "promotions.jsonl"
    history.write_text(history.read_text() + '{"action": "prom')
    assert publish.rollback(registry, "parrot").version.number == 1


def test_a_rollback_can_name_its_version(registry):
    promoted(registry, 3)
    assert publish.rollback(registry, "parrot", 1).version.number == 1
    with pytest.raises(PublishError, match="v1 already speaks"):
        publish.rollback(registry, "parrot", 1)
    with pytest.raises(PublishError, match="parrot has no version 9; it has 1, 2, 3"):
        publish.rollback(registry, "parrot", 9)


def test_only_what_spoke_before_or_was_accepted_can_be_named(registry):
    promoted(registry, 1)
    never_judged, refused, accepted = (add(registry, name) for name in (b"two", b"three", b"four"))
    accept(registry, refused, accepted=False)
    accept(registry, accepted)
    with pytest.raises(PublishError, match=r"v2 has not been evaluated.*or rollback --to with --force"):
        publish.rollback(registry, "parrot", never_judged.number)
    with pytest.raises(PublishError, match=r"v3 was refused by the gate \(it loops\).*or rollback --to with --force"):
        publish.rollback(registry, "parrot", refused.number)
    assert publish.rollback(registry, "parrot", accepted.number).version == accepted
    assert publish.rollback(registry, "parrot", 1).version.number == 1, "it spoke, though nobody accepted it"


def test_forcing_a_refused_version_by_a_rollback_is_recorded(registry):
    promoted(registry, 1)
    accept(registry, add(registry, b"two"), accepted=False)
    publish.rollback(registry, "parrot", 2, force=True)
    last = list(publish.history(registry, "parrot"))[-1]
    assert (last["action"], last["number"], last["base"], last["forced"]) == ("rollback", 2, "base", True)


def test_rolled_back_to_the_base_a_persona_speaks_from_its_card(registry):
    [one] = promoted(registry, 1)
    assert publish.rollback_to_base(registry, "parrot") == one
    assert registry.active("parrot") is None
    with pytest.raises(PublishError, match="speaks from its card already"):
        publish.rollback_to_base(registry, "parrot")
    assert publish.rollback(registry, "parrot", 1).version == one, "it spoke before"


def test_each_base_model_has_its_own_history(tmp_path, registry):
    for number, base in enumerate(("small", "large", "small", "large")):
        version = add(registry, str(number).encode(), base)
        publish.promote(AdapterRegistry(tmp_path, base), version, force=True)
    small, large = AdapterRegistry(tmp_path, "small"), AdapterRegistry(tmp_path, "large")
    assert (small.active_number("parrot"), large.active_number("parrot")) == (3, 4)
    assert publish.rollback(small, "parrot").version.number == 1
    assert large.active_number("parrot") == 4
    with pytest.raises(AdapterError, match="v2 was trained on another base model"):
        publish.rollback(small, "parrot", 2)
    with pytest.raises(AdapterError, match="v2 was trained on another base model"):
        publish.promote(small, registry.version("parrot", 2), force=True)


def test_where_nobody_speaks_there_is_nothing_to_roll_back(registry):
    with pytest.raises(PublishError, match="nothing to roll back"):
        publish.rollback(registry, "parrot")


def test_a_pointer_that_cannot_be_read_does_not_keep_a_good_version_from_speaking(registry):
    version = add(registry)
    (registry.folder / "parrot" / "active").write_text("garbage")
    publish.promote(registry, version, force=True)
    assert registry.active_number("parrot") == 1
