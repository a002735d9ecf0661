"""upheld.yaml: what is true of a site, read and checked, with file and line in every error."""

from __future__ import annotations

from upheld.config.connections import validate_connection, validate_monitor
from upheld.config.embedded import embedded_default
from upheld.config.findings import secret_findings
from upheld.config.load import config_from, load_config
from upheld.config.model import Config, ConnectionEntry, GoLiveEntry, Rate, SiteReach, WebEntry
from upheld.config.secrets import SecretRef, Vault

__all__ = [
    "Config",
    "ConnectionEntry",
    "GoLiveEntry",
    "Rate",
    "SecretRef",
    "SiteReach",
    "Vault",
    "WebEntry",
    "config_from",
    "embedded_default",
    "load_config",
    "secret_findings",
    "validate_connection",
    "validate_monitor",
]
