import pytest

from bot.errors import PublishError
from training.recipes.kto import KTO
from training.recipes.sft import SFT


class Killed(BaseException):
    pass


def killed_at(step):
    def on_step(at, _steps, _loss):
        if at == step:
            raise Killed

    return on_step


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_that_goes_on_after_a_kill_in_a_later_stage_gives_the_same_adapter(teach, tmp_path, precision):
    methods, step = (SFT, KTO), 12 + 11
    whole = teach(*methods, precision=precision)
    with pytest.raises(Killed):
        teach(*methods, folder=tmp_path, on_step=killed_at(step), precision=precision)
    seen = []
    continued = teach(*methods, folder=tmp_path, on_step=lambda *at: seen.append(at[0]), precision=precision)
    assert continued.weights == whole.weights
    assert continued.loss_curve == whole.loss_curve
    assert min(seen) == step, "what was learned is not learned again"


def test_a_checkpoint_that_was_torn_by_the_kill_is_passed_over(teach, tmp_path):
    whole = teach()
    with pytest.raises(Killed):
        teach(folder=tmp_path, on_step=killed_at(11))
    torn = tmp_path / "sft" / "checkpoint-11"
    torn.mkdir()
    (torn / "trainer_state.json").write_text('{"global_st')
    assert teach(folder=tmp_path).weights == whole.weights


def test_a_checkpoint_that_cannot_be_written_is_a_sentence_with_the_remedy(teach, tmp_path):
    (tmp_path / "sft").mkdir()
    (tmp_path / "sft" / "checkpoint-10").write_text("in the way")
    with pytest.raises(PublishError, match=r"checkpoint cannot be written .*free some space, then train again"):
        teach(folder=tmp_path)
