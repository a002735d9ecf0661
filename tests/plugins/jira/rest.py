"""A small client of the simulator that hides nothing: status, headers and JSON as they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from upheld_jira.simulator import JiraSimulator


@dataclass
class Rest:
    """The program's account, in version 2 unless a path says otherwise."""

    jira: JiraSimulator
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.sign_in(self.jira.token)

    def sign_in(self, token: str | None) -> None:
        """With this token; None: as a guest."""
        self.session.headers.pop("Authorization", None)
        self.session.auth = None
        if token is not None and self.jira.site.cloud:
            self.session.auth = (self.jira.email, token)
        elif token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request; ``path`` is below the API, or from the root where it begins with a slash."""
        where = path if path.startswith("/") else f"/rest/api/2/{path}"
        options.setdefault("timeout", 5)
        return self.session.request(method, self.jira.url + where, allow_redirects=False, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        """GET with a query."""
        return self.ask("GET", path, params=query)

    def body(self, path: str, **query: Any) -> Any:
        """What a GET that must work brings."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, **query: Any) -> requests.Response:
        """POST a body."""
        return self.ask("POST", path, json=body, params=query)

    def put(self, path: str, body: object = None, **query: Any) -> requests.Response:
        """PUT a body."""
        return self.ask("PUT", path, json=body, params=query)

    def delete(self, path: str) -> requests.Response:
        """DELETE."""
        return self.ask("DELETE", path)

    def found(self, jql: str, **query: Any) -> list[str]:
        """The keys that a search finds, in order, all on one page."""
        path = "search/jql" if self.jira.site.cloud else "search"
        body = self.body(path, jql=jql, fields="summary", maxResults=100, **query)
        return [issue["key"] for issue in body["issues"]]

    def create(self, **fields: Any) -> str:
        """An issue of the account; returns its key."""
        given = {"project": {"key": "SUP"}, "issuetype": {"name": "Incident"}, "summary": "x"}
        answer = self.post("issue", {"fields": given | fields})
        assert answer.status_code == 201, answer.text
        key: str = answer.json()["key"]
        return key
