"""What can be set for a terminal connection."""

from __future__ import annotations

from pydantic import Field

from upheld.plugin import ConnectionConfig


class TerminalConfig(ConnectionConfig):
    """Where messages are shown, and how."""

    to: str = Field(
        "stderr",
        min_length=1,
        description="`stderr`, or the path of a file that is written to at its end; "
        "a relative path starts in the connection's own folder",
    )
    width: int = Field(78, ge=40, le=200, description="columns of a block")
    bell: bool = Field(True, description="ring the bell of the terminal for what is urgent")
