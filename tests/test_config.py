from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.config import Config, load_config
from bot.errors import ConfigError
from tests.places import REPOSITORY


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def refusal(path: Path, **environ: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load_config(path, environ)
    return str(refused.value)


def test_the_shipped_config_toml_states_every_default():
    config = load_config(REPOSITORY / "config.toml", {})
    assert config.model_dump() == Config().model_dump()


def test_the_shipped_config_toml_names_every_key():
    text = (REPOSITORY / "config.toml").read_text()
    for section, keys in Config().model_dump().items():
        assert f"\n[{section}]" in text
        for key in keys:
            assert f"\n{key} = " in text, f"{section}.{key} is not in config.toml"


def test_a_variable_overrides_the_file(tmp_path):
    path = write(tmp_path, "[engine]\nmax_rows = 4\n")
    config = load_config(path, {"TROUPE_ENGINE__MAX_ROWS": "8", "TROUPE_SAMPLING__TEMPERATURE": "0.2"})
    assert (config.engine.max_rows, config.sampling.temperature) == (8, 0.2)


def test_a_variable_may_hold_text_that_looks_like_toml(tmp_path):
    config = load_config(write(tmp_path, ""), {"TROUPE_DISCORD__STATUS": '"] [evil'})
    assert config.discord.status == '"] [evil'


def test_a_variable_may_hold_a_list_of_ids(tmp_path):
    config = load_config(write(tmp_path, ""), {"TROUPE_ACCESS__BLOCKED_MEMBERS": "[12, 34]"})
    assert config.access.blocked_members == (12, 34)
    assert "TROUPE_OPERATORS__ROLES" in refusal(write(tmp_path, ""), TROUPE_OPERATORS__ROLES="admins")


@pytest.mark.parametrize("schedule", ["daily", "0h", "24", "h"])
def test_a_schedule_is_hours_days_or_off(tmp_path, schedule):
    assert "training.schedule" in refusal(write(tmp_path, f'[training]\nschedule = "{schedule}"\n'))


def test_the_file_that_was_read_is_known_for_programs_the_bot_starts(tmp_path, monkeypatch):
    path = write(tmp_path, "")
    assert load_config(path, {}).file == path
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert load_config(None, {}).file is None


def test_an_unknown_key_is_named_with_the_keys_there_are(tmp_path):
    message = refusal(write(tmp_path, "[engine]\nmax_rowz = 4\n"))
    assert "engine.max_rowz: unknown key" in message
    assert "max_rows" in message


def test_an_unknown_section_is_named(tmp_path):
    assert "engin: unknown key" in refusal(write(tmp_path, "[engin]\nmax_rows = 4\n"))


def test_a_bad_value_is_shown_with_its_remedy(tmp_path):
    message = refusal(write(tmp_path, "[engine]\nmax_rows = 0\n"))
    assert "config.toml: engine.max_rows = 0: input should be greater than or equal to 1" in message


def test_a_bad_variable_is_named_as_the_variable(tmp_path):
    message = refusal(write(tmp_path, ""), TROUPE_ENGINE__MAX_ROWS="many")
    assert "TROUPE_ENGINE__MAX_ROWS = 'many'" in message


def test_a_variable_with_one_underscore_too_few_is_refused(tmp_path):
    assert "TROUPE_ENGINE_MAX_ROWS: no such setting" in refusal(write(tmp_path, ""), TROUPE_ENGINE_MAX_ROWS="4")


def test_a_reply_longer_than_the_context_is_refused(tmp_path):
    message = refusal(write(tmp_path, "[engine]\ncontext_tokens = 128\n"))
    assert "sampling.max_tokens = 200 must be below engine.context_tokens = 128" in message


def test_broken_toml_is_one_sentence(tmp_path):
    assert "not valid TOML" in refusal(write(tmp_path, "[engine\n"))


def test_a_section_that_is_no_table_is_refused(tmp_path):
    assert "engine must be a table" in refusal(write(tmp_path, "engine = 3\n"), TROUPE_ENGINE__MAX_ROWS="4")


def test_a_named_file_must_exist(tmp_path):
    assert "no such file; check the path" in refusal(tmp_path / "absent.toml")


def test_secrets_come_from_dotenv_and_are_never_printed(tmp_path):
    (tmp_path / ".env").write_text("DISCORD_TOKEN=abc.def.ghi\n")
    config = load_config(write(tmp_path, ""), {})
    assert config.secrets.discord_token is not None
    assert config.secrets.discord_token.get_secret_value() == "abc.def.ghi"
    assert "abc.def.ghi" not in repr(config.secrets) + repr(config)


def test_relative_paths_are_taken_from_the_files_folder(tmp_path):
    config = load_config(write(tmp_path, '[store]\npath = "here/troupe.db"\n'), {})
    assert config.store_path == tmp_path / "here/troupe.db"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40))
def test_no_text_of_a_variable_escapes_as_another_error(text):
    assume(text not in ("auto", "cpu", "cuda") and not text.startswith("cuda:"))
    assert "TROUPE_MODEL__DEVICE" in refusal(REPOSITORY / "config.toml", TROUPE_MODEL__DEVICE=text)


@pytest.mark.parametrize("content", ["DISCORD_TOKEN=a.b.c\n".encode(code) for code in ("utf-8", "utf-8-sig", "utf-16")])
def test_an_env_file_is_read_in_whichever_encoding_an_editor_saved_it(tmp_path, content):
    (tmp_path / "config.toml").write_text("")
    (tmp_path / ".env").write_bytes(content)
    token = load_config(tmp_path / "config.toml", {}).secrets.discord_token
    assert token.get_secret_value() == "a.b.c"


def test_an_env_file_that_is_no_text_is_named_with_its_remedy(tmp_path):
    (tmp_path / "config.toml").write_text("")
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xe4\n")
    with pytest.raises(ConfigError, match=r"\.env: is not UTF-8 text; save it as UTF-8"):
        load_config(tmp_path / "config.toml", {})


def test_without_a_home_folder_a_path_with_a_tilde_is_refused_with_the_remedy(tmp_path, monkeypatch):
    def nobody(_name):
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    (tmp_path / "config.toml").write_text("")
    config = load_config(tmp_path / "config.toml", {})
    with pytest.raises(ConfigError, match="has no home folder; set HOME"):
        _ = config.cache_dir


@pytest.mark.parametrize(
    "number", ["1__0", "1_", "9" * 5000], ids=["two underscores", "one at the end", "too many digits"]
)
def test_a_variable_that_is_nearly_a_number_is_refused_by_its_name(number):
    with pytest.raises(ConfigError, match="TROUPE_ENGINE__MAX_ROWS"):
        load_config(environ={"TROUPE_ENGINE__MAX_ROWS": number})
