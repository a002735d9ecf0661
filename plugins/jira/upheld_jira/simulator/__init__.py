"""Jira on this machine: Cloud or Data Center, with people on it, faults on demand and webhooks.

For the demo, the tests and integrators. Everything is stamped with policy time::

    with JiraSimulator(clock.as_datetime) as jira:
        key = jira.create("Mail is down", by="pat", organisation="Acme", request=True)
        config = JiraConfig(url=jira.url, email=jira.email, token=jira.token, ...)
        jira.move(key, "Work in progress", by="ann")

Kept traps, each from Atlassian's documents: the index may lag; a bad token on the cloud is answered
200 with nothing; JQL knows minutes, in the zone of the account's profile; a comment on a desk is
public unless its property says otherwise; a 201 may have no body; the old search is gone (410).
"""

from __future__ import annotations

from upheld_jira.simulator.changes import organisations
from upheld_jira.simulator.faults import at_date
from upheld_jira.simulator.issue import Comment, File, History, Issue
from upheld_jira.simulator.jira import JiraSimulator
from upheld_jira.simulator.server import Exchange
from upheld_jira.simulator.site import Mail

__all__ = [
    "Comment",
    "Exchange",
    "File",
    "History",
    "Issue",
    "JiraSimulator",
    "Mail",
    "at_date",
    "organisations",
]
