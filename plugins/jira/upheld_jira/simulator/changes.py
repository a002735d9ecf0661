"""What people and programs do to issues: each leaves its trace in the history and is told on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upheld_jira.simulator.fields import ORGANISATIONS, Field, Kept
from upheld_jira.simulator.issue import (
    PUBLIC_PROPERTY,
    Comment,
    File,
    History,
    Issue,
    Item,
    Worklog,
)
from upheld_jira.simulator.people import User
from upheld_jira.simulator.site import News, Project, Site
from upheld_jira.simulator.wire import Refusal, invalid
from upheld_jira.simulator.workflow import Move

_UNKNOWN = "Field '{0}' cannot be set. It is not on the appropriate screen, or unknown."


def writable(site: Site, field_id: str, *, also: tuple[str, ...] = ()) -> Field:
    """The field, where it is on the screen or asked for by the move."""
    found = site.fields.get(field_id)
    if found is None or not (found.screen or field_id in also):
        raise invalid(field_id, _UNKNOWN.format(field_id))
    return found


def read_fields(
    site: Site, version: int, given: Mapping[str, Any], *, also: tuple[str, ...] = ()
) -> dict[str, Kept]:
    """What a body's ``fields`` would set."""
    return {
        name: writable(site, name, also=also).read(site, version, value)
        for name, value in given.items()
    }


def read_update(
    site: Site, issue: Issue | None, version: int, given: Mapping[str, Any]
) -> dict[str, Kept]:
    """What a body's ``update`` would set: ``set`` for any field, ``add`` and ``remove`` for lists."""
    found: dict[str, Kept] = {}
    for name, verbs in given.items():
        field = writable(site, name)
        kept = issue.values.get(name) if issue is not None else None
        for verb in verbs:
            kept = _applied(site, field, version, kept, verb)
        found[name] = kept
    return found


def _applied(site: Site, field: Field, version: int, kept: Kept, verb: Mapping[str, Any]) -> Kept:
    ((how, given),) = verb.items()
    if how in ("set", "edit"):
        return field.read(site, version, given)
    if how not in ("add", "remove") or not isinstance(kept, tuple | None):
        raise invalid(field.id, f"Field '{field.id}' does not support operation '{how}'")
    changed = field.read(site, version, [given])
    assert isinstance(changed, tuple)
    others = tuple(each for each in kept or () if each not in changed)
    return tuple(sorted({*others, *changed})) if how == "add" else others


# --- issues ---------------------------------------------------------------------------------------


def create(
    site: Site,
    project: Project,
    by: User,
    values: Mapping[str, Kept],
    *,
    request: bool = False,
    properties: Mapping[str, Any] | None = None,
) -> Issue:
    """A new issue, in the first status of its project's workflow."""
    _complete(site, values)
    now = site.clock()
    project.last += 1
    defaults: dict[str, Kept] = {"priority": "Medium", "reporter": by.id, "labels": ()}
    issue = Issue(
        site.next_id(),
        f"{project.key}-{project.last}",
        project.key,
        project.workflow.first,
        now,
        now,
        by.id,
        defaults | dict(values),
        request=request,
        properties=dict(properties or {}),
    )
    site.index.before(issue, new=True)
    site.issues[issue.id], site.keys[issue.key] = issue, issue.id
    site.tell(News("jira:issue_created", issue, by, now))
    return issue


def _complete(site: Site, values: Mapping[str, Kept]) -> None:
    missing = {
        each.id: f"You must specify a {each.name.lower()} of the issue."
        if each.id == "summary"
        else f"{each.name} is required."
        for each in site.fields.values()
        if each.required and not values.get(each.id)
    }
    if missing:
        raise Refusal(400, **missing)


def edit(site: Site, issue: Issue, by: User, values: Mapping[str, Kept]) -> History | None:
    """Set fields; what is the same already leaves no trace. The instant of the change is now."""
    for name in ("summary", "issuetype"):
        if name in values and not values[name]:
            raise invalid(name, f"You must specify a {name} of the issue.")
    items = tuple(
        Item(_name(site.fields[name]), name, *_told(site, issue, name, kept))
        for name, kept in values.items()
        if issue.values.get(name) != kept and (issue.values.get(name) or kept)
    )
    if not items:
        return None
    site.index.before(issue)
    issue.values.update(values)
    return changed(site, issue, by, items)


def _name(field: Field) -> str:
    return field.name if field.custom else field.id


def _told(
    site: Site, issue: Issue, name: str, kept: Kept
) -> tuple[tuple[str | None, str | None], tuple[str | None, str | None]]:
    field = site.fields[name]
    return field.told(site, issue.values.get(name)), field.told(site, kept)


def changed(
    site: Site, issue: Issue, by: User, items: tuple[Item, ...], event: str = "jira:issue_updated"
) -> History:
    """Write it down and tell. Whoever calls has told the index before."""
    history = History(site.next_id(), by.id, site.clock(), items)
    issue.histories.append(history)
    issue.updated = history.at
    site.tell(News(event, issue, by, history.at, change=history))
    return history


def move(
    site: Site, issue: Issue, by: User, done: Move, values: Mapping[str, Kept] | None = None
) -> None:
    """Take a transition: the status, and what goes with it, in one change."""
    project = site.projects[issue.project]
    values = dict(values or {}) | ({"resolution": None} if done.clears else {})
    for name in done.requires:
        if not values.get(name) and not issue.values.get(name):
            raise invalid(name, f"{site.fields[name].name} is required.")
    old, new = project.workflow.statuses[issue.status], project.workflow.statuses[done.target]
    items = [Item("status", "status", (old.id, old.name), (new.id, new.name))]
    items += [
        Item(_name(site.fields[name]), name, *_told(site, issue, name, kept))
        for name, kept in values.items()
        if issue.values.get(name) != kept
    ]
    site.index.before(issue)
    issue.status = new.name
    issue.values.update(values)
    issue.resolved = site.clock() if issue.values.get("resolution") else None
    changed(site, issue, by, tuple(items))


def move_to_project(site: Site, issue: Issue, by: User, project: Project) -> None:
    """Another project: a new key, while the old one still leads here."""
    site.index.before(issue)
    project.last += 1
    old, issue.project = issue.key, project.key
    issue.former_keys.append(old)
    issue.key = f"{project.key}-{project.last}"
    site.keys[issue.key] = issue.id
    changed(site, issue, by, (Item("Key", "", (None, old), (None, issue.key)),))


def delete(site: Site, issue: Issue, by: User) -> None:
    """It is gone, and its keys with it."""
    site.index.before(issue)
    del site.issues[issue.id]
    for key in (issue.key, *issue.former_keys):
        del site.keys[key]
    site.tell(News("jira:issue_deleted", issue, by, site.clock()))


# --- comments -------------------------------------------------------------------------------------


def comment(
    site: Site,
    issue: Issue,
    by: User,
    text: str,
    *,
    visibility: dict[str, str] | None = None,
    properties: Mapping[str, Any] | None = None,
) -> Comment:
    """Say something. It is public, unless this is a desk and the property says internal."""
    if not text.strip():
        raise invalid("comment", "Comment body can not be empty!")
    site.index.before(issue)
    now = site.clock()
    given = dict(properties or {})
    public = not _internal(site, issue, given)
    said = Comment(
        site.next_id(), by.id, now, text, public, now, by.id, visibility, properties=given
    )
    issue.comments.append(said)
    issue.updated = now
    site.tell(News("comment_created", issue, by, now, comment=said))
    return said


def _internal(site: Site, issue: Issue, properties: Mapping[str, Any]) -> bool:
    asked = properties.get(PUBLIC_PROPERTY)
    hidden = isinstance(asked, dict) and asked.get("internal") in (True, "true")
    return hidden and site.projects[issue.project].desk and not site.publishes_all


def edit_comment(
    site: Site,
    issue: Issue,
    by: User,
    said: Comment,
    text: str,
    *,
    properties: Mapping[str, Any] | None = None,
) -> None:
    """Rewrite it; what is not given of its properties stays."""
    site.index.before(issue)
    said.text, said.updated, said.updated_by = text, site.clock(), by.id
    if properties is not None:
        said.properties |= properties
        said.public = not _internal(site, issue, said.properties)
    issue.updated = said.updated
    site.tell(News("comment_updated", issue, by, said.updated, comment=said))


def delete_comment(site: Site, issue: Issue, by: User, said: Comment) -> None:
    """Only the full list shows that it is gone."""
    site.index.before(issue)
    issue.comments.remove(said)
    issue.updated = site.clock()
    site.tell(News("comment_deleted", issue, by, issue.updated, comment=said))


# --- files, time, links ---------------------------------------------------------------------------


def attach(site: Site, issue: Issue, by: User, name: str, content: bytes, media: str) -> File:
    """Add a file."""
    if len(content) > site.upload_limit:
        words = f"The file is too large: at most {site.upload_limit} bytes."
        raise Refusal(413 if site.cloud else 404, words)
    site.index.before(issue)
    made = File(site.next_id(), name, by.id, site.clock(), media, content)
    issue.files.append(made)
    item = Item("Attachment", "attachment", (None, None), (made.id, name))
    changed(site, issue, by, (item,))
    return made


def work(site: Site, issue: Issue, by: User, seconds: int, text: str = "") -> Worklog:
    """Log time."""
    site.index.before(issue)
    made = Worklog(site.next_id(), by.id, site.clock(), seconds, text)
    issue.worklogs.append(made)
    spent = float(sum(each.seconds for each in issue.worklogs))
    item = Item("timespent", "timespent", *_told(site, issue, "timespent", spent))
    issue.values["timespent"] = spent
    changed(site, issue, by, (item,))
    return made


def link(site: Site, by: User, kind: str, inward: Issue, outward: Issue) -> str:
    """``outward`` is what the outward words point at: "duplicates" it."""
    id_ = site.next_id()
    site.links[id_] = (kind, inward.id, outward.id)
    for here, there in ((inward, outward), (outward, inward)):
        site.index.before(here)
        words = f"This issue links to {there.key}"
        item = Item("Link", "", (None, None), (there.key, words))
        changed(site, here, by, (item,))
    return id_


def unlink(site: Site, by: User, id_: str) -> None:
    """The link goes; both issues tell of it."""
    _, inward, outward = site.links.pop(id_)
    ends = site.issue(inward), site.issue(outward)
    for here, there in (ends, ends[::-1]):
        site.index.before(here)
        words = f"This issue links to {there.key}"
        changed(site, here, by, (Item("Link", "", (there.key, words), (None, None)),))


def customers(site: Site, issue: Issue) -> list[str]:
    """The addresses of the customers whom Service Management writes to."""
    reporter = site.people.get(str(issue.values.get("reporter")))
    return [reporter.email] if reporter is not None and reporter.kind == "customer" else []


def organisations(issue: Issue) -> tuple[str, ...]:
    """Whose issue it is."""
    found = issue.values.get(ORGANISATIONS)
    return found if isinstance(found, tuple) else ()
