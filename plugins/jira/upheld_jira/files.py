"""Attachments: each is sent once, and what can't be hidden is not sent at all."""

from __future__ import annotations

from upheld.plugin import Attachment, Gone, Permanent, RemoteCase, Visibility
from upheld_jira.client import JiraClient
from upheld_jira.mapping import Site


class Files:
    """Adds files to the issues of one site."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client

    def refuse_hidden(self, site: Site, visibility: Visibility) -> None:
        """`Permanent` where a customer would see a file that is to be internal."""
        shown = site.portal or site.internal_role is not None
        if shown and visibility is not Visibility.PUBLIC:
            what = "Jira shows customers every file of an issue that they see"
            raise Permanent(what, "keep it in Upheld: it can't be hidden there")

    def add(self, item: RemoteCase, attachment: Attachment) -> str:
        """The id of the file on the issue: names need not be unique in Jira, so one with this name and
        these bytes is not sent again."""
        content, name = read(attachment), _plain(attachment.name)
        if not content:
            raise Permanent(f"'{attachment.name}' is empty", "leave the file out")
        for there in item.attachments or ():
            same = (there.name, there.size) == (name, len(content))
            if same and read(there) == content:
                return there.id
        path, media = f"issue/{item.ref.id}/attachments", attachment.media_type
        try:
            made = self._client.upload(path, name, media, content)
        except (
            Gone
        ):  # the issue was there just now: so Data Center refuses a file that is too large
            what = f"Jira takes no file of {len(content)} bytes"
            raise Permanent(what, "leave it out, or raise the limit for attachments") from None
        return str(made[0]["id"])


def _plain(name: str) -> str:
    """A name without folders: some servers would read them as such."""
    return name.replace("/", "_").replace("\\", "_")


def read(file: Attachment) -> bytes:
    """Its bytes."""
    with file.open() as stream:
        return stream.read()
