"""The simulator's comments and files: who may read what, and how bytes go in and out."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.jira.rest import Rest
from upheld.testing import SteppedClock
from upheld_jira.simulator import JiraSimulator

INTERNAL = [{"key": "sd.public.comment", "value": {"internal": True}}]
NO_CHECK = {"X-Atlassian-Token": "no-check"}


def test_a_comment_is_public_unless_it_says_otherwise(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    plain = rest.post(f"issue/{key}/comment", {"body": "for all"})
    hidden = rest.post(f"issue/{key}/comment", {"body": "for us", "properties": INTERNAL})
    assert [answer.status_code for answer in (plain, hidden)] == [201, 201]
    assert [answer.json()["jsdPublic"] for answer in (plain, hidden)] == [True, False]
    assert [said.public for said in jira.issue(key).comments] == [True, False]


def test_nothing_is_hidden_where_there_is_no_desk(rest: Rest, jira: JiraSimulator) -> None:
    jira.add_project("DEV", "Development", desk=False)
    key = jira.create("A bug", project="DEV")
    answer = rest.post(f"issue/{key}/comment", {"body": "for us", "properties": INTERNAL})
    assert answer.json().get("jsdPublic", True)


def test_a_role_hides_nothing_from_the_portal(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    role = {"type": "role", "value": "Administrators"}
    answer = rest.post(f"issue/{key}/comment", {"body": "for us", "visibility": role}).json()
    assert (answer["visibility"], answer["jsdPublic"]) == (role, True)


def test_a_site_can_take_internal_and_publish_all_the_same(rest: Rest, jira: JiraSimulator) -> None:
    jira.publish_all()
    key = jira.create("Mail is down")
    answer = rest.post(f"issue/{key}/comment", {"body": "for us", "properties": INTERNAL})
    assert answer.json()["jsdPublic"]


def test_an_edit_keeps_what_it_does_not_name(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    key = jira.create("Mail is down")
    id_ = jira.comment(key, "for us", by="upheld", internal=True)
    clock.forward(minutes=5)
    answer = rest.put(f"issue/{key}/comment/{id_}", {"body": "for us still"}).json()
    assert (answer["body"], answer["jsdPublic"]) == ("for us still", False)
    assert answer["created"] < answer["updated"]
    assert jira.issue(key).updated == clock.as_datetime()


def test_comments_are_paged_in_either_order(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    for n in range(3):
        jira.comment(key, f"words {n}")
    page = rest.body(f"issue/{key}/comment", startAt=1, maxResults=1)
    assert ([said["body"] for said in page["comments"]], page["total"]) == (["words 1"], 3)
    newest = rest.body(f"issue/{key}/comment", orderBy="-created")
    assert newest["comments"][0]["body"] == "words 2"


def test_properties_come_when_they_are_asked_for(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    held = [*INTERNAL, {"key": "upheld", "value": "key:1"}]
    id_ = rest.post(f"issue/{key}/comment", {"body": "x", "properties": held}).json()["id"]
    (plain,) = rest.body(f"issue/{key}/comment")["comments"]
    (whole,) = rest.body(f"issue/{key}/comment", expand="properties")["comments"]
    assert "properties" not in plain
    assert whole["properties"] == held
    assert rest.body(f"comment/{id_}/properties/upheld")["value"] == "key:1"


@pytest.mark.parametrize("body", ["", "  \n", None, {"type": "doc"}, "x" * 40_000])
def test_what_is_no_comment_is_refused(rest: Rest, jira: JiraSimulator, body: object) -> None:
    key = jira.create("Mail is down")
    answer = rest.post(f"issue/{key}/comment", {"body": body})
    assert "comment" in answer.json()["errors"]
    assert jira.issue(key).comments == []


def test_the_desks_own_way_is_for_requests_alone(rest: Rest, jira: JiraSimulator) -> None:
    request, issue = jira.create("By the portal", request=True), jira.create("By an agent")
    path = "/rest/servicedeskapi/request/{}/comment"
    words = {"body": "for us", "public": False}
    assert rest.post(path.format(request), words).json()["public"] is False
    refused = rest.post(path.format(issue), words)
    assert (refused.status_code, "vpOriginMissing" in refused.text) == (404, True)


def test_the_desk_mails_its_customers_where_it_is_told_to(jira: JiraSimulator) -> None:
    jira.site.projects["SUP"].mails = True
    key = jira.create("Mail is down", by="pat")
    jira.comment(key, "We are on it.")
    jira.comment(key, "Pat is angry.", internal=True)
    jira.comment(key, "Thank you.", by="pat")
    (mail,) = jira.mails
    assert (mail.to, mail.key, mail.text) == ("pat@acme.example", key, "We are on it.")


def test_a_removed_comment_is_gone_from_the_list(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    id_ = jira.comment(key, "gone")
    assert rest.delete(f"issue/{key}/comment/{id_}").status_code == 204
    assert rest.body(f"issue/{key}/comment")["comments"] == []
    assert rest.get(f"issue/{key}/comment/{id_}").status_code == 404


# --- files ----------------------------------------------------------------------------------------


def upload(rest: Rest, key: str, name: str, content: bytes) -> requests.Response:
    return rest.ask(
        "POST", f"issue/{key}/attachments", headers=NO_CHECK, files={"file": (name, content)}
    )


@pytest.mark.parametrize("name", ["log.txt", "ünï \U0001f4a5.txt", 'a b;c="d".txt', "../../etc/x"])
def test_a_file_arrives_byte_by_byte(rest: Rest, jira: JiraSimulator, name: str) -> None:
    key = jira.create("Mail is down")
    answer = upload(rest, key, name, bytes(range(256)) + b"\r\n--\r\n")
    assert answer.status_code == 200
    (file,) = jira.issue(key).files
    assert (file.name, file.content) == (name, bytes(range(256)) + b"\r\n--\r\n")
    assert [each["filename"] for each in answer.json()] == [name]


def test_a_file_needs_the_header_and_its_name(rest: Rest, jira: JiraSimulator) -> None:
    path = f"issue/{jira.create('Mail is down')}/attachments"
    assert rest.ask("POST", path, files={"file": ("a", b"x")}).status_code == 403
    wrong = rest.ask("POST", path, headers=NO_CHECK, files={"document": ("a", b"x")})
    assert wrong.status_code == 400


def test_a_file_that_is_too_large_is_refused_in_each_ones_way(
    rest: Rest, jira: JiraSimulator
) -> None:
    jira.site.upload_limit = 10
    key = jira.create("Mail is down")
    assert rest.body("attachment/meta") == {"enabled": True, "uploadLimit": 10}
    assert upload(rest, key, "a", b"x" * 11).status_code == (413 if jira.site.cloud else 404)
    assert jira.issue(key).files == []


def test_the_cloud_sends_readers_to_another_host(cloud_rest: Rest, cloud: JiraSimulator) -> None:
    id_ = cloud.attach(cloud.create("Mail is down"), "log.txt", b"0123456789")
    answer = cloud_rest.get(f"attachment/content/{id_}")
    assert (answer.status_code, answer.content) == (303, b"")
    there = answer.headers["Location"]
    assert "localhost" in there
    assert requests.get(there, timeout=5).content == b"0123456789"
    leaked = requests.get(there, headers={"Authorization": "Basic x"}, timeout=5)
    assert (leaked.status_code, len(cloud.leaks)) == (400, 1)
    part = requests.get(there, headers={"Range": "bytes=2-4"}, timeout=5)
    assert (part.status_code, part.content) == (206, b"234")
    beyond = requests.get(there, headers={"Range": "bytes=20-"}, timeout=5)
    assert beyond.status_code == 416


def test_the_cloud_gives_the_bytes_itself_where_it_is_asked_to(
    cloud_rest: Rest, cloud: JiraSimulator
) -> None:
    id_ = cloud.attach(cloud.create("Mail is down"), "log.txt", b"words")
    assert cloud_rest.get(f"attachment/content/{id_}", redirect="false").content == b"words"


def test_data_center_gives_them_under_the_address_of_content(
    dc_rest: Rest, data_center: JiraSimulator
) -> None:
    key = data_center.create("Mail is down")
    data_center.attach(key, "log file.txt", b"words")
    (file,) = dc_rest.body(f"issue/{key}", fields="attachment")["fields"]["attachment"]
    path = file["content"].removeprefix(data_center.url)
    assert dc_rest.get(path).content == b"words"
    dc_rest.sign_in(None)
    assert dc_rest.get(path).status_code == 401


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=200), name=st.text(min_size=1, max_size=20))
def test_any_file_comes_back(content: bytes, name: str) -> None:
    """Whatever bytes it holds, whatever it is called: through the multipart body and out of it."""
    from upheld_jira.simulator.attachments import _parts
    from upheld_jira.simulator.site import Site
    from upheld_jira.simulator.wire import Call

    try:
        name.encode()
    except UnicodeEncodeError:
        return  # half a surrogate pair can't be sent at all
    made = requests.Request("POST", "http://x", files={"file": (name, content)}).prepare()
    site = Site(lambda: None, cloud=True)  # type: ignore[arg-type,return-value]
    headers = {"content-type": made.headers["Content-Type"]}
    assert isinstance(made.body, bytes)
    (part,) = _parts(Call(site, None, "POST", "", 2, {}, {}, headers, made.body))
    assert part.content == content
