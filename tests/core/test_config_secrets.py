"""Secrets, and the keys of connections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from upheld.config import (
    ConnectionEntry,
    SecretRef,
    Vault,
    load_config,
    secret_findings,
    validate_connection,
)
from upheld.config.shapes import keys_at
from upheld.errors import ConfigError, Place
from upheld.plugin import ConnectionConfig, Level
from upheld.source import Document, parse


class _Owner(ConnectionConfig):
    group: str
    key: SecretStr | None = None


class _Config(ConnectionConfig):
    url: str = "https://x.example"
    token: SecretStr
    also: Annotated[SecretStr | None, Field(description="another")] = None
    caller: str = Field("", alias="from")
    owner: _Owner | None = None
    teams: list[_Owner] = Field(default_factory=list)
    keys: dict[str, SecretStr] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    mode: Literal["a", "b"] = "a"

    @field_validator("token")
    @classmethod
    def _long_enough(cls, token: SecretStr) -> SecretStr:
        if len(token.get_secret_value()) < 8:
            raise ValueError(f"{token.get_secret_value()} is too short")
        return token


def _document(options: str) -> Document:
    text = f"connections:\n  desk:\n    plugin: x\n{options}"
    return parse(text, "upheld.yaml")


def _entry(document: Document) -> ConnectionEntry:
    written = ConnectionEntry.split(document.data["connections"]["desk"])
    return ConnectionEntry.model_validate({"name": "desk", **written})


def _valid(options: str, **environ: str) -> _Config:
    document = _document(options)
    found = validate_connection(_entry(document), _Config, document, Vault(Path(), environ))
    assert isinstance(found, _Config)
    return found


def _refused(options: str, **environ: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _valid(options, **environ)
    return caught.value


# --- connections --------------------------------------------------------------------------------


def test_a_secret_comes_from_the_environment() -> None:
    config = _valid("    token: {env: TOKEN}\n", TOKEN="abcdefgh")
    assert config.token.get_secret_value() == "abcdefgh"
    assert "abcdefgh" not in repr(config)


def test_secrets_are_found_wherever_the_plugin_has_them() -> None:
    config = _valid(
        "    token: {env: A}\n    also: {env: B}\n    owner: {group: g, key: {env: C}}\n"
        "    teams: [{group: h, key: {env: D}}]\n    keys: {one: {env: E}}\n",
        **{name: name.lower() * 8 for name in "ABCDE"},
    )
    assert config.also is not None
    assert config.owner is not None
    assert config.owner.key is not None
    team = config.teams[0].key
    assert team is not None
    found = (config.also, config.owner.key, team, config.keys["one"])
    assert [each.get_secret_value()[0] for each in found] == ["b", "c", "d", "e"]


def test_any_plain_value_may_be_a_reference() -> None:
    config = _valid(
        "    token: {env: T}\n    url: {env: URL}\n", T="abcdefgh", URL="https://y.example"
    )
    assert config.url == "https://y.example"


def test_a_mapping_that_looks_like_a_reference_stays_one() -> None:
    config = _valid("    token: {env: T}\n    labels: {env: prod}\n", T="abcdefgh")
    assert config.labels == {"env": "prod"}


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ("    token: abc-secret\n", "token"),
        ("    token: 12345678\n", "token"),
        ("    token: {value: abc-secret}\n", "token"),
        ("    token: {env: T}\n    owner: {group: g, key: abc-secret}\n", "owner.key"),
        ("    token: {env: T}\n    teams: [{group: g, key: abc-secret}]\n", "teams.0.key"),
        ("    token: {env: T}\n    keys: {one: abc-secret}\n", "keys.one"),
    ],
)
def test_a_secret_in_the_file_is_refused_with_its_place_and_not_shown(
    options: str, key: str
) -> None:
    error = _refused(options, T="abcdefgh")
    assert (
        error.what == f"connections.desk.{key}: is a secret, and a secret never stands in the file"
    )
    assert error.do_next == "write {env: NAME} or {file: PATH}"
    assert isinstance(error.where, Place)
    assert error.where.line == 3 + options.count("\n")
    assert "abc-secret" not in str(error)


def test_a_missing_secret_is_told_beside_what_else_is_wrong() -> None:
    error = _refused("    token: {env: NONE}\n    urll: x\n    mode: c\n")
    told = [each.what for each in error.problems]
    assert told[0] == "the environment variable NONE is not set"
    assert told[1].startswith("connections.desk.mode: ")
    assert told[2] == "connections.desk.urll: there is no such key"
    assert error.problems[2].do_next == 'did you mean "url"?'
    assert len(told) == 3


def test_the_cores_own_keys_are_offered_too() -> None:
    error = _refused("    token: {env: T}\n    case_to: desk\n", T="abcdefgh")
    assert error.do_next == 'did you mean "cases_to"?'


def test_a_plugins_message_never_shows_a_secret() -> None:
    error = _refused("    token: {env: T}\n", T="s3cret")
    assert "… is too short" in error.what
    assert "s3cret" not in str(error)


def test_a_key_by_its_alias_is_taken() -> None:
    assert _valid('    token: {env: T}\n    from: "+1202"\n', T="abcdefgh").caller == "+1202"


def test_a_mapping_for_a_choice_is_refused_not_a_crash() -> None:
    assert "mode" in _refused("    token: {env: T}\n    mode: {a: b}\n", T="abcdefgh").what


def test_without_a_vault_the_process_and_the_folder_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", "abcdefgh")
    (tmp_path / "also.secret").write_text("beside\n", "utf-8")
    text = (
        "connections: {desk: {plugin: x, token: {env: TOKEN_OF_TEST}, also: {file: also.secret}}}"
    )
    document = parse(text, str(tmp_path / "upheld.yaml"))
    config = validate_connection(_entry(document), _Config, document)
    assert isinstance(config, _Config)
    assert config.also is not None
    assert config.also.get_secret_value() == "beside"


# --- looking up ---------------------------------------------------------------------------------


def _open(folder: Path, **ref: str) -> str:
    return Vault(folder, {"EMPTY": "", "SET": "x"}).open(SecretRef(**ref)).get_secret_value()


@pytest.mark.parametrize(
    ("raw", "secret"),
    [
        (b"abc", "abc"),
        (b"abc\n", "abc"),
        (b"abc\r\n", "abc"),
        (b"abc\n\n", "abc\n"),
        (b" abc \n", " abc "),
        ("pässwört\n".encode(), "pässwört"),
    ],
)
def test_one_newline_at_the_end_of_a_file_is_the_editors(
    tmp_path: Path, raw: bytes, secret: str
) -> None:
    (tmp_path / "s").write_bytes(raw)
    assert _open(tmp_path, file="s") == secret
    assert _open(tmp_path / "elsewhere", file=str(tmp_path / "s")) == secret


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "latin").write_bytes("pässwört".encode("latin-1"))
    for ref, what in (
        ({"env": "NONE"}, "variable NONE is not set"),
        ({"env": "EMPTY"}, "variable EMPTY is empty"),
        ({"file": "none"}, r"none can't be read: No such file"),
        ({"file": "empty"}, "empty is empty"),
        ({"file": "latin"}, "is not in UTF-8"),
    ):
        with pytest.raises(ConfigError, match=what) as caught:
            _open(tmp_path, **ref)
        assert "ssw" not in str(caught.value)


@pytest.mark.parametrize("written", [{}, {"env": "A", "file": "B"}, {"env": ""}])
def test_a_reference_is_one_of_both(written: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs one of both"):
        SecretRef.model_validate(written)


# --- findings -----------------------------------------------------------------------------------


def test_check_finds_secrets_that_are_missing_or_open_to_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET_IN_TEST", raising=False)
    for name, mode in (("open", 0o644), ("closed", 0o600)):
        (tmp_path / name).write_text("secret-content\n", "utf-8")
        (tmp_path / name).chmod(mode)
    (tmp_path / "upheld.yaml").write_text(
        "site: s\npolicy: p\nconnections:\n  a: {plugin: x, b: {file: open}, c: {file: closed}}\n"
        "  d: {plugin: x, list: [{e: {env: NOT_SET_IN_TEST}}], f: {file: open}}\n",
        "utf-8",
    )
    found = list(secret_findings(load_config(tmp_path / "upheld.yaml")))
    assert [(each.level, each.subject) for each in found] == [
        (Level.WARNING, "secret open"),
        (Level.ERROR, "secret NOT_SET_IN_TEST"),
    ]
    assert found[0].do_next == f"chmod 600 {tmp_path / 'open'}"
    assert "secret-content" not in repr(found)


# --- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ((), {"url", "token", "also", "from", "owner", "teams", "keys", "labels", "mode"}),
        (("owner",), {"group", "key"}),
        (("teams", 3), {"group", "key"}),
        (("url",), set()),
    ],
)
def test_the_keys_at_a_path_are_known(path: tuple[str | int, ...], keys: set[str]) -> None:
    model: type[BaseModel] = _Config
    assert set(keys_at(model, path)) == keys
