"""The door over real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests

from tests.core.web.scene import AT
from upheld.errors import ConfigError
from upheld.plugin import Request, Response
from upheld.web.app import Served, build
from upheld.web.server import Door

LARGEST = 1000


@dataclass
class Visit:
    """A door before a hook that remembers what it was given."""

    door: Door
    got: list[tuple[str, Request]] = field(default_factory=list)
    counted: list[tuple[str, int]] = field(default_factory=list)
    clean: bool = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    def post(
        self, path: str, body: bytes = b"{}", headers: dict[str, str] | None = None
    ) -> requests.Response:
        return requests.post(f"{self.url}{path}", data=body, headers=headers, timeout=5)


def opened_door(*, public_url: str | None = None, a_minute: int = 100) -> Visit:
    def take(connection: str, request: Request) -> Response:
        made.got.append((connection, request))
        return Response(202, "application/json", b'{"ok": true}')

    served = Served(
        names=frozenset({"jira"}),
        take=take,
        healthy=lambda: made.clean,
        metrics=lambda: (b"upheld_due 0\n", "text/plain; version=1.0.0"),
        counted=lambda name, status: made.counted.append((name, status)),
        now=lambda: AT,
        public_url=public_url,
        largest=LARGEST,
        a_minute=a_minute,
    )
    made = Visit(Door(build(served), "127.0.0.1:0"))
    made.door.open()
    return made


@pytest.fixture(scope="module")
def shared() -> Iterator[Visit]:
    visit = opened_door()
    yield visit
    visit.door.close()


@pytest.fixture
def visit(shared: Visit) -> Visit:
    shared.got.clear()
    shared.counted.clear()
    shared.clean = True
    return shared


def test_a_plugin_is_given_the_request_as_it_came(visit: Visit) -> None:
    answer = visit.post("/hooks/jira?a=1&a=&b=%20", b'{"x": 1}', {"X-Signature": "s"})
    ((connection, request),) = visit.got
    assert (connection, request.method, request.body) == ("jira", "POST", b'{"x": 1}')
    assert request.query == (("a", "1"), ("a", ""), ("b", " "))
    assert ("x-signature", "s") in request.headers
    assert (request.url, request.at) == (f"{visit.url}/hooks/jira?a=1&a=&b=%20", AT)
    assert (answer.status_code, answer.json()) == (202, {"ok": True})


def test_a_secret_path_belongs_to_its_connection(visit: Visit) -> None:
    visit.post("/hooks/jira/s3cr3t/more")
    assert [(name, r.url.removeprefix(visit.url)) for name, r in visit.got] == [
        ("jira", "/hooks/jira/s3cr3t/more")
    ]


def test_what_is_escaped_in_a_path_stays_so(visit: Visit) -> None:
    """It is part of what is signed, and of names with a slash."""
    visit.post("/hooks/jira/a%2Fb%3F%25/c")
    assert [r.url.removeprefix(visit.url) for _, r in visit.got] == ["/hooks/jira/a%2Fb%3F%25/c"]


def test_who_only_looks_is_heard_too(visit: Visit) -> None:
    answer = requests.head(f"{visit.url}/hooks/jira/x", timeout=5)
    assert (answer.status_code, answer.content) == (202, b"")
    assert [request.method for _, request in visit.got] == ["HEAD"]


def test_behind_a_proxy_the_url_is_the_one_that_the_outside_knows() -> None:
    visit = opened_door(public_url="https://upheld.example/in")
    try:
        visit.post(
            "/hooks/jira?a=1", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )
        assert visit.got[0][1].url == "https://upheld.example/in/hooks/jira?a=1"
    finally:
        visit.door.close()


def test_what_is_too_large_is_refused_unread(visit: Visit) -> None:
    assert visit.post("/hooks/jira", b"x" * (LARGEST + 1)).status_code == 413
    assert visit.post("/hooks/jira", b"x" * LARGEST).status_code == 202
    assert len(visit.got) == 1


def test_a_body_without_a_length_is_cut_off_too(visit: Visit) -> None:
    endless = (b"x" * 400 for _ in range(5))
    answer = requests.post(f"{visit.url}/hooks/jira", data=endless, timeout=5)
    assert (answer.status_code, visit.got) == (413, [])


def test_too_many_are_told_when_to_come_again() -> None:
    visit = opened_door(a_minute=2)
    try:
        answers = [visit.post("/hooks/jira") for _ in range(3)]
        assert [each.status_code for each in answers] == [202, 202, 429]
        assert answers[-1].headers["retry-after"] == "30"
    finally:
        visit.door.close()


def test_webhooks_are_counted_and_strangers_make_no_series_of_their_own(visit: Visit) -> None:
    for name in ("jira", "nobody", "else"):
        visit.post(f"/hooks/{name}")
    assert visit.counted == [("jira", 202), ("?", 202), ("?", 202)]


@pytest.mark.parametrize(("clean", "status"), [(True, 200), (False, 503)])
def test_health_is_what_the_last_audit_said(visit: Visit, clean: bool, status: int) -> None:
    visit.clean = clean
    answer = requests.get(f"{visit.url}/health", timeout=5)
    assert answer.status_code == status


def test_metrics_are_a_page_for_prometheus(visit: Visit) -> None:
    answer = requests.get(f"{visit.url}/metrics", timeout=5)
    assert answer.text == "upheld_due 0\n"
    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/hooks", "/hooks/", "/redoc"])
def test_there_is_nothing_else_and_nobody_hears_what_it_is_made_of(visit: Visit, path: str) -> None:
    answer = requests.get(f"{visit.url}{path}", timeout=5)
    assert answer.status_code == 404
    assert "server" not in answer.headers
    assert visit.got == []


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError) as caught:
        Door(build(_nothing()), f"127.0.0.1:{taken.getsockname()[1]}")
    assert "somebody listens there already" in str(caught.value)
    assert "web.listen" in str(caught.value)


def test_closed_it_listens_no_more() -> None:
    visit = opened_door()
    visit.post("/hooks/jira")
    visit.door.close()
    with pytest.raises(requests.ConnectionError):
        visit.post("/hooks/jira")


def test_closing_one_that_was_never_opened_is_no_error() -> None:
    began = time.monotonic()
    Door(build(_nothing()), "127.0.0.1:0").close()
    assert time.monotonic() >= began


def _nothing() -> Served:
    return Served(
        names=frozenset(),
        take=lambda _name, _request: Response(404),
        healthy=lambda: True,
        metrics=lambda: (b"", ""),
        counted=lambda _name, _status: None,
        now=lambda: AT,
        public_url=None,
        largest=1,
        a_minute=1,
    )
