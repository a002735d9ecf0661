"""What can be set for an AR System server, and the account that Upheld has there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from upheld.plugin import ConnectionConfig
from upheld.transport import setting_url
from upheld_remedy.presets import PRESETS, STATUSES, Forms, Name, Preset
from upheld_remedy.priority import PAIRS, Pair, Priorities


class FormNames(ConnectionConfig):
    """Forms that are called otherwise at this site."""

    incidents: str | None = Field(None, description="where incidents are read")
    modify: str | None = Field(None, description="the join through which incidents are modified")
    create: str | None = Field(None, description="the staging form through which they are created")
    notes: str | None = Field(None, description="where work notes are")
    people: str | None = Field(None, description="where people are looked up")


class FieldName(ConnectionConfig):
    """What one field is called on the forms of this site."""

    read: str = Field(min_length=1, description="its name where incidents are read")
    modify: str | None = Field(
        None, description="its name where they are modified; none: it is not"
    )
    create: str | None = Field(None, description="its name where they are created; none: it is not")
    date: bool = Field(False, description="whether it holds an instant")
    longest: int | None = Field(None, gt=0, description="how many characters it takes at most")

    @property
    def created(self) -> str:
        """Its name on the form that creates, where it always is."""
        return self.create or self.read


class ActionFields(ConnectionConfig):
    """The fields that tell workflow what to do, where they are called otherwise."""

    modify: str | None = Field(None, description="the one that takes MODIFY")
    create: str | None = Field(None, description="the one that takes CREATE")


class PeopleFields(ConnectionConfig):
    """What the form of people calls its fields."""

    login: str = Field("Remedy Login ID", description="the login name")
    mail: str = Field("Internet E-mail", description="the mail address")
    name: str = Field("Full Name", description="the name")
    company: str = Field("Company", description="the company")
    staff: str = Field("Support Staff", description="whether they are support staff: Yes or No")


class NoteNames(ConnectionConfig):
    """What the form of work notes calls its fields."""

    id: str = Field("Work Log ID", description="the note's own id")
    number: str = Field("Incident Number", description="the number of its incident")
    summary: str = Field("Description", description="the summary, which takes Upheld's key")
    text: str = Field("Detailed Description", description="what was said")
    by: str = Field("Work Log Submitter", description="who wrote it")
    at: str = Field("Work Log Submit Date", description="when it was written")
    changed: str = Field("Last Modified Date", description="when it was last changed")
    type: str = Field("Work Log Type", description="the work log type")
    view: str = Field("View Access", description="whether it is Public or Internal")
    secure: str = Field("Secure Work Log", description="whether it is secure: Yes or No")
    files: tuple[str, ...] = Field(
        ("z2AF Work Log01", "z2AF Work Log02", "z2AF Work Log03"),
        min_length=1,
        description="the fields that take a file each",
    )


class NoteFields(ConnectionConfig):
    """How work notes are written, and which of them a machine wrote."""

    type: str = Field("General Information", description="the work log type of what Upheld writes")
    summary: int = Field(100, ge=40, description="characters that a note's summary takes")
    machine_types: tuple[str, ...] = Field(
        ("Assignment Change", "Status Change", "BMC Impact Manager Update", "Email System"),
        description="work log types that no person writes",
    )
    machines: tuple[str, ...] = Field(
        ("Remedy Application Service", "AR_ESCALATOR"),
        description="submitters that are no persons",
    )
    fields: NoteNames = Field(NoteNames(), description="what their form calls its fields")


class RemedyConfig(ConnectionConfig):
    """One AR System server, the account on it, and what the site has changed."""

    url: str = Field(description="the REST API's address, such as https://ar.example.org:8443")
    user: str = Field(min_length=1, description="the login name of Upheld's own account")
    password: SecretStr = Field(description="that account's password")
    auth_string: SecretStr | None = Field(None, description="the authentication string, if any")
    preset: Literal["itsm-9", "itsm-20", "helix"] = Field(
        "itsm-20", description="whose names of forms and fields to start from"
    )
    forms: FormNames = Field(FormNames(), description="forms that are called otherwise")
    fields: Mapping[str, FieldName | str] = Field(
        default_factory=dict,
        description="further fields, and fields that are called otherwise; a name alone is the "
        "same on every form",
    )
    actions: ActionFields = Field(
        ActionFields(),
        description="the fields that tell workflow what to do; left out: the preset's",
    )
    answers: bool | None = Field(
        None,
        description="whether a create tells what it stored when asked to; left out: the preset's",
    )
    only: str = Field("", description="a qualification that says which incidents are cases")
    create: Mapping[str, str | int] = Field(
        default_factory=lambda: {
            "Reported Source": "Email",
            "Service_Type": "User Service Restoration",
            "Impact": "3-Moderate/Limited",
            "Urgency": "3-Medium",
            "Status": "New",
        },
        description="what every new incident has, by the names of the form that creates",
    )
    default_customer: str | None = Field(
        None, description="the login name of whom an incident is for where nobody is found"
    )
    statuses: tuple[str, ...] = Field(STATUSES, min_length=1, description="the statuses there are")
    required: Mapping[str, tuple[str, ...]] = Field(
        default_factory=lambda: {
            "In Progress": ("assignee",),
            "Pending": ("assignee", "status_reason"),
            "Resolved": ("assignee", "resolution", "status_reason"),
            "Closed": ("assignee", "resolution"),
        },
        description="fields that a status needs",
    )
    with_status: Mapping[str, Mapping[str, str]] = Field(
        default_factory=lambda: {
            "Pending": {"status_reason": "Client Action Required"},
            "Resolved": {"status_reason": "No Further Action Required"},
        },
        description="what goes with a status where nobody says otherwise",
    )
    priorities: Mapping[str, Pair] = Field(
        default_factory=lambda: PAIRS, description="the impact and urgency written for a priority"
    )
    impacts: Mapping[str, int] = Field(
        default_factory=lambda: Priorities().impacts, description="the weight of each impact"
    )
    urgencies: Mapping[str, int] = Field(
        default_factory=lambda: Priorities().urgencies, description="the weight of each urgency"
    )
    weights: Mapping[str, int] = Field(
        default_factory=lambda: Priorities().least, description="the least weight of each priority"
    )
    key_field: FieldName = Field(
        FieldName(read="Vendor Ticket Number", create="Vendor Ticket Number"),
        description="the text field that takes the key of an incident that Upheld created",
    )
    key_length: int = Field(60, ge=30, description="characters that this field takes")
    customer_field: FieldName = Field(
        FieldName(read="Customer Login ID", create="Login_ID"),
        description="the field that takes the login name of whom an incident is for",
    )
    mails_customers: bool = Field(
        False, description="whether Remedy itself mails customers about their incidents"
    )
    instance_id: bool = Field(
        False, description="whether a create carries an InstanceId of ours, too (field 179)"
    )
    people: PeopleFields = Field(PeopleFields(), description="the form of people")
    notes: NoteFields = Field(NoteFields(), description="the work notes")
    largest_file: int = Field(20, ge=1, le=1000, description="the largest file sent, in MB")
    overlap: int = Field(
        60, ge=1, le=3600, description="seconds that are read again: a change may show late"
    )
    rate: float = Field(5, gt=0, description="requests a second, at most")
    timeout: float = Field(30, gt=0, le=120, description="seconds to wait for an answer")

    @field_validator("url")
    @classmethod
    def _https_and_bare(cls, url: str) -> str:
        parts = setting_url(url, "https://ar.example.org:8443", "set `user` and `password`")
        if "/api" in parts.path:
            raise ValueError("must end before /api")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _priorities_agree(self) -> RemedyConfig:
        wrong = self.table.wrong()
        if wrong is not None:
            raise ValueError(
                f"priorities: the impact and urgency of {wrong!r} make another priority: look at "
                "`impacts`, `urgencies` and `weights`"
            )
        return self

    @model_validator(mode="after")
    def _statuses_known(self) -> RemedyConfig:
        named = {*self.required, *self.with_status}
        unknown = sorted(named - set(self.statuses))
        if unknown:
            raise ValueError(f"required, with_status: {unknown[0]!r} is none of `statuses`")
        fields = {
            name for each in (*self.required.values(), *self.with_status.values()) for name in each
        }
        missing = sorted(fields - set(self.names))
        if missing:
            raise ValueError(f"required, with_status: there is no field {missing[0]!r}")
        return self

    # --- what follows from it ---

    @property
    def base(self) -> Preset:
        """What the site started from."""
        return PRESETS[self.preset]

    @cached_property
    def form(self) -> Forms:
        """The forms as they are called here."""
        written = self.forms.model_dump(exclude_none=True)
        return Forms(
            **{**{name: getattr(self.base.forms, name) for name in Forms.__slots__}, **written}
        )

    @cached_property
    def names(self) -> Mapping[str, Name]:
        """Every field, by our name."""
        own = {ours: _name(written) for ours, written in self.fields.items()}
        return {**self.base.fields, **own}

    @property
    def modify_action(self) -> str:
        """The field that takes MODIFY."""
        return self.actions.modify or self.base.modify_action

    @property
    def create_action(self) -> str:
        """The field that takes CREATE."""
        return self.actions.create or self.base.create_action

    @property
    def tells(self) -> bool:
        """Whether a create is asked for what it stored."""
        return self.base.answers if self.answers is None else self.answers

    @cached_property
    def table(self) -> Priorities:
        """How priority is computed here."""
        return Priorities(self.priorities, self.impacts, self.urgencies, self.weights)


def _name(written: FieldName | str) -> Name:
    if isinstance(written, str):
        return Name(written, written, written)
    return Name(written.read, written.modify, written.create, written.date, written.longest)
