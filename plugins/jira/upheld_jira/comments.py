"""Comments: internal ones stay internal, which is looked at after each is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from upheld.plugin import Comment, Permanent, PluginError, Ref, Visibility
from upheld_jira.client import JiraClient
from upheld_jira.fields import TEXT
from upheld_jira.mapping import HIDES, PROPERTY, Site


class Comments:
    """Writes comments on the issues of one site."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client

    def write(self, site: Site, ref: Ref, comment: Comment, key: str) -> Comment:
        """Add a comment; returns it as stored. One that was to be internal and is public by mistake is
        removed again, and told."""
        wanted = comment.visibility
        if len(comment.text) > TEXT or not comment.text.strip():
            what = f"a comment takes 1 to {TEXT} characters"
            raise Permanent(what, "make it shorter")
        raw = self._client.post(f"issue/{ref.id}/comment", _body(site, comment, key))
        if wanted is Visibility.INTERNAL and self._shown(site, ref, raw):
            self._remove(ref, str(raw["id"]))
        stored = site.comment(raw)
        return replace(stored, key=key)

    def _shown(self, site: Site, ref: Ref, raw: Mapping[str, Any]) -> bool:
        """Whether customers can read it. Where the answer does not say, the comment itself is asked."""
        if site.portal and "jsdPublic" not in raw:
            raw = self._client.get(f"issue/{ref.id}/comment/{raw['id']}")
            return raw.get("jsdPublic") is not False
        return site.visibility(raw) is Visibility.PUBLIC

    def _remove(self, ref: Ref, id_: str) -> None:
        what = f"Jira published what was to be internal on {ref.key}"
        try:
            self._client.delete(f"issue/{ref.id}/comment/{id_}")
        except PluginError as error:
            then = f"remove comment {id_} by hand now: {error.what}"
            raise Permanent(f"{what}, and it could not be removed", then) from None
        raise Permanent(f"{what}; it was removed", "see that the project has a portal, and `check`")


def _body(site: Site, comment: Comment, key: str) -> dict[str, Any]:
    internal = comment.visibility is not Visibility.PUBLIC
    properties: list[dict[str, Any]] = [{"key": PROPERTY, "value": {"key": key}}]
    body: dict[str, Any] = {"body": comment.text, "properties": properties}
    if site.portal:
        # Without it a comment by the API is public.
        properties.append({"key": HIDES, "value": {"internal": internal}})
    elif internal and site.internal_role is not None:
        body["visibility"] = {"type": "role", "value": site.internal_role}
    return body
