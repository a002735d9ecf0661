"""Whether everything is there that running needs: who we are, what we may do, fields, types, webhooks.
Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from upheld.plugin import Context, Finding, Level, PluginError
from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig
from upheld_jira.screens import Screens
from upheld_jira.search import Search, scope
from upheld_jira.site import Knowledge, Known
from upheld_jira.webhooks import Webhooks

#: Permissions of the project, and what can't be done without each.
NEEDED: Final[Mapping[str, str]] = {
    "BROWSE_PROJECTS": "no issue can be read",
    "CREATE_ISSUES": "cases that came in elsewhere get no issue",
    "EDIT_ISSUES": "fields can't be written",
    "TRANSITION_ISSUES": "statuses can't be written",
    "ASSIGN_ISSUES": "nobody can be assigned",
    "ADD_COMMENTS": "nothing can be commented",
    "CREATE_ATTACHMENTS": "files can't be added",
}


class Checks:
    """All that `check` says of one connection."""

    def __init__(
        self,
        client: JiraClient,
        config: JiraConfig,
        context: Context,
        knowledge: Knowledge,
        screens: Screens,
        webhooks: Webhooks,
    ) -> None:
        self._client, self._config, self._context = client, config, context
        self._known, self._screens, self._webhooks = knowledge, screens, webhooks

    def findings(self) -> Iterator[Finding]:
        """What was tried, up to the first thing without which nothing else can be tried."""
        self._known.forget()
        self._screens.forget()
        try:
            known = self._known()
        except PluginError as error:
            yield self._error(error)
            return
        yield self._who(known)
        for part in (self._may, self._found, self._created, self._moved):
            yield from self._tried(part, known)
        yield from self._mails(known)
        yield from self._told_at_once()

    # --- parts ---

    def _who(self, known: Known) -> Finding:
        kind = "Cloud" if known.cloud else "Data Center"
        where = "with a portal" if known.site.portal else "without a portal"
        what = f"signed in to Jira {kind} as {known.name}; {self._config.project} is {where}"
        return self._finding(Level.OK, what)

    def _may(self, _known: Known) -> Iterator[Finding]:
        names = ",".join(NEEDED)
        project = self._config.project
        body = self._client.get("mypermissions", projectKey=project, permissions=names)
        for name, without in NEEDED.items():
            held = body["permissions"].get(name) or {}
            if not held.get("havePermission"):
                what = f"the permission {name} is missing in {project}: {without}"
                yield self._finding(Level.ERROR, what, "give it to the account's project role")

    def _found(self, known: Known) -> Iterator[Finding]:
        """The query itself, and what it finds."""
        search = Search(self._client, cloud=known.cloud, ids=("summary",))
        found = search.page(f"{scope(self._config)} ORDER BY updated DESC").issues
        if not found:
            what = f"no issue is found in {self._config.project}"
            yield self._finding(Level.WARNING, what, "right if the project is new; else see `jql`")

    def _created(self, known: Known) -> Iterator[Finding]:
        """Fields without which nothing can be created, and that no setting names."""
        given = {"summary", "description", "project", "issuetype", "labels", "reporter"}
        for id_, row in self._screens.creation().items():
            if row.get("required") and not row.get("hasDefaultValue") and id_ not in given:
                name = known.site.catalogue.name(id_)
                what = f"'{name}' is required to create a {self._config.issue_type}"
                yield self._finding(
                    Level.WARNING, what, "put it into `map`, with a constant where it is always one"
                )

    def _moved(self, known: Known) -> Iterator[Finding]:
        """Transitions that ask for what `on_move` does not give."""
        catalogue = known.site.catalogue
        for name in self._config.on_move:
            catalogue.named(name)
        asking: dict[str, set[str]] = {}
        for each in self._screens.schema().transitions:
            for field in each.requires:
                asking.setdefault(field, set()).add(each.name)
        for field, moves in asking.items():
            what = f"{', '.join(sorted(moves))} asks for '{field}'"
            yield self._finding(Level.WARNING, what, f"say `on_move: {{{field}: …}}`, or map it")

    def _mails(self, known: Known) -> Iterator[Finding]:
        """Service Management shows no program whether it mails customers, so a person has to say."""
        if known.site.portal and "mails_customers" not in self._config.model_fields_set:
            what = f"{self._config.project} mails its customers by itself, unless that was switched off"
            then = (
                "look at Project settings → Customer notifications: switch off 'Public comment added', "
                "then say `mails_customers: false`; or leave it on and say `mails_customers: true`"
            )
            yield self._finding(Level.WARNING, what, then)

    def _told_at_once(self) -> Iterator[Finding]:
        """Whether Jira calls us; only an administrator may ask."""
        site = self._context.public_url
        if not site:
            return
        url = f"{site.rstrip('/')}/hooks/{self._context.name}"
        try:
            known = self._webhooks.registered(url)
        except PluginError as error:
            what = f"whether Jira calls us can't be seen: {error.what}"
            yield self._finding(
                Level.WARNING, what, "an administrator registers the webhook by hand"
            )
            return
        if not known:
            then = f"`upheld webhooks register {self._context.name}`; until then it is asked"
            yield self._finding(Level.WARNING, "Jira calls nobody when an issue changes", then)

    def _tried(self, part: Callable[[Known], Iterable[Finding]], known: Known) -> Iterator[Finding]:
        try:
            yield from part(known)
        except PluginError as error:
            yield self._error(error)

    def _error(self, error: PluginError) -> Finding:
        return self._finding(Level.ERROR, error.what, error.do_next)

    def _finding(self, level: Level, what: str, do_next: str = "") -> Finding:
        return Finding(level, self._context.name, what, do_next)
