"""`make bench-training` still measures what it says; the figures themselves are for whoever runs it."""

from benchmarks.training.votes import VOTES_EACH, cast
from bot.store import open_snapshot


def test_the_crowd_of_the_benchmark_votes_on_replies_that_may_train(tmp_path):
    cast(tmp_path / "troupe.db", "pirate", replies=5)
    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        replies = list(snapshot.replies("pirate"))
        assert snapshot.counts() == (5, 5 * VOTES_EACH)
        assert all({reply.record.asker_id} <= snapshot.consenting_members() for reply in replies)
    assert all(len(reply.likes | reply.dislikes) == VOTES_EACH for reply in replies)
