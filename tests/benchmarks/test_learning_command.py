"""`python -m benchmarks.learning` refuses what it cannot do with a sentence, before anything is generated."""

import pytest

from benchmarks.learning.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--taste", "smells:good"], "is no taste"),
        (["--crowds", "nobody"], "there is no crowd 'nobody'; there are honest, trolls, random"),
        (["--rounds", "9"], "9 rounds of 100 replies: there are questions for 360"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(monkeypatch, capsys, arguments, told):
    monkeypatch.setattr("sys.argv", ["benchmarks.learning", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
