"""A site from its upheld.yaml: what is found, who acts, how people are reached, all errors at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.core.desk.scene import NOW
from tests.core.test_registry import bell, distribution
from upheld.calendar.instant import parse
from upheld.case.events import Actor, Opened, Side
from upheld.daemon.opening import create_if_new
from upheld.daemon.site import ACTOR_VARIABLE, CONFIG_VARIABLE, Site, find_config
from upheld.dispatch.routes import Mode, Way, Ways
from upheld.errors import ConfigError, Refusal, SchemaMismatch
from upheld.ledger import Ledger
from upheld.plugin import Channel
from upheld.testing import SteppedClock

__all__ = ["distribution"]
YAML = """
site: test
policy: magnolia
zone: Europe/Berlin
data: data
people:
  ann: {name: Ann Reyes, mail: ann@magnolia.example}
  bo: {name: Bo Lindt, mail: bo@magnolia.example}
roles: {operator: ann, nobody: []}
connections:
  screen: {plugin: terminal}
"""


@pytest.fixture(autouse=True)
def _nobody_in_particular(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable, file or user of the machine counts."""
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    monkeypatch.delenv(ACTOR_VARIABLE, raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Open a site from the text of its file, closed at the end."""
    with ExitStack() as stack:

        def open_site(text: str = YAML) -> Site:
            file = tmp_path / "upheld.yaml"
            file.write_text(text, encoding="utf-8")
            return stack.enter_context(Site.open(file, clock=SteppedClock(NOW)))

        yield open_site


# --- which file -----------------------------------------------------------------------------------


def test_the_file_that_is_named_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_config(None) is None
    (tmp_path / "upheld.yaml").touch()
    assert find_config(None) == Path("upheld.yaml")
    monkeypatch.setenv(CONFIG_VARIABLE, "elsewhere.yaml")
    assert find_config(None) == Path("elsewhere.yaml")
    assert find_config(Path("given.yaml")) == Path("given.yaml")


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, "elsewhere.yaml")
    with pytest.raises(ConfigError, match="can't be read") as error:
        Site.open()
    assert error.value.where == "elsewhere.yaml"


def test_without_a_file_it_runs_on_an_embedded_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upheld.daemon.site._data_folder", lambda: tmp_path / "share")
    with Site.open(clock=SteppedClock(NOW)) as site:
        assert (site.config.site, site.actor(None)) == ("embedded", Actor("you", Side.STAFF))
        assert [each.source.name for each in site.connections] == ["desk", "screen"]
        catch = site.parts().catch
    assert (catch.mode, sorted(catch.local)) == (Mode.SHADOW, ["desk", "screen"])
    assert (tmp_path / "share" / "upheld.db").exists()


# --- the ledger -----------------------------------------------------------------------------------


def test_a_new_site_makes_its_ledger_and_keeps_it(opened: Any, tmp_path: Path) -> None:
    site = opened()
    case = site.verbs.open(Opened("phone", "Slow", "…"), site.actor("ann"))
    site.close()
    create_if_new(site.config.database_url())
    with opened().ledger.reading() as tx:
        assert tx.find(case) == case
    assert (tmp_path / "data" / "upheld.db").exists()


def test_a_command_that_must_not_makes_none(tmp_path: Path) -> None:
    (tmp_path / "upheld.yaml").write_text(YAML)
    with pytest.raises(SchemaMismatch, match="there is no ledger yet"):
        Site.open(create=False)
    assert not (tmp_path / "data").exists()


def test_the_policies_in_force_are_kept_for_the_cases_pinned_to_them(
    opened: Any, tmp_path: Path
) -> None:
    """The file is edited; the old case goes on under what it was promised."""
    policy = tmp_path / "own.yaml"
    policy.write_text('extends: magnolia\npolicy: Own\nversion: "1"\npublished_by: M\n')
    first = opened(YAML.replace("policy: magnolia", "policy: own.yaml"))
    case = first.verbs.open(Opened("phone", "Slow", "…"), first.actor("ann"))
    before = first.policy.version
    first.close()
    policy.write_text('extends: magnolia\npolicy: Own\nversion: "2"\npublished_by: M\n')
    second = opened(YAML.replace("policy: magnolia", "policy: own.yaml"))
    second.verbs.note(case, second.actor("ann"), "still there")
    with second.ledger.reading() as tx:
        assert (tx.parked(), tx.subject(case).policy) == ([], before)
    assert second.book.of(before).policy.name == "Own"
    assert second.policy.version != before


def test_an_agreement_is_read_from_beside_the_file(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        'extends: magnolia\npolicy: Own\nversion: "1"\npublished_by: M\n'
    )
    customers = "customers: {acme: {name: Acme, agreement: {policy: own.yaml}}}\n"
    book = opened(YAML + customers).book
    assert book.for_case(Opened("email", "Slow", "…", customer="acme"), NOW).policy.name == "Own"
    assert [policy.name for policy in book.current()] == ["Magnolia Customer Support", "Own"]


# --- who acts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bo", "bo@magnolia.example"])
def test_the_actor_is_named(opened: Any, name: str) -> None:
    assert opened().actor(name) == Actor("bo", Side.STAFF)


def test_the_actor_may_stand_in_the_environment(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ACTOR_VARIABLE, "bo")
    assert opened().actor(None).id == "bo"
    assert opened().actor("ann").id == "ann"


def test_the_systems_user_will_do(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    assert opened().actor(None).id == "ann"


def test_the_only_person_there_is_needs_no_name(opened: Any) -> None:
    assert opened(YAML.replace("  bo: ", "  # ")).actor(None).id == "ann"


def test_nobody_in_particular_is_refused(opened: Any) -> None:
    with pytest.raises(Refusal, match="who are you") as error:
        opened().actor(None)
    assert "--as NAME" in error.value.do_next
    assert "ann, bo" in error.value.do_next


def test_a_stranger_is_refused(opened: Any) -> None:
    with pytest.raises(Refusal, match="there is nobody called 'anne'") as error:
        opened().actor("anne")
    assert error.value.do_next == 'did you mean "ann"?'


# --- connections ----------------------------------------------------------------------------------


def test_a_connection_has_its_class_and_config_and_what_intake_needs(opened: Any) -> None:
    text = YAML + "  desk: {plugin: builtin, adopt_from: 2026-12-01}\n"
    text += "  second: {plugin: terminal, to: calls.txt, cases_to: desk}\n"
    screen, desk, second = opened(text).connections
    assert (screen.plugin.name, desk.plugin.name) == ("terminal", "builtin")
    assert second.config.to == "calls.txt"
    assert (second.source.plugin, second.source.cases_to) == ("terminal", "desk")
    # a day begins at midnight of the site's zone
    assert desk.source.adopt_from == parse("2026-11-30T23:00:00Z")
    assert screen.source.adopt_from is None


def test_all_that_is_wrong_with_connections_is_told_together(
    opened: Any,
    distribution: Any,
) -> None:
    distribution("acme-desk", bad="import no_such_library")
    text = YAML + "  one: {plugin: pagerdutty}\n  two: {plugin: terminal, too: calls.txt}\n"
    site = opened(text + "  three: {plugin: bad}\n")
    with pytest.raises(ConfigError) as error:
        _ = site.connections
    one, two, three = map(str, error.value.problems)
    assert "upheld.yaml:12:" in one
    assert "plugin 'pagerdutty' is not installed" in one
    assert "did you mean 'pagerduty'?" in one
    assert "upheld.yaml:13:" in two
    assert "too" in two
    assert "plugin 'bad' needs the module 'no_such_library'" in three


PROBE = (
    bell("watcher")
    + """
from upheld.plugin import Probe
class Look(Probe):
    name = "watcher"
    Config = ConnectionConfig
    async def read(self, target, deadline): raise NotImplementedError
@hookimpl
def upheld_plugins(): return [Look]
"""
)


def test_a_probe_is_no_connection(opened: Any, distribution: Any) -> None:
    distribution("acme-desk", watcher=PROBE)
    site = opened(YAML + "  look: {plugin: watcher}\n")
    with pytest.raises(ConfigError, match="'watcher' is a probe, not a connection") as error:
        _ = site.connections
    assert "upheld.yaml:12:" in str(error.value)
    assert error.value.do_next


# --- how people are reached -----------------------------------------------------------------------


def test_what_reach_says_counts(opened: Any) -> None:
    text = YAML + "  other: {plugin: terminal}\n"
    text += (
        "reach: {page: [{page: other}], call: [{voice: screen}, other], notify: [{mail: other}]}\n"
    )
    text += "customers_hear_by: other\n"
    assert opened(text).parts().ways == Ways(
        page=(Way(Channel.PAGE, "other"),),
        call=(Way(Channel.VOICE, "screen"), Way(Channel.PAGE, "other")),
        notify=(Way(Channel.MAIL, "other"),),
        customer=(Way(Channel.MAIL, "other"),),
    )


def test_without_reach_whatever_can_is_used(opened: Any) -> None:
    ways = opened(YAML).parts().ways
    assert ways.page == (Way(Channel.PAGE, "screen"),)
    assert ways.call == (Way(Channel.VOICE, "screen"),)
    assert ways.notify == ways.customer == (Way(Channel.MAIL, "screen"),)


def test_without_a_notifier_nobody_is_reached(opened: Any) -> None:
    assert (
        opened(YAML.replace("screen: {plugin: terminal}", "desk: {plugin: builtin}")).parts().ways
        == Ways()
    )


def test_all_of_it_goes_to_one_person(opened: Any) -> None:
    catch = opened(YAML + "go_live: {mode: redirect, redirect: operator}\n").parts().catch
    assert catch.redirect is not None
    assert (catch.mode, catch.redirect.id) == (Mode.REDIRECT, "ann")


def test_all_of_it_to_nobody_is_an_error(opened: Any) -> None:
    """Else it would go to those whom it must not reach."""
    site = opened(YAML + "go_live: {mode: redirect, redirect: nobody}\n")
    with pytest.raises(ConfigError, match="nobody is 'nobody' just now") as error:
        site.parts()
    assert "upheld.yaml:12:" in str(error.value)
    assert error.value.do_next == "name a person of `people`"


# --- the daemon -----------------------------------------------------------------------------------


def test_the_daemon_is_assembled_from_the_site(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    site = opened(YAML + "links: {downloads: 'https://magnolia.example'}\n")
    parts = site.parts()
    assert (parts.templates, parts.zone) == (tmp_path / "templates", "Europe/Berlin")
    assert parts.links == {"downloads": "https://magnolia.example"}
    daemon = site.daemon()
    (live,) = daemon.lives
    context: Any = live.plugin.context
    assert (context.name, context.site, context.now()) == (
        "screen",
        "test",
        site.clock.as_datetime(),
    )
    assert Path(context.folder) == tmp_path / "data" / "connections" / "screen"
    assert Path(context.folder).is_dir()
    context.vault["token"] = "secret"
    with site.ledger.reading() as tx:
        assert tx.vault_get("screen", "token") == "secret"
    daemon.beat()
    with site.ledger.reading() as tx:
        (node,) = tx.nodes()
    assert node.config == site.config.hash
    daemon.close()


def test_two_daemons_of_one_machine_are_two(opened: Any) -> None:
    site = opened()
    first, second = site.daemon(), site.daemon()
    assert first.sender.owner != second.sender.owner
    for daemon in (first, second):
        daemon.beat()
        daemon.close()
    with site.ledger.reading() as tx:
        assert len(tx.nodes()) == 2
    assert Ledger.exists(site.config.database_url())
