"""The plugin that an entry of upheld.yaml names, of the kind that belongs there.

``where`` is the place (file and line) of its name; ``ConfigError`` says where it is not loaded, or
another kind of plugin.
"""

from __future__ import annotations

from typing import Any

from upheld.errors import ConfigError, Place, UpheldError
from upheld.plugin import Connection, Probe
from upheld.registry import PluginClass, Registry


def connection_named(registry: Registry, name: str, where: Place) -> type[Connection[Any]]:
    """Of an entry of `connections`."""
    plugin = _loaded(registry, name, where)
    if issubclass(plugin, Connection):
        return plugin
    then = "name a tracker or a notifier; see `upheld plugins list`"
    raise ConfigError(f"plugin '{name}' is a probe, not a connection", where=where, do_next=then)


def probe_named(registry: Registry, name: str, where: Place) -> type[Probe[Any]]:
    """Of an entry of `monitors`."""
    plugin = _loaded(registry, name, where)
    if issubclass(plugin, Probe):
        return plugin
    then = "name a probe: http, tcp …; or `fed_by`, where it tells of what is watched"
    raise ConfigError(f"plugin '{name}' is a connection, not a probe", where=where, do_next=then)


def _loaded(registry: Registry, name: str, where: Place) -> PluginClass:
    try:
        return registry.plugin(name)
    except UpheldError as error:
        raise ConfigError(error.what, where=where, do_next=error.do_next) from error
