"""The simulator's issues: what is written comes back, what Jira refuses is refused in its words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins.jira.rest import Rest
from upheld.testing import SteppedClock
from upheld_jira.simulator import JiraSimulator

ADF = {
    "type": "doc",
    "version": 1,
    "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "One"}]},
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "two"},
                {"type": "hardBreak"},
                {"type": "text", "text": "three"},
            ],
        },
    ],
}


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400
    said: dict[str, str] = answer.json()["errors"]
    return said


def test_what_is_created_comes_back(rest: Rest, jira: JiraSimulator) -> None:
    due, level = jira.add_field("Due", "instant"), jira.add_field("Level", "select", ("1", "2"))
    fields = {
        "summary": "Mail is down",
        "description": "Since noon.\n\nBoth sites.",
        "priority": {"name": "High"},
        "labels": ["b", "a"],
        due: "2026-03-02T12:34:56.000+0200",
        level: {"value": "2"},
    }
    read = rest.body(f"issue/{rest.create(**fields)}")["fields"]
    assert (read["summary"], read["description"]) == (fields["summary"], fields["description"])
    assert (read["priority"]["name"], read["labels"]) == ("High", ["a", "b"])
    assert read[due] == "2026-03-02T10:34:00.000+0000"  # a picker keeps minutes
    assert read[level]["value"] == "2"
    assert read["status"]["statusCategory"]["key"] == "new"
    assert read["created"] == "2026-03-02T09:00:30.000+0000"


def test_instants_are_told_in_the_zone_of_the_account(rest: Rest, jira: JiraSimulator) -> None:
    key = rest.create()
    jira.set_zone("Asia/Kolkata")
    read = rest.body(f"issue/{key}", fields="created")
    assert read["fields"] == {"created": "2026-03-02T14:30:30.000+0530"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("summary", "", "You must specify a summary of the issue."),
        ("summary", "two\nlines", "newline"),
        ("summary", "x" * 256, "255"),
        ("description", "x" * 32_768, "32,767"),
        ("description", ADF, "must be a string"),
        ("priority", {"name": "Purple"}, "priority selected is invalid"),
        ("labels", ["with space"], "spaces"),
        ("labels", "none", "not an array"),
        ("customfield_99999", "x", "cannot be set"),
        ("resolution", {"name": "Done"}, "cannot be set"),
        ("project", {"key": "NONE"}, "valid project"),
        ("duedate", "tomorrow", "date string"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_field(
    rest: Rest, field: str, value: object, words: str
) -> None:
    given = {"project": {"key": "SUP"}, "issuetype": {"name": "Task"}, "summary": "x"}
    answer = rest.post("issue", {"fields": given | {field: value}})
    assert words in errors(answer)[field]


def test_a_required_field_of_the_screen_is_asked_for(rest: Rest, jira: JiraSimulator) -> None:
    needed = jira.add_field("Site", "line", required=True)
    given = {"project": {"key": "SUP"}, "issuetype": {"name": "Task"}, "summary": "x"}
    assert errors(rest.post("issue", {"fields": given})) == {needed: "Site is required."}


def test_the_cloud_keeps_documents_in_version_3(cloud_rest: Rest) -> None:
    key = cloud_rest.create(description="One\n\ntwo\nthree")
    newer = cloud_rest.body(f"/rest/api/3/issue/{key}", fields="description")
    assert newer["fields"]["description"] == ADF
    answer = cloud_rest.put(f"/rest/api/3/issue/{key}", {"fields": {"description": "text"}})
    assert "Atlassian Document" in errors(answer)["description"]
    assert cloud_rest.put(f"/rest/api/3/issue/{key}", {"fields": {"description": ADF}}).ok
    read = cloud_rest.body(f"issue/{key}", fields="description")
    assert read["fields"]["description"] == "One\n\ntwo\nthree"


def test_an_empty_text_node_is_no_document(cloud_rest: Rest) -> None:
    key = cloud_rest.create()
    empty = {"type": "paragraph", "content": [{"type": "text", "text": ""}]}
    document = {"type": "doc", "version": 1, "content": [empty]}
    answer = cloud_rest.put(f"/rest/api/3/issue/{key}", {"fields": {"description": document}})
    assert "description" in errors(answer)


def test_data_center_knows_version_2_alone(dc_rest: Rest) -> None:
    assert dc_rest.get("/rest/api/3/serverInfo").status_code == 404


# --- changes --------------------------------------------------------------------------------------


def test_a_change_leaves_its_trace_and_no_change_leaves_none(
    rest: Rest, jira: JiraSimulator, clock: SteppedClock
) -> None:
    key = rest.create()
    clock.forward(minutes=1)
    assert rest.put(f"issue/{key}", {"fields": {"priority": {"name": "High"}}}).status_code == 204
    (history,) = jira.issue(key).histories
    (item,) = history.items
    assert (item.field, item.old, item.new) == ("priority", ("3", "Medium"), ("2", "High"))
    assert (history.by, history.at) == ("upheld", clock.as_datetime())
    rest.put(f"issue/{key}", {"fields": {"priority": {"name": "High"}}})
    assert len(jira.issue(key).histories) == 1


def test_labels_are_added_and_removed_one_by_one(rest: Rest) -> None:
    key = rest.create(labels=["a", "b"])
    rest.put(f"issue/{key}", {"update": {"labels": [{"add": "c"}, {"remove": "a"}]}})
    assert rest.body(f"issue/{key}", fields="labels")["fields"]["labels"] == ["b", "c"]
    both = {"fields": {"labels": []}, "update": {"labels": [{"add": "c"}]}}
    assert "both" in errors(rest.put(f"issue/{key}", both))["labels"]


def test_a_moved_issue_answers_under_each_of_its_keys(rest: Rest, jira: JiraSimulator) -> None:
    jira.add_project("OPS", "Operations")
    old = jira.create("Mail is down")
    new = jira.rename(old, "OPS")
    assert new == "OPS-1"
    assert {rest.body(f"issue/{key}", fields="summary")["key"] for key in (old, new)} == {new}
    assert rest.found(f"key = {old}") == [new]


def test_what_is_gone_is_not_told_from_what_is_hidden(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    assert rest.delete(f"issue/{key}").status_code == 204
    gone = rest.get(f"issue/{key}")
    other = jira.create("Another")
    jira.deny("BROWSE_PROJECTS")
    hidden = rest.get(f"issue/{other}")
    assert (gone.status_code, gone.json()) == (hidden.status_code, hidden.json())
    assert gone.status_code == 404


@pytest.mark.parametrize(
    ("permission", "method", "path", "body"),
    [
        ("EDIT_ISSUES", "PUT", "issue/{}", {"fields": {"summary": "y"}}),
        ("ADD_COMMENTS", "POST", "issue/{}/comment", {"body": "x"}),
        ("LINK_ISSUES", "POST", "issue/{}/remotelink", {"object": {"url": "u", "title": "t"}}),
        ("DELETE_ISSUES", "DELETE", "issue/{}", None),
        ("WORK_ON_ISSUES", "POST", "issue/{}/worklog", {"timeSpentSeconds": 60}),
        ("SCHEDULE_ISSUES", "PUT", "issue/{}", {"fields": {"duedate": "2026-03-03"}}),
        ("ADMINISTER", "POST", "/rest/webhooks/1.0/webhook", {}),
    ],
)
def test_what_the_account_may_not_do_is_refused(
    rest: Rest, jira: JiraSimulator, permission: str, method: str, path: str, body: object
) -> None:
    key = rest.create()
    jira.deny(permission)
    assert rest.ask(method, path.format(key), json=body).status_code == 403


# --- transitions ----------------------------------------------------------------------------------


def moves(rest: Rest, key: str) -> dict[str, dict[str, Any]]:
    body = rest.body(f"issue/{key}/transitions", expand="transitions.fields")
    return {move["to"]["name"]: move for move in body["transitions"]}


def take(rest: Rest, key: str, status: str, **body: Any) -> int:
    move = {"transition": {"id": moves(rest, key)[status]["id"]}}
    return rest.post(f"issue/{key}/transitions", move | body).status_code


def test_a_far_status_takes_several_moves(rest: Rest, jira: JiraSimulator) -> None:
    key = rest.create()
    assert set(moves(rest, key)) == {"Work in progress"}
    assert take(rest, key, "Work in progress") == 204
    assert take(rest, key, "Resolved") == 400
    assert moves(rest, key)["Resolved"]["fields"]["resolution"]["required"]
    assert take(rest, key, "Resolved", fields={"resolution": {"name": "Done"}}) == 204
    assert take(rest, key, "Closed") == 204
    issue = jira.issue(key)
    assert (issue.status, issue.resolved is not None) == ("Closed", True)


def test_a_reopened_issue_has_no_resolution(rest: Rest, jira: JiraSimulator) -> None:
    key = rest.create()
    jira.move(key, "Work in progress")
    jira.move(key, "Resolved", resolution="Done")
    assert take(rest, key, "Open") == 204
    read = rest.body(f"issue/{key}", fields="resolution,status,resolutiondate")["fields"]
    assert (read["status"]["name"], read["resolution"]) == ("Open", None)
    assert read["resolutiondate"] is None


def test_a_comment_with_a_move_is_public(rest: Rest, jira: JiraSimulator) -> None:
    """Whatever its properties say: text has no business in a transition."""
    key = rest.create()
    hidden = [{"key": "sd.public.comment", "value": {"internal": True}}]
    words = {"comment": [{"add": {"body": "for us alone", "properties": hidden}}]}
    assert take(rest, key, "Work in progress", update=words) == 204
    assert [said.public for said in jira.issue(key).comments] == [True]


def test_a_move_that_is_none_says_so_in_each_ones_way(rest: Rest, jira: JiraSimulator) -> None:
    answer = rest.post(f"issue/{rest.create()}/transitions", {"transition": {"id": "999"}})
    assert answer.status_code == (400 if jira.site.cloud else 500)


def test_without_the_permission_there_are_no_moves_and_no_reason(
    rest: Rest, jira: JiraSimulator
) -> None:
    jira.deny("TRANSITION_ISSUES")
    assert moves(rest, rest.create()) == {}


# --- history, properties, links -------------------------------------------------------------------


def test_the_history_is_paged_on_the_cloud(cloud_rest: Rest, cloud: JiraSimulator) -> None:
    key = cloud_rest.create()
    for n in range(5):
        cloud.edit(key, summary=f"words {n}")
    pages = [
        cloud_rest.body(f"issue/{key}/changelog", startAt=start, maxResults=2)
        for start in (0, 2, 4)
    ]
    assert [page["isLast"] for page in pages] == [False, False, True]
    told = [row["items"][0]["toString"] for page in pages for row in page["values"]]
    assert told == [f"words {n}" for n in range(5)]
    newest = cloud_rest.body(f"issue/{key}", expand="changelog")["changelog"]["histories"][0]
    assert newest["items"][0]["toString"] == "words 4"


def test_the_history_comes_with_the_issue_on_data_center(
    dc_rest: Rest, data_center: JiraSimulator
) -> None:
    key = dc_rest.create()
    data_center.edit(key, by="ann", priority="Highest")
    assert dc_rest.get(f"issue/{key}/changelog").status_code == 404
    (row,) = dc_rest.body(f"issue/{key}", expand="changelog")["changelog"]["histories"]
    assert (row["author"]["name"], row["items"][0]["toString"]) == ("ann", "Highest")


def test_a_property_is_made_then_replaced(rest: Rest) -> None:
    key = rest.create()
    path = f"issue/{key}/properties/upheld"
    assert [rest.put(path, {"n": n}).status_code for n in (1, 2)] == [201, 200]
    assert rest.body(path)["value"] == {"n": 2}
    assert rest.body(f"issue/{key}", properties="upheld")["properties"] == {"upheld": {"n": 2}}
    assert rest.put(path, "x" * 40_000).status_code == 400


def test_a_property_can_be_set_with_the_create(cloud_rest: Rest) -> None:
    fields = {"project": {"key": "SUP"}, "issuetype": {"name": "Task"}, "summary": "x"}
    held = [{"key": "upheld", "value": {"key": "k"}}]
    key = cloud_rest.post("issue", {"fields": fields, "properties": held}).json()["key"]
    assert cloud_rest.body(f"issue/{key}/properties/upheld")["value"] == {"key": "k"}


def test_a_remote_link_is_one_by_its_global_id(rest: Rest) -> None:
    path = f"issue/{rest.create()}/remotelink"
    body = {"globalId": "system=upheld&id=1", "object": {"url": "http://u", "title": "Case 1"}}
    assert [rest.post(path, body).status_code for _ in range(2)] == [201, 200]
    assert len(rest.body(path)) == 1
    assert rest.body(path, globalId=body["globalId"])["object"]["title"] == "Case 1"
    assert rest.get(path, globalId="system=other").status_code == 404


def test_a_link_shows_on_both_ends_and_its_answer_is_empty(rest: Rest) -> None:
    here, there = rest.create(), rest.create()
    body = {
        "type": {"name": "Duplicate"},
        "inwardIssue": {"key": here},
        "outwardIssue": {"key": there},
    }
    answer = rest.post("issueLink", body)
    assert (answer.status_code, answer.content) == (201, b"")
    (one,) = rest.body(f"issue/{here}", fields="issuelinks")["fields"]["issuelinks"]
    assert (one["type"]["outward"], one["outwardIssue"]["key"]) == ("duplicates", there)
    (other,) = rest.body(f"issue/{there}", fields="issuelinks")["fields"]["issuelinks"]
    assert other["inwardIssue"]["key"] == here
