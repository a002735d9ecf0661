"""Targets of other systems: what each becomes, and every line that is none, told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.config.monitors import MonitorEntry
from upheld.errors import ConfigError, Place
from upheld.monitor.brought import asked, checked
from upheld.monitor.brought_csv import from_csv
from upheld.monitor.brought_sd import from_file_sd
from upheld.source import parse


def of_csv(text: str, **defaults: str) -> dict[str, Any]:
    return {each.name: dict(each.keys) for each in checked(from_csv(text, "t.csv"), defaults)}


def of_sd(text: str, **defaults: str) -> dict[str, Any]:
    found = checked(from_file_sd(parse(text, "sd.json")), defaults)
    return {each.name: dict(each.keys) for each in found}


def wrong(text: str, **defaults: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        of_csv(text, **defaults)
    return [f"{each.where}: {each.what}" for each in caught.value.problems]


# --- what a target is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "keys"),
    [
        ("https://a.example/health", {"probe": "http", "url": "https://a.example/health"}),
        ("http://a.example:8080", {"probe": "http", "url": "http://a.example:8080"}),
        ("smtp://mx.example:25", {"probe": "smtp", "host": "mx.example", "port": 25}),
        ("imaps://mx.example", {"probe": "imap", "host": "mx.example"}),
        ("a.example:5432", {"probe": "tcp", "host": "a.example", "port": 5432}),
        ("a.example", {"probe": "ping", "host": "a.example"}),
        ("[2001:db8::1]:443", {"probe": "tcp", "host": "2001:db8::1", "port": 443}),
    ],
)
def test_its_scheme_or_its_port_says_how_it_is_asked(target: str, keys: dict[str, Any]) -> None:
    assert asked(target) == keys


def test_a_probe_that_is_named_comes_before() -> None:
    target = "a.example:443"
    assert asked(target, "tls") == {"probe": "tls", "host": "a.example", "port": 443}
    assert asked(target, "http") == {"probe": "http", "url": "http://a.example:443"}


@pytest.mark.parametrize("target", ["", "not a host", "a.example:port", "https://", "a:99999"])
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match=r"no URL|[Pp]ort"):
        asked(target)


@given(st.text(max_size=30))
def test_whatever_a_cell_holds_is_a_target_or_is_refused(text: str) -> None:
    try:
        found = asked(text)
    except ValueError:
        return
    assert found["probe"]
    assert found.get("url") or found.get("host")


# --- CSV ------------------------------------------------------------------------------------------


def test_a_row_is_a_monitor_and_its_other_columns_are_its_keys() -> None:
    text = (
        "name;url;customer;after;slow_after\r\n"
        "www;https://a.example;acme;router, lan;2\r\n"
        "\r\n"
        "router;192.0.2.1:443;;;\r\n"
    )
    assert of_csv(text) == {
        "www": {
            "probe": "http",
            "url": "https://a.example",
            "customer": "acme",
            "after": ["router", "lan"],
            "slow_after": 2,
        },
        "router": {"probe": "tcp", "host": "192.0.2.1", "port": 443},
    }


def test_host_and_port_may_have_columns_of_their_own() -> None:
    assert of_csv("host,port,probe\na.example,25,smtp\nb.example,,\nc.example,80,\n") == {
        "a.example:25": {"probe": "smtp", "host": "a.example", "port": 25},
        "b.example": {"probe": "ping", "host": "b.example"},
        "c.example:80": {"probe": "tcp", "host": "c.example", "port": 80},
    }


def test_what_is_heard_of_has_a_name_and_who_tells_of_it() -> None:
    found = of_csv("name,fed_by,of\nnightly,jobs,backups\n")
    assert found == {"nightly": {"fed_by": "jobs", "of": "backups"}}
    assert wrong("name,fed_by\n,jobs\n") == ["t.csv:2: says nothing to ask"]


def test_without_a_name_it_is_called_after_its_customer_and_its_place() -> None:
    text = "url,customer\nhttps://a.example/x/,acme\nb.example:25,\n"
    assert list(of_csv(text)) == ["acme/a.example/x", "b.example:25"]
    assert list(of_csv(text, customer="borealis")) == ["acme/a.example/x", "borealis/b.example:25"]


def test_all_that_is_wrong_is_told_at_once_each_with_its_line() -> None:
    text = (
        "name,url,grace,requests\n"
        "a,https://a.example,,\n"
        "a,https://b.example,,\n"
        "c,no url,,\n"
        'd,"https://d.example",,0\n'
        "e,https://e.example,5 minutes,\n"
    )
    assert wrong(text) == [
        "t.csv:3: 'a' stands already at line 2",
        "t.csv:4: 'no url' is no URL and no host:port",
        "t.csv:5: d: requests: Input should be greater than 0",
        "t.csv:6: e: `grace` is for what is heard of: it needs `fed_by`",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "t.csv: is empty"),
        ("name,customer\n", "t.csv:1: no column says what to ask"),
        ("url,url\n", "t.csv:1: column 'url' stands twice"),
        ("url\na.example,b\n", "t.csv:2: has 2 cells for 1 columns"),
        ('url\n"a.example\n', "t.csv:2: is no CSV"),
    ],
)
def test_a_file_that_is_none_is_told(text: str, told: str) -> None:
    assert wrong(text)[0].startswith(told)


def test_a_probe_may_refuse_what_it_does_not_take() -> None:
    def fits(entry: MonitorEntry) -> None:
        if "colour" in entry.options:
            raise ConfigError("no such key", do_next="leave it out")

    with pytest.raises(ConfigError) as caught:
        checked(from_csv("url,colour\na.example,red\nb.example,\n", "t.csv"), {}, fits)
    (problem,) = caught.value.problems
    assert (problem.where, problem.do_next) == (Place("t.csv", 2), "leave it out")


@given(
    st.lists(st.from_regex(r"[a-z]{1,12}\.example(:[1-9][0-9]{0,3})?", fullmatch=True), unique=True)
)
def test_every_row_is_there_once_and_in_order(targets: list[str]) -> None:
    assert list(of_csv("\n".join(["target", *targets, ""]))) == targets


# --- file_sd --------------------------------------------------------------------------------------


def test_groups_of_targets_with_their_labels() -> None:
    text = """
    [
      {"targets": ["https://a.example", "b.example"],
       "labels": {"module": "http_2xx", "customer": "acme", "job": "blackbox"}},
      {"targets": ["10.0.0.1:9100"], "labels": {"__param_module": "icmp"}},
      {"targets": ["10.0.0.3:9100"],
       "labels": {"__scheme__": "https", "__metrics_path__": "/metrics", "instance": "node3"}}
    ]
    """
    assert of_sd(text) == {
        "acme/a.example": {"probe": "http", "url": "https://a.example", "customer": "acme"},
        "acme/b.example": {"probe": "http", "url": "http://b.example", "customer": "acme"},
        "10.0.0.1:9100": {"probe": "ping", "host": "10.0.0.1", "port": 9100},
        "node3": {"probe": "http", "url": "https://10.0.0.3:9100/metrics"},
    }


def test_yaml_is_read_too() -> None:
    found = of_sd("- targets: [a.example:443]\n  labels: {module: tcp_connect_tls, of: lines}\n")
    assert found == {
        "a.example:443": {"probe": "tls", "host": "a.example", "port": 443, "of": "lines"}
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "holds no target"),
        ("[]", "holds no target"),
        ("{targets: [a.example]}", "is no file_sd"),
        ("[{labels: {}}]", "is no group of targets"),
        ("[{targets: a.example}]", "is no group of targets"),
        ("[{targets: ['a b']}]", "'a b' is no URL"),
    ],
)
def test_what_is_no_file_sd_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        of_sd(text)


def test_one_name_for_many_targets_is_told_with_both_places() -> None:
    text = "- targets:\n  - a.example\n  - b.example\n  labels: {name: web}\n"
    with pytest.raises(ConfigError) as caught:
        of_sd(text)
    (problem,) = caught.value.problems
    assert "'web' stands already at line 2" in problem.what
    assert isinstance(problem.where, Place)
    assert problem.where.line == 3
