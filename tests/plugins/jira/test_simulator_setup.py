"""What a site is made of, as `init` and `check` read it; and the bare library over all of it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.plugins.jira.rest import Rest
from upheld_jira.simulator import JiraSimulator


def test_a_site_says_what_it_is(rest: Rest, jira: JiraSimulator) -> None:
    info = rest.body("serverInfo")
    assert info["deploymentType"] == ("Cloud" if jira.site.cloud else "Server")
    assert info["baseUrl"] == jira.url


def test_permissions_are_told_one_by_one(rest: Rest, jira: JiraSimulator) -> None:
    jira.deny("ADD_COMMENTS")
    asked = {"permissions": "BROWSE_PROJECTS,ADD_COMMENTS"} if jira.site.cloud else {}
    told = rest.body("mypermissions", projectKey="SUP", **asked)["permissions"]
    assert told["BROWSE_PROJECTS"]["havePermission"]
    assert not told["ADD_COMMENTS"]["havePermission"]
    assert rest.get("mypermissions", permissions="FLY").status_code == 400
    assert rest.get("mypermissions").status_code == (400 if jira.site.cloud else 200)
    assert rest.get("mypermissions", **asked, projectKey="NO").status_code == 404


def test_what_can_be_created_is_listed(rest: Rest, jira: JiraSimulator) -> None:
    jira.add_field("Level", "select", ("1", "2"), required=True)
    types = rest.body("issue/createmeta/SUP/issuetypes")
    listed = types["issueTypes" if jira.site.cloud else "values"]
    assert next(kind["name"] for kind in listed) == "Incident"
    fields = rest.body(f"issue/createmeta/SUP/issuetypes/{listed[0]['id']}")
    rows = {row["name"]: row for row in fields["fields" if jira.site.cloud else "values"]}
    assert rows["Level"]["required"]
    assert [option["value"] for option in rows["Level"]["allowedValues"]] == ["1", "2"]
    assert next(each["name"] for each in rows["Priority"]["allowedValues"]) == "Highest"
    assert "Resolution" not in rows  # not on the screen


def test_what_can_be_edited_is_listed(rest: Rest, jira: JiraSimulator) -> None:
    key = jira.create("Mail is down")
    assert "summary" in rest.body(f"issue/{key}/editmeta")["fields"]
    jira.deny("EDIT_ISSUES")
    assert rest.body(f"issue/{key}/editmeta")["fields"] == {}


def test_projects_statuses_and_priorities_are_listed(rest: Rest, jira: JiraSimulator) -> None:
    assert [project["key"] for project in rest.body("project")] == ["SUP"]
    assert rest.body("project/SUP")["projectTypeKey"] == "service_desk"
    first = rest.body("project/SUP/statuses")[0]
    assert [status["name"] for status in first["statuses"]][:2] == ["Open", "Work in progress"]
    assert {row["name"] for row in rest.body("status")} >= {"Open", "Closed"}
    assert next(row["name"] for row in rest.body("priority")) == "Highest"
    assert next(row["name"] for row in rest.body("resolution")) == "Done"
    assert {row["name"] for row in rest.body("issuetype")} >= {"Incident"}


def test_fields_are_listed_with_what_they_are_called_in_a_query(
    rest: Rest, jira: JiraSimulator
) -> None:
    id_ = jira.add_field("Upheld due", "instant")
    row = {each["id"]: each for each in rest.body("field")}[id_]
    assert (row["name"], row["custom"]) == ("Upheld due", True)
    assert row["clauseNames"] == ["Upheld due", f"cf[{id_.removeprefix('customfield_')}]"]


def test_people_and_groups_are_found(rest: Rest, jira: JiraSimulator) -> None:
    name = "accountId" if jira.site.cloud else "name"
    words = {"query" if jira.site.cloud else "username": "ann"}
    assert [user[name] for user in rest.body("user/search", **words)] == ["ann"]
    members = rest.body("group/member", groupname="support-engineers")
    assert [user[name] for user in members["values"]] == ["ann"]
    assert rest.get("group/member", groupname="nobodies").status_code == 404
    picked = rest.body("groups/picker", query="support")["groups"]
    assert [group["name"] for group in picked] == ["support-engineers"]
    asked = {"accountId" if jira.site.cloud else "username": "robot"}
    robot = rest.body("user", **asked)
    assert robot.get("accountType", "app") == "app"


def test_a_profile_can_hide_its_address_on_the_cloud(
    cloud_rest: Rest, cloud: JiraSimulator
) -> None:
    cloud.site.people["ann"].hides_email = True
    assert "emailAddress" not in cloud_rest.body("user", accountId="ann")


def test_organisations_belong_to_the_desk(rest: Rest, jira: JiraSimulator) -> None:
    jira.add_organisation("Globex")
    listed = rest.body("/rest/servicedeskapi/organization")
    assert [(each["id"], each["name"]) for each in listed["values"]] == [
        ("1", "Acme"),
        ("2", "Globex"),
    ]
    key = rest.create(customfield_10002=[2])
    (one,) = rest.body(f"issue/{key}")["fields"]["customfield_10002"]
    assert one["name"] == "Globex"
    assert jira.issue(key).values["customfield_10002"] == ("Globex",)


def test_a_filter_is_saved_once_and_changed(rest: Rest) -> None:
    body = {"name": "Upheld queue", "jql": "project = SUP order by created"}
    made = rest.post("filter", body).json()
    assert "name" in rest.post("filter", body).json()["errors"]
    assert (
        rest.put(f"filter/{made['id']}", {**body, "jql": "project = SUP"}).json()["jql"]
        == "project = SUP"
    )
    assert rest.body(f"filter/{made['id']}")["name"] == "Upheld queue"


# --- the bare library -----------------------------------------------------------------------------


@pytest.fixture
def library(jira: JiraSimulator) -> Any:
    """The `jira` library as anyone would use it."""
    from jira import JIRA

    if jira.site.cloud:
        client = JIRA(jira.url, basic_auth=(jira.email, jira.token), max_retries=0)
    else:
        client = JIRA(jira.url, token_auth=jira.token, max_retries=0)
    yield client
    client.close()  # type: ignore[no-untyped-call]


def test_the_library_creates_moves_comments_and_finds(library: Any, jira: JiraSimulator) -> None:
    field = {"priority": {"name": "High"}, "labels": ["sync-1"]}
    made = library.create_issue(
        project="SUP", issuetype={"name": "Incident"}, summary="Mail is down", **field
    )
    library.transition_issue(made, "Start work")
    library.add_comment(made, "for us", is_internal=True)
    library.add_attachment(made, filename="log.txt", attachment=io.BytesIO(b"words"))
    library.assign_issue(made, "ann")
    library.add_issue_property(made.key, "upheld", {"n": 1})
    find = library.enhanced_search_issues if jira.site.cloud else library.search_issues
    (found,) = find("labels = sync-1", fields="summary,status,assignee,comment,attachment")
    assert (found.key, found.fields.status.name) == (made.key, "Work in progress")
    assert found.fields.assignee.displayName == "Ann Reyes"
    assert [(said.body, said.jsdPublic) for said in found.fields.comment.comments] == [
        ("for us", False)
    ]
    assert [file.get() for file in found.fields.attachment] == [b"words"]
    assert jira.leaks == ()
    assert jira.issue(made.key).properties == {"upheld": {"n": 1}}


def test_the_library_pages_through_everything(library: Any, jira: JiraSimulator) -> None:
    for n in range(7):
        jira.create(f"Issue {n}")
    jira.site.page = 3
    if jira.site.cloud:
        found = library.enhanced_search_issues("project = SUP", maxResults=0, fields="summary")
    else:
        found = library.search_issues("project = SUP", maxResults=False, fields="summary")
    assert len(found) == 7


def test_the_library_reads_projects_priorities_and_groups(
    library: Any, jira: JiraSimulator
) -> None:
    assert [project.key for project in library.projects()] == ["SUP"]
    assert next(each.name for each in library.priorities()) == "Highest"
    assert library.myself()["displayName"] == "Upheld"
    assert [kind.name for kind in library.issue_link_types()] == ["Blocks", "Duplicate", "Relates"]
