"""Users and groups. The cloud knows people by accountId, Data Center by name."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from upheld_jira.simulator.wire import Call, Json, Refusal, Reply, Route, page

#: A person with a seat, a customer of the portal, an app or automation.
AccountType: TypeAlias = Literal["atlassian", "customer", "app"]
#: Where the account whose token is used is a member.
USERS: Final = "jira-users"


@dataclass(slots=True)
class User:
    """``id`` is the accountId on the cloud, the user name on Data Center; ``zone`` is the profile's."""

    id: str
    name: str
    email: str = ""
    kind: AccountType = "atlassian"
    zone: str = "UTC"
    groups: set[str] = field(default_factory=set)
    active: bool = True
    #: The profile hides the address, as the cloud lets everyone do.
    hides_email: bool = False

    def __post_init__(self) -> None:
        zoneinfo.ZoneInfo(self.zone)


class People:
    """All users of a site, by id."""

    def __init__(self, *, cloud: bool) -> None:
        self._cloud, self._users = cloud, dict[str, User]()

    def add(self, user: User) -> User:
        """A new user; whoever has its id already is replaced."""
        self._users[user.id] = user
        return user

    def get(self, id_: str) -> User | None:
        """By id."""
        return self._users.get(id_)

    def __getitem__(self, id_: str) -> User:
        return self._users[id_]

    def all(self) -> list[User]:
        """In the order in which they came."""
        return list(self._users.values())

    def groups(self) -> list[str]:
        """The name of every group that somebody is in."""
        return sorted({group for user in self.all() for group in user.groups})

    def members(self, group: str) -> list[User]:
        """Who is in a group."""
        return [user for user in self.all() if group in user.groups]

    def meant(self, given: Any, field_id: str) -> User | None:
        """The user that a field's value means; None and an empty value are nobody."""
        if given is None:
            return None
        names = ("accountId", "id") if self._cloud else ("name", "key")
        id_ = next((given[name] for name in names if given.get(name)), None)
        if id_ is None:
            return None
        found = self._users.get(str(id_).removeprefix("key:"))
        if found is None or not found.active:
            words = "Specify a valid value" if self._cloud else f"User '{id_}' does not exist."
            raise Refusal(400, **{field_id: words})
        return found

    def shown(self, call: Call, user: User | None) -> Json | None:
        """As the API shows somebody."""
        return None if user is None else {**self._identity(call, user), **self._profile(user)}

    def _identity(self, call: Call, user: User) -> Json:
        if self._cloud:
            link = call.link(f"user?accountId={user.id}")
            return {"self": link, "accountId": user.id, "accountType": user.kind}
        link = call.link(f"user?username={user.id}")
        return {"self": link, "name": user.id, "key": f"key:{user.id}"}

    def _profile(self, user: User) -> Json:
        hidden = self._cloud and user.hides_email
        return {
            **({} if hidden else {"emailAddress": user.email}),
            "avatarUrls": {},
            "displayName": user.name,
            "active": user.active,
            "timeZone": user.zone,
        }


def group_shown(call: Call, name: str) -> Json:
    """A group, by name; the cloud has ids, too."""
    site = call.site
    ids = {"groupId": f"group-{name}"} if site.cloud else {}
    return {"name": name, **ids, "self": call.link(f"group?groupname={name}")}


# --- routes ---------------------------------------------------------------------------------------


def _named(call: Call) -> User:
    id_ = call.one("accountId") if call.site.cloud else call.one("username") or call.one("key")
    found = call.site.people.get(id_.removeprefix("key:"))
    if found is None:
        raise Refusal(404, "Specified user does not exist or you do not have required permissions")
    return found


def _with_groups(call: Call, user: User) -> Json:
    shown = call.site.people.shown(call, user) or {}
    if call.expands("groups"):
        items = [group_shown(call, name) for name in sorted(user.groups)]
        shown["groups"] = {"size": len(items), "items": items}
    return shown


def _myself(call: Call) -> Reply:
    return Reply(body=_with_groups(call, call.who))


def _user(call: Call) -> Reply:
    return Reply(body=_with_groups(call, _named(call)))


def _groups_of(call: Call) -> Reply:
    return Reply(body=[group_shown(call, name) for name in sorted(_named(call).groups)])


def _matching(call: Call) -> list[User]:
    words = (call.one("query") if call.site.cloud else call.one("username")).lower()
    return [
        user
        for user in call.site.people.all()
        if words in ("", ".") or words in f"{user.id} {user.name} {user.email}".lower()
    ]


def _search(call: Call) -> Reply:
    if not (call.one("query") or call.one("username") or call.one("accountId")):
        name = "query" if call.site.cloud else "username"
        raise Refusal(400, f"The {name} parameter was not provided.")
    shown = [call.site.people.shown(call, user) for user in _matching(call)]
    return Reply(body=page(call, shown, most=1000)["values"])


def _assignable(call: Call) -> Reply:
    found = [user for user in _matching(call) if user.active and user.kind != "customer"]
    shown = [call.site.people.shown(call, user) for user in found]
    return Reply(body=page(call, shown, most=1000)["values"])


def _members(call: Call) -> Reply:
    name = call.one("groupname") or call.one("groupId").removeprefix("group-")
    if name not in call.site.people.groups():
        raise Refusal(404, f"The group named '{name}' does not exist.")
    shown = [call.site.people.shown(call, user) for user in call.site.people.members(name)]
    return Reply(body=page(call, shown, most=50))


def _picker(call: Call) -> Reply:
    words = call.one("query").lower()
    found = [name for name in call.site.people.groups() if words in name.lower()]
    groups = [_picked(call, name) for name in found]
    header = f"Showing {len(groups)} of {len(groups)} matching groups"
    return Reply(body={"header": header, "total": len(groups), "groups": groups})


def _picked(call: Call, name: str) -> Json:
    ids = {"groupId": group_shown(call, name)["groupId"]} if call.site.cloud else {}
    return {"name": name, "html": name, "labels": [], **ids}


ROUTES: Final = (
    Route("GET", "myself", _myself),
    Route("GET", "user", _user),
    Route("GET", "user/groups", _groups_of, only="cloud"),
    Route("GET", "user/search", _search),
    Route("GET", "user/assignable/search", _assignable),
    Route("GET", "group/member", _members),
    Route("GET", "groups/picker", _picker),
)
