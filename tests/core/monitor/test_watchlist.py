"""What is watched follows from upheld.yaml and the clauses, and what does not fit is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.monitor.scene import config, policy
from upheld.calendar.instant import HOUR, MINUTE
from upheld.errors import ConfigError
from upheld.monitor.targets import targets
from upheld.monitor.watchlist import Watched, watchlist
from upheld.policy import load_policy
from upheld.registry import Registry
from upheld.source import read

WEB = "web: {probe: http, url: 'https://www.acme.example/health?k=1', customer: acme}"


def watched(monitors: str = "", servers: str = "") -> dict[str, Watched]:
    return dict(watchlist(config(monitors, servers), policy()))


def one(line: str) -> Watched:
    (found,) = watched(line).values()
    return found


def refused(monitors: str) -> list[tuple[str, str, int | None]]:
    """Each problem: what, what to do next, and the line below `monitors:`."""
    with pytest.raises(ConfigError) as caught:
        watchlist(config(monitors), policy())
    above = next(
        n
        for n, line in enumerate(config(monitors).document.text.splitlines(), 1)
        if line == "monitors:"
    )
    return [(p.what, p.do_next, p.where.line - above) for p in caught.value.problems]  # type: ignore[union-attr,operator]


def test_a_monitor_is_watched_for_every_clause_that_is_for_its_kind() -> None:
    found = one(WEB)
    assert [clause.id for clause, _ in found.rules] == ["C-1", "C-4"]
    assert (found.policy, found.asked) == (policy().version, "http https://www.acme.example/health")


def test_it_is_read_as_often_as_the_strictest_says_and_counted_as_who_asks_for_most() -> None:
    every = one(WEB).cadence
    assert (every.every, every.requests, every.spaced) == (15 * MINUTE, 10, MINUTE)
    more = policy(
        "- {id: C-5, says: Often., monitor: {of: servers, every: 5 minutes, warns: customer}}\n"
    )
    (often,) = watchlist(config(WEB), more).values()
    assert (often.cadence.every, often.cadence.requests, often.cadence.spaced) == (
        5 * MINUTE,
        10,
        MINUTE,
    )


def test_what_no_clause_says_how_often_is_read_each_five_minutes() -> None:
    assert (
        one("sys: {of: systems, probe: tcp, host: 192.0.2.1, port: 22}").cadence.every == 5 * MINUTE
    )


def test_each_has_its_own_turn_within_the_interval_and_keeps_it() -> None:
    many = "".join(f"s{n}: {{probe: tcp, host: 192.0.2.1, port: {n + 1}}}\n" for n in range(200))
    phases = [each.cadence.phase for each in watched(many).values()]
    assert phases == [each.cadence.phase for each in watched(many).values()]
    thirds = [
        sum(n * 5 * MINUTE <= each < (n + 1) * 5 * MINUTE for each in phases) for n in range(3)
    ]
    assert sum(thirds) == 200
    assert min(thirds) > 40, "spread over all of it"


def test_who_is_heard_of_may_be_silent_for_an_interval_and_its_grace() -> None:
    beat = one("nightly: {of: backups, fed_by: beats, grace: 2 hours}").cadence
    assert (beat.every, beat.silence, beat.requests, beat.asked) == (24 * HOUR, 26 * HOUR, 1, False)
    assert one("alert: {of: servers, fed_by: beats}").cadence.silence is None


def test_whoever_tells_of_something_has_counted_unless_its_entry_says_otherwise() -> None:
    assert one("alert: {of: servers, fed_by: beats}").cadence.requests == 1
    assert one("alert: {of: servers, fed_by: beats, requests: 4}").cadence.requests == 4
    assert one("web: {probe: tcp, host: 192.0.2.1, port: 1, requests: 2}").cadence.requests == 2


# --- servers of customers -------------------------------------------------------------------------


def test_servers_of_customers_are_monitors_and_the_backup_stands_in_for_the_first() -> None:
    found = watched(
        servers="[{url: 'https://b.acme.example', backup: true}, 'https://a.acme.example/x', 'tcp://m.acme.example:25']"
    )
    assert list(found) == ["acme/b.acme.example", "acme/a.acme.example", "acme/m.acme.example"]
    backup, main, mail = (each.entry for each in found.values())
    assert (backup.backup_of, main.backup_of) == ("acme/a.acme.example", None)
    assert (main.probe, main.options) == ("http", {"url": "https://a.acme.example/x"})
    assert (mail.probe, mail.options) == ("tcp", {"host": "m.acme.example", "port": 25})
    assert {each.customer for each in (backup, main, mail)} == {"acme"}


def test_two_servers_at_one_host_are_told_apart() -> None:
    found = watched(servers="['https://a.acme.example/x', 'https://a.acme.example:8443']")
    assert list(found) == ["acme/a.acme.example/x", "acme/a.acme.example:8443"]


def test_servers_may_lie_behind_what_is_written_as_a_monitor() -> None:
    found = watched(
        "line: {of: lines, probe: ping, host: 192.0.2.1, backup_of: acme/a.acme.example}",
        "['https://a.acme.example']",
    )
    assert found["line"].entry.backup_of == "acme/a.acme.example"


def test_where_no_clause_watches_servers_those_of_customers_are_not_watched() -> None:
    other = load_policy(read(Path("core/upheld/policy/shipped/xecuritas.yaml")))
    assert watchlist(config(servers="['https://a.acme.example']"), other) == {}


def test_the_first_policy_that_speaks_of_a_kind_counts() -> None:
    other = load_policy(read(Path("core/upheld/policy/shipped/medusa.yaml")))
    both = watchlist(config(WEB), other, lambda entry: (other, policy()))
    assert both["web"].policy == policy().version


# --- what does not fit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "what", "hint"),
    [
        ("probe: tcp, of: server", ": no clause of watched watches 'server'", "servers"),
        ("probe: tcp, customer: acne", ".customer: 'acne' is not known here", "acme"),
        (
            "probe: tcp, customer: acme, system: bill",
            ".system: 'bill' is not known here",
            "billing",
        ),
        ("probe: tcp, provider: telcom", ".provider: 'telcom' is not known here", "telco"),
        ("fed_by: beat", ".fed_by: 'beat' is not known here", "beats"),
        ("probe: tcp, after: [wob]", ".after: 'wob' is not known here", "web"),
        ("probe: tcp, backup_of: wib", ".backup_of: 'wib' is not known here", "web"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_its_line(keys: str, what: str, hint: str) -> None:
    told = refused(f"ok: {{probe: tcp}}\nweb: {{{keys}}}\n")
    assert told == [(f"monitors.web{what}", f'did you mean "{hint}"?', 2)]


def test_monitors_behind_each_other_in_a_ring_are_refused() -> None:
    after = {"a": "b", "b": "[c, d]", "c": "a", "d": "[]"}
    ring = "".join(f"{name}: {{probe: tcp, after: {those}}}\n" for name, those in after.items())
    ((what, _, _),) = refused(ring)
    assert what.endswith(": a circle")
    assert all(
        f"{one} lies behind {other}" in what for one, other in (("a", "b"), ("b", "c"), ("c", "a"))
    )


def test_all_that_is_wrong_is_told_together() -> None:
    assert [
        line for _, _, line in refused("a: {probe: tcp, of: x}\nb: {probe: tcp, customer: y}\n")
    ] == [2, 1]


# --- probes and their options ---------------------------------------------------------------------


def wrong_options(monitors: str, *plugins: str) -> list[str]:
    there = config(monitors)
    with pytest.raises(ConfigError) as caught:
        targets(there, Registry.load(plugins), watchlist(there, policy()))
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


def test_an_unknown_probe_is_told_with_its_line() -> None:
    (told,) = wrong_options("web: {probe: htpp, url: 'https://x.example'}\n", "terminal")
    assert told.startswith("upheld.yaml:")
    assert "htpp" in told


def test_a_connection_is_no_probe() -> None:
    (told,) = wrong_options("web: {probe: terminal}\n", "terminal")
    assert "is a connection, not a probe" in told
