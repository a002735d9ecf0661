"""upheld.yaml: read, checked, with a place in every error."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from upheld.calendar.instant import MINUTE, parse
from upheld.config import Config, embedded_default, load_config
from upheld.errors import ConfigError, Place

_NOON: Final = parse("2026-12-07T12:00:00Z")

_SITE: Final = """\
site: magnolia-prod
policy: magnolia
zone: America/New_York
go_live:
  mode: live
  live_for: [acme, mailbox]
  brake: {pages: 5 in 2 hours}
connections:
  desk:
    plugin: builtin
  mailbox:
    plugin: email
    address: support@magnolia.example
    password: {file: mailbox.secret}
    adopt_from: 2026-12-01
    cases_to: desk
    customer_by: reporter_domain
  pager: {plugin: pagerduty, key: {env: PD_KEY}}
customers_hear_by: mailbox
people:
  ann: {name: Ann Reyes, mail: ann@magnolia.example, phone: "+12025550101", pagerduty: PANN001}
  bo: {name: Bo Lindt, mail: bo@magnolia.example, reach: {page: mailbox}}
reach:
  page: [pager, {mail: mailbox}]
  each: 10 minutes
  then: next on duty
rotations:
  ops: {people: [ann, bo], weekly: Mon 09:00}
roles:
  operations-manager: ops
  operator: ann
links: {troubleshooting: https://magnolia.example/help}
watch_me: {ping: {env: HEALTHCHECK_URL}}
customers:
  acme:
    name: Acme Internet
    domains: [acme.example]
    contacts:
    - {name: Pat Lin, mail: pat@acme.example, is: [contact, technical]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "upheld.yaml"
    path.write_text(_SITE, encoding="utf-8")
    return path


def _load(file: Path, text: str) -> Config:
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def _changed(old: str, new: str) -> str:
    assert old in _SITE
    return _SITE.replace(old, new)


def _refused(file: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(file, text)
    return caught.value


# --- what is read -------------------------------------------------------------------------------


def test_a_whole_site_is_read(file: Path) -> None:
    config = load_config(file)
    assert (config.site, config.policy, config.zone) == (
        "magnolia-prod",
        ("magnolia",),
        "America/New_York",
    )
    assert config.customers_hear_by == "mailbox"
    assert config.links == {"troubleshooting": "https://magnolia.example/help"}
    assert config.document.place("roles", "operator").line == 31


def test_a_connection_keeps_its_plugins_keys_as_they_are(file: Path) -> None:
    mailbox = load_config(file).connections["mailbox"]
    assert (mailbox.name, mailbox.plugin, mailbox.cases_to) == ("mailbox", "email", "desk")
    assert mailbox.adopt_from == date(2026, 12, 1)
    assert mailbox.customer_by == ("reporter_domain",)
    assert mailbox.options == {
        "address": "support@magnolia.example",
        "password": {"file": "mailbox.secret"},
    }


def test_ways_name_a_channel_or_leave_it_to_the_connection(file: Path) -> None:
    reach = load_config(file).reach
    assert reach.page is not None
    assert [(way.channel, way.connection) for way in reach.page] == [
        (None, "pager"),
        ("mail", "mailbox"),
    ]
    assert (reach.call, reach.notify) == (None, None)
    assert (reach.each, reach.then) == (10 * MINUTE, "next on duty")


def test_a_person_may_be_reached_in_an_own_way(file: Path) -> None:
    people = load_config(file).people
    assert people["ann"].reach is None
    own = people["bo"].reach
    assert own is not None
    assert own.page is not None
    assert own.page[0].connection == "mailbox"


def test_the_brake_is_a_rate(file: Path) -> None:
    brake = load_config(file).go_live.brake
    assert (brake.pages.count, brake.pages.per) == (5, 120 * MINUTE)
    assert (brake.customer_messages.count, brake.customer_messages.per) == (30, 10 * MINUTE)


def test_the_directory_comes_with_it(file: Path) -> None:
    config = load_config(file)
    directory = config.directory()
    assert directory is config.directory()
    assert directory.sender("pat@acme.example", _NOON).customer == "acme"
    (ann,) = directory.resolve("operator", at=_NOON)
    assert ann.addresses["pagerduty"] == "PANN001"
    assert ann.zone == "America/New_York"


def test_the_least_that_a_site_needs(file: Path) -> None:
    config = _load(file, "site: s\npolicy: magnolia\n")
    assert config.go_live.mode == "shadow"
    assert config.go_live.live_for == ()
    assert config.web is None
    assert config.reach.each == 5 * MINUTE
    assert config.watch_me.ping is None
    assert config.customers == ()


def test_a_config_is_frozen(file: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_config(file).site = "other"  # type: ignore[misc]


# --- customers ----------------------------------------------------------------------------------


def test_customers_come_from_files_too(file: Path) -> None:
    file.with_name("more.csv").write_text("id,name,domains\nzeta,Zeta,zeta.example\n", "utf-8")
    text = _changed("customers:\n  acme:", "customers:\n- more.csv\n- acme:").replace(
        "\n    name: Acme", "\n      name: Acme"
    )
    text = text.replace("\n    domains:", "\n      domains:").replace(
        "\n    contacts:\n    -", "\n      contacts:\n      -"
    )
    directory = _load(file, text).directory()
    assert set(directory.customers) == {"zeta", "acme"}


def test_a_domain_in_file_and_config_is_refused_naming_both(file: Path) -> None:
    file.with_name("more.csv").write_text("id,name,domains\nzeta,Zeta,acme.example\n", "utf-8")
    text = "site: s\npolicy: p\ncustomers:\n- acme: {name: A, domains: acme.example}\n- more.csv\n"
    error = _refused(file, text)
    assert error.where == Place(str(file.with_name("more.csv")), 2)
    assert f"'acme' ({file}:4:3)" in error.what


def test_customers_from_a_connection_say_that_they_are_not_available_yet(file: Path) -> None:
    error = _refused(file, "site: s\npolicy: p\ncustomers: [{from: desk}]\n")
    assert "not available yet" in error.what
    assert error.where == Place(str(file), 3, 13)


@pytest.mark.parametrize("customers", ["5", "[5]", "customers.txt", "[[acme]]"])
def test_customers_are_nothing_else(file: Path, customers: str) -> None:
    error = _refused(file, f"site: s\npolicy: p\ncustomers: {customers}\n")
    assert "neither customers by id nor a CSV file" in error.what


def test_problems_of_a_file_stand_beside_those_of_the_config(file: Path) -> None:
    file.with_name("more.csv").write_text("id,name,zone\nz,Z,Mars\n", "utf-8")
    error = _refused(file, "site: s\npolicy: p\nzone: Venus\ncustomers: [more.csv]\n")
    assert len(error.problems) == 2


# --- the hash -----------------------------------------------------------------------------------


def test_the_hash_is_of_the_content_not_of_its_looks(file: Path) -> None:
    before = load_config(file).hash
    first, rest = _SITE.split("\n", 1)
    assert _load(file, f"# a comment\n{rest}{first}\n").hash == before
    assert _load(file, _changed("mode: live", "mode: shadow")).hash != before


def test_keys_may_be_numbers_and_words_in_one_mapping(file: Path) -> None:
    def hashed(states: str) -> str:
        connection = f"checks: {{plugin: readings, states: {states}}}"
        return _load(file, f"site: s\npolicy: p\nconnections:\n  {connection}\n").hash

    before = hashed("{0: down, 1: up, ok: up}")
    assert hashed("{ok: up, 1: up, 0: down}") == before
    assert hashed("{ok: up, 1: down, 0: down}") != before


def test_the_hash_covers_the_files(file: Path) -> None:
    text, more = "site: s\npolicy: p\ncustomers: [more.csv]\n", file.with_name("more.csv")
    more.write_text("id,name\nz,Z\n", "utf-8")
    before = _load(file, text).hash
    more.write_text("id,name\nz,Zeta\n", "utf-8")
    assert _load(file, text).hash != before


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "hint"),
    [
        ("links:", "linsk:", 32, "linsk: there is no such key", '"links"'),
        ("  mode: live", "  mdoe: live", 5, "go_live.mdoe: there is no such key", '"mode"'),
        ("mode: live", "mode: on", 5, "go_live.mode: ", ""),
        ("weekly: Mon 09:00", "weekly: Mon", 28, "is no hand-over", ""),
        ("[ann, bo], weekly", "[ann, bob], weekly", 28, "nobody called 'bob'", "'bo'"),
        ("operator: ann", "operator: an", 31, "nobody called 'an'", "'ann'"),
        ("hear_by: mailbox", "hear_by: mailbx", 19, "'mailbx' is not known", '"mailbox"'),
        ("cases_to: desk", "cases_to: dsk", 16, "'dsk' is not known", '"desk"'),
        ("[pager, {mail", "[pagr, {mail", 23, "'pagr' is not known", '"pager"'),
        ("{page: mailbox}", "{page: post}", 22, "'post' is not known", ""),
        ("[acme, mailbox]", "[acne]", 6, "'acne' is not known", '"acme"'),
        ("5 in 2 hours", "5 an hour", 7, "is no rate: write 30 in 10 minutes", ""),
        ("5 in 2 hours", "5 in 2 business hours", 7, "takes a calendar", ""),
        ("each: 10 minutes", "each: 10", 25, "reach.each: is no duration", ""),
        ("pagerduty: PANN001", "pagerdtuy: P", 21, "no such key, channel or", '"pagerduty"'),
        ("plugin: builtin", "plugn: builtin", 9, "connections.desk.plugin: is missing", ""),
        ("zone: America/New_York", "zone: NewYork", 3, "no time zone 'NewYork'", ""),
        ("domains: [acme", "domain: [acme", 37, "customers.acme.domain: there is no", '"domains"'),
        ("mail: pat@acme", "email: pat@acme", 39, "contacts.0.email: there is no", '"mail"'),
        ("ping: {env: HEALTHCHECK_URL}", "ping: https://x.example", 33, "never stands in", ""),
        ("ping: {env: HEALTHCHECK_URL}", "ping: {env: A, file: B}", 33, "one of both", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    file: Path, old: str, new: str, line: int, what: str, hint: str
) -> None:
    error = _refused(file, _changed(old, new)).problems[0]
    assert what in error.what
    assert isinstance(error.where, Place)
    assert error.where.line == line
    assert hint in error.do_next


def test_all_problems_are_told_in_the_order_of_the_file(file: Path) -> None:
    text = _changed("mode: live", "mode: on").replace("links:", "linsk:")
    text = text.replace("name: Acme Internet", "nmae: x").replace("zone: America", "zone: Amerika")
    lines = [
        each.where.line for each in _refused(file, text).problems if isinstance(each.where, Place)
    ]
    assert lines == [3, 5, 32, 35, 36]


def test_redirect_needs_somebody(file: Path) -> None:
    error = _refused(file, _changed("mode: live", "mode: redirect"))
    assert "`redirect: ann`" in error.what
    config = _load(file, _changed("mode: live", "mode: redirect\n  redirect: operator"))
    assert config.go_live.redirect == "operator"
    assert "'anne'" in _refused(file, _changed("mode: live", "mode: live\n  redirect: anne")).what


@pytest.mark.parametrize(
    ("web", "what"),
    [
        ("{listen: 8420}", "web.listen"),
        ('{listen: ":8420"}', "is no address and port"),
        ("{listen: 'localhost:99999'}", "is no address and port"),
        ("{url: upheld.example}", "is no web address"),
        ("{url: ftp://upheld.example}", "is no web address"),
    ],
)
def test_the_door_has_an_address(file: Path, web: str, what: str) -> None:
    assert what in _refused(file, f"site: s\npolicy: p\nweb: {web}\n").what


@pytest.mark.parametrize("text", ["", "# nothing\n", "[a, b]\n", "hello\n"])
def test_a_file_without_keys_says_how_to_begin(file: Path, text: str) -> None:
    error = _refused(file, text)
    assert "holds no keys" in error.what
    assert "`site:`" in error.do_next


def test_site_and_policy_must_be_there(file: Path) -> None:
    error = _refused(file, "zone: UTC\n")
    assert [each.what for each in error.problems] == ["site: is missing", "policy: is missing"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path / "none.yaml")


# --- where things are ---------------------------------------------------------------------------


def test_the_database_is_sqlite_in_the_data_folder(file: Path, tmp_path: Path) -> None:
    config = _load(file, "site: s\npolicy: p\ndata: here\n")
    assert config.data_folder == tmp_path / "here"
    assert config.database_url() == f"sqlite:///{(tmp_path / 'here' / 'upheld.db').as_posix()}"
    assert not config.data_folder.exists()


def test_left_out_the_data_folder_is_the_users(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert load_config(file).data_folder.name == "upheld"


def test_a_database_url_comes_from_the_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPHELD_DATABASE", "postgresql://u:very-secret@db/upheld")
    config = _load(file, "site: s\npolicy: p\ndatabase: {env: UPHELD_DATABASE}\n")
    assert config.database_url() == "postgresql://u:very-secret@db/upheld"
    assert "very-secret" not in repr(config)


def test_a_database_that_is_not_set_is_told_with_its_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPHELD_DATABASE", raising=False)
    config = _load(file, "site: s\npolicy: p\ndatabase: {env: UPHELD_DATABASE}\n")
    with pytest.raises(ConfigError, match="UPHELD_DATABASE is not set") as caught:
        config.database_url()
    assert caught.value.where == Place(str(file), 3, 1)


@pytest.mark.parametrize(
    "url", ["postgresql://u:very-secret@db/x", "postgresql://db/x?user=u&password=very-secret"]
)
def test_a_password_in_the_file_is_refused_and_not_shown(file: Path, url: str) -> None:
    error = _refused(file, f"site: s\npolicy: p\ndatabase: {url}\n")
    assert "holds a password" in str(error)
    assert "very-secret" not in str(error)


def test_a_database_url_without_password_may_stand_there(file: Path) -> None:
    config = _load(file, "site: s\npolicy: p\ndatabase: postgresql://127.0.0.1/upheld\n")
    assert config.database_url() == "postgresql://127.0.0.1/upheld"


# --- no file at all -----------------------------------------------------------------------------


def test_without_a_file_everybody_is_you_and_nothing_leaves(tmp_path: Path) -> None:
    config = embedded_default(tmp_path / "data")
    assert (config.site, config.policy) == ("embedded", ("magnolia",))
    assert config.go_live.mode == "shadow"
    assert {each.plugin for each in config.connections.values()} == {"builtin", "terminal"}
    assert config.database_url().endswith("/data/upheld.db")
    assert not (tmp_path / "data").exists()
    directory = config.directory()
    for role in ("operations-manager", "vp-operations", "on-duty-engineer", "support-team"):
        (you,) = directory.resolve(role, at=_NOON)
        assert (you.id, you.addresses) == ("you", {"terminal": "you"})


def test_without_a_file_every_role_of_the_shipped_policy_is_somebody(tmp_path: Path) -> None:
    from upheld.policy.load import load_shipped

    directory = embedded_default(tmp_path).directory()
    assert set(load_shipped("magnolia").roles) <= set(directory.roles)
    assert "operator" in directory.roles
