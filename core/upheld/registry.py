"""Finds plugins, loads what is enabled, calls their hooks one by one.

A plugin is an entry point of the group ``upheld``: its name is the plugin's name, its value the
module that holds the hook implementations. Nothing is imported but what is enabled, and whatever
one plugin does wrong leaves the others as they are.
"""

from __future__ import annotations

import difflib
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final, TypeAlias

import pluggy
from pydantic import BaseModel

from upheld import hookspecs
from upheld.errors import NotFound, UpheldError
from upheld.plugin import Connection, Intake, Notifier, Probe, Proposal, Value

GROUP: Final = "upheld"
PluginClass: TypeAlias = type[Connection[Any]] | type[Probe[Any]]


class NotLoaded(UpheldError):
    """A plugin, or one of its classes, can't be used; ``plugin`` names it."""

    exit_code = 3

    def __init__(self, plugin: str, what: str, do_next: str) -> None:
        super().__init__(f"plugin '{plugin}' {what}", do_next=do_next)
        self.plugin = plugin


class HookFailed(UpheldError):
    """A plugin raised in a hook, or answered with something that the hook does not take."""

    def __init__(self, plugin: str, hook: str, what: str) -> None:
        super().__init__(
            f"plugin '{plugin}' failed in {hook}: {what}",
            do_next="the rest went on without it; tell the plugin's authors",
        )
        self.plugin, self.hook = plugin, hook


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that is installed, as its distribution describes it; nothing was imported.

    ``rivals`` names the distributions ("acme-desk 1.2") that claim the same name.
    """

    name: str
    module: str
    distribution: str
    version: str
    extras: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The distribution and its version, as people write them."""
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Classified:
    """What the classifiers proposed, by plugin, in the order in which they were enabled."""

    proposals: Mapping[str, Proposal]
    problems: tuple[UpheldError, ...]


def installed() -> dict[str, Installed]:
    """All plugins that are installed, by name, without importing any."""
    return dict(_scanned(tuple((place, _touched(place)) for place in sys.path)))


@lru_cache(maxsize=1)
def _scanned(_places: tuple[tuple[str, int], ...]) -> Mapping[str, Installed]:
    """Reading every distribution is slow: once, until a folder of theirs changes."""
    claims: dict[str, list[Installed]] = defaultdict(list)
    for entry in metadata.entry_points(group=GROUP):
        claims[entry.name].append(_described(entry))
    return {name: _with_rivals(claims[name]) for name in sorted(claims)}


def _touched(place: str) -> int:
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


def _described(entry: metadata.EntryPoint) -> Installed:
    dist = entry.dist
    if dist is None:
        return Installed(entry.name, entry.module, "an unnamed distribution", "")
    extras = tuple(dist.metadata.get_all("Provides-Extra") or ())
    return Installed(entry.name, entry.module, dist.name, dist.version, extras)


def _with_rivals(claims: list[Installed]) -> Installed:
    first, *others = sorted(claims, key=lambda claim: (claim.distribution, claim.module))
    return Installed(
        first.name,
        first.module,
        first.distribution,
        first.version,
        first.extras,
        tuple(other.source for other in others),
    )


@dataclass
class Registry:
    """What is loaded: ``plugins`` by name, and ``problems`` with what is not."""

    plugins: Mapping[str, PluginClass]
    problems: tuple[UpheldError, ...]
    _hooks: pluggy.PluginManager = field(repr=False)

    @classmethod
    def load(cls, names: Iterable[str]) -> Registry:
        """Import and register these plugins, each once; what can't be used is a problem."""
        loader = _Loader()
        for name in dict.fromkeys(names):
            loader.load(name)
        plugins = loader.settle()
        return cls(MappingProxyType(plugins), tuple(loader.problems), loader.hooks)

    def plugin(self, name: str) -> PluginClass:
        """The class of this name; `NotFound`, with the reason, where there is none."""
        if name in self.plugins:
            return self.plugins[name]
        for problem in self.problems:
            if isinstance(problem, NotLoaded) and problem.plugin == name:
                raise problem
        raise NotFound(f"no plugin '{name}' is loaded", do_next=_suggest(name, self.plugins))

    @property
    def classifiers(self) -> tuple[str, ...]:
        """The plugins that classify, in the order of loading."""
        return tuple(impl.plugin_name for impl in _implementations(self._hooks, "upheld_classify"))

    def classify(self, case: Intake, plugin: str | None = None) -> Classified:
        """Ask every classifier, or one; an error or a wrong answer of one is a problem beside the rest."""
        proposals: dict[str, Proposal] = {}
        problems: list[UpheldError] = []
        for name, answer in self._call("upheld_classify", problems, plugin, case=case):
            if isinstance(answer, Proposal):
                proposals[name] = answer
            elif answer is not None:
                what = f"it answered with {type(answer).__name__}, not with a Proposal"
                problems.append(HookFailed(name, "upheld_classify", what))
        return Classified(MappingProxyType(proposals), tuple(problems))

    @property
    def observers(self) -> tuple[str, ...]:
        """The plugins that observe events, in the order of loading."""
        return tuple(impl.plugin_name for impl in _implementations(self._hooks, "upheld_event"))

    def observe(
        self, event: Mapping[str, Value], plugin: str | None = None
    ) -> tuple[UpheldError, ...]:
        """Show an event to every observer, or to one; returns what went wrong, raises nothing."""
        problems: list[UpheldError] = []
        seen = MappingProxyType(dict(event))
        for _ in self._call("upheld_event", problems, plugin, event=seen):
            pass
        return tuple(problems)

    def _call(
        self, hook: str, problems: list[UpheldError], only: str | None = None, **arguments: object
    ) -> Iterator[tuple[str, object]]:
        """The contained seam: one implementation after the other, in the order of loading."""
        for impl in _implementations(self._hooks, hook):
            if only not in {None, impl.plugin_name}:
                continue
            try:
                answer = impl.function(*(arguments[name] for name in impl.argnames))
            except Exception as error:  # noqa: BLE001 - a plugin's error must not stop the others
                problems.append(HookFailed(impl.plugin_name, hook, _told(error)))
            else:
                yield impl.plugin_name, answer


def _implementations(hooks: pluggy.PluginManager, hook: str) -> list[pluggy.HookImpl]:
    caller: pluggy.HookCaller = getattr(hooks.hook, hook)
    # pluggy keeps the last registered first
    impls: list[pluggy.HookImpl] = caller.get_hookimpls()
    order = [name for name, _ in hooks.list_name_plugin()]
    return sorted(impls, key=lambda impl: order.index(impl.plugin_name))


class _Loader:
    """Loads plugins one by one and collects what goes wrong."""

    def __init__(self) -> None:
        self.known = installed()
        self.problems: list[UpheldError] = []
        self.claims: dict[str, list[tuple[Installed, PluginClass]]] = defaultdict(list)
        self.hooks = pluggy.PluginManager(GROUP)
        self.hooks.add_hookspecs(hookspecs)

    def load(self, name: str) -> None:
        """Everything about one plugin; a problem of it ends here."""
        try:
            plugin = self._find(name)
            module = _imported(plugin)
            if self._register(plugin, module):
                self._take_classes(plugin)
        except NotLoaded as problem:
            self.problems.append(problem)

    def settle(self) -> dict[str, PluginClass]:
        """Who gets which name: a name that two plugins bring belongs to the one called so."""
        return {
            name: winner
            for name, claims in self.claims.items()
            if (winner := self._winner(name, claims)) is not None
        }

    def _find(self, name: str) -> Installed:
        if name not in self.known:
            raise NotLoaded(name, "is not installed", _suggest(name, self.known))
        plugin = self.known[name]
        if plugin.rivals:
            claimants = " and ".join((plugin.source, *plugin.rivals))
            raise NotLoaded(
                name,
                f"is claimed by {claimants}",
                "uninstall all but one: which is meant can't be told",
            )
        return plugin

    def _register(self, plugin: Installed, module: ModuleType) -> bool:
        """False where the module is registered already, by another name of the same plugin."""
        if self.hooks.is_registered(module):
            return False
        try:
            self.hooks.register(module, plugin.name)
            self.hooks.check_pending()
            _look_at_hooks(self.hooks, module)
        except pluggy.PluginValidationError as error:
            if self.hooks.is_registered(module):
                self.hooks.unregister(module)
            hooks = ", ".join(_hook_names())
            what = f"({plugin.source}) has no hooks that fit: {_one_line(error)}"
            raise NotLoaded(plugin.name, what, f"the hooks are {hooks}") from error
        return True

    def _take_classes(self, plugin: Installed) -> None:
        names = []
        for brought in self._brought(plugin):
            try:
                fitting = _fit(plugin, brought)
            except NotLoaded as problem:
                self.problems.append(problem)
            else:
                names.append(fitting.name)
                self.claims[fitting.name].append((plugin, fitting))
        if names and plugin.name not in names:
            what = f"({plugin.source}) brings {', '.join(names)}, but nothing of its own name"
            self.problems.append(
                NotLoaded(plugin.name, what, "entry point and class must have one name")
            )

    def _brought(self, plugin: Installed) -> list[Any]:
        module = self.hooks.get_plugin(plugin.name)
        hook: Callable[[], object] | None = getattr(module, "upheld_plugins", None)
        if hook is None:
            return []
        try:
            brought = hook()
        except Exception as error:
            raise _not_imported(plugin, error) from error
        if isinstance(brought, list | tuple):
            return list(brought)
        what = f"({plugin.source}) answered upheld_plugins with {type(brought).__name__}"
        raise NotLoaded(plugin.name, what, "it must return a list of classes")

    def _winner(self, name: str, claims: list[tuple[Installed, PluginClass]]) -> PluginClass | None:
        if len(claims) == 1:
            return claims[0][1]
        namesakes = [found for plugin, found in claims if plugin.name == name]
        winner = namesakes[0] if len(namesakes) == 1 else None
        brought_by = " and ".join(f"'{plugin.name}' ({plugin.source})" for plugin, _ in claims)
        what = f"is brought by {brought_by}"
        if winner is not None:
            what += f"; the one of '{name}' is used"
        self.problems.append(NotLoaded(name, what, "disable or rename all but one"))
        return winner


# --- importing ----------------------------------------------------------------------------------


def _imported(plugin: Installed) -> ModuleType:
    try:
        return import_module(plugin.module)
    except (Exception, SystemExit) as error:
        raise _not_imported(plugin, error) from error


def _not_imported(plugin: Installed, error: BaseException) -> NotLoaded:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing(plugin, error.name)
    return NotLoaded(
        plugin.name,
        f"({plugin.source}) raised while it was loaded: {_told(error)}",
        "update it, or take its connections out of upheld.yaml",
    )


def _missing(plugin: Installed, module: str) -> NotLoaded:
    wanted = module.partition(".")[0]
    if wanted == plugin.module.partition(".")[0]:
        what = f"points at the module '{module}', which {plugin.source} does not bring"
        return NotLoaded(plugin.name, what, f"install {plugin.distribution} again")
    extra = plugin.name in plugin.extras
    install = f"'{plugin.distribution}[{plugin.name}]'" if extra else wanted
    return NotLoaded(plugin.name, f"needs the module '{wanted}'", f"pip install {install}")


# --- fitting ------------------------------------------------------------------------------------


def _hook_names() -> list[str]:
    return sorted(name for name in vars(hookspecs) if name.startswith("upheld_"))


def _look_at_hooks(hooks: pluggy.PluginManager, module: ModuleType) -> None:
    """Each implementation is called alone: one at least, and none that wraps the others."""
    callers = hooks.get_hookcallers(module) or []
    if not callers:
        raise pluggy.PluginValidationError(module, "no function is marked with @hookimpl")
    for caller in callers:
        for impl in caller.get_hookimpls():
            if impl.plugin is module and (impl.wrapper or impl.hookwrapper):
                raise pluggy.PluginValidationError(module, f"{caller.name} is a wrapper")


def _fit(plugin: Installed, brought: Any) -> PluginClass:
    """The class, if it is one that can be used; else `NotLoaded` with all that is missing."""
    if not (isinstance(brought, type) and issubclass(brought, Connection | Probe)):
        what = f"({plugin.source}) brings {brought!r}, which is no Tracker, Notifier or Probe"
        raise NotLoaded(plugin.name, what, "return subclasses of the base classes")
    missing = list(_missing_parts(brought))
    if missing:
        what = f"({plugin.source}) brings {brought.__name__} without {', '.join(missing)}"
        raise NotLoaded(plugin.name, what, "tell the plugin's authors; its other classes are used")
    return brought


def _missing_parts(brought: PluginClass) -> Iterator[str]:
    name = getattr(brought, "name", None)
    if not (isinstance(name, str) and name):
        yield "a name"
    config = getattr(brought, "Config", None)
    if not (isinstance(config, type) and issubclass(config, BaseModel)):
        yield "a pydantic Config"
    if issubclass(brought, Notifier) and not getattr(brought, "channels", None):
        yield "channels"
    if inspect.isabstract(brought):
        yield from sorted(f"{method}()" for method in brought.__abstractmethods__)


# --- words --------------------------------------------------------------------------------------


def _suggest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there is {', '.join(names)}" if names else "no plugin is there: install Upheld again"


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {_one_line(error)}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
