"""What can be set for the built-in tracker."""

from __future__ import annotations

from pydantic import Field

from upheld.plugin import ConnectionConfig


class BuiltinConfig(ConnectionConfig):
    """Where the cases are kept, and how they are numbered."""

    path: str | None = Field(
        None,
        min_length=1,
        description="the SQLite file, on a disk of this machine; left out: `cases.sqlite` in the "
        "connection's own folder, where a relative path starts too",
    )
    first_number: int = Field(1001, ge=1, description="the number of the first case")
    largest_file: int = Field(
        25, ge=1, le=1000, description="megabytes that an attachment may have"
    )
