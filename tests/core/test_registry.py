"""Plugins are found by their distributions, loaded by name, and fail one by one.

The plugins here are real distributions: a module and a dist-info folder on a temporary path.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from upheld.errors import NotFound, UpheldError
from upheld.plugin import Intake, Notifier, Proposal
from upheld.registry import Classified, HookFailed, NotLoaded, Registry, installed

NOTIFIER = """
from upheld.plugin import Channel, ConnectionConfig, Notifier, hookimpl
class Bell(Notifier):
    name = "{name}"
    Config = ConnectionConfig
    channels = frozenset({{Channel.PAGE}})
    def check(self): return []
    def send(self, message, to, key): raise NotImplementedError
@hookimpl
def upheld_plugins(): return [Bell]
"""
CLASSIFIER = """
from upheld.plugin import Proposal, hookimpl
@hookimpl
def upheld_classify(case): return {answer}
"""
OBSERVER = """
from upheld.plugin import hookimpl
seen = []
@hookimpl
def upheld_event(event): seen.append(dict(event))
"""
INTAKE = Intake("mailbox", "Mail is down", "Since noon.")

Distribution = Callable[..., None]


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distribution]:
    """Install a distribution: its plugins by name, each with the source of its module."""
    monkeypatch.syspath_prepend(tmp_path)
    modules: list[str] = []

    def install(dist: str, extras: tuple[str, ...] = (), /, **sources: str) -> None:
        info = tmp_path / f"{dist.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        provides = "".join(f"Provides-Extra: {extra}\n" for extra in extras)
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n{provides}"
        )
        entries = ["[upheld]"]
        for name, source in sources.items():
            module = f"{dist.replace('-', '_')}_{name}"
            modules.append(module)
            entries.append(f"{name} = {module}")
            tmp_path.joinpath(f"{module}.py").write_text(source)
        info.joinpath("entry_points.txt").write_text("\n".join(entries) + "\n")

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def bell(name: str) -> str:
    return NOTIFIER.format(name=name)


def answering(answer: str) -> str:
    return CLASSIFIER.format(answer=answer)


def only_problem(registry: Registry) -> str:
    (problem,) = registry.problems
    return str(problem)


# --- finding --------------------------------------------------------------------------------------


def test_our_own_plugins_are_found_through_the_same_door() -> None:
    assert {
        "alertmanager",
        "apprise",
        "builtin",
        "email",
        "heartbeat",
        "kannel",
        "pagerduty",
        "readings",
        "remedy",
        "terminal",
        "twilio",
    } <= installed().keys()
    assert installed()["terminal"].distribution == "upheld"


def test_an_installed_plugin_is_described(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("acme"))
    found = installed()["acme"]
    assert (found.module, found.source) == ("acme_desk_acme", "acme-desk 1.2")


def test_listing_imports_nothing(distribution: Distribution) -> None:
    distribution("acme-desk", acme="raise SystemExit('imported')")
    assert "acme" in installed()
    assert "acme_desk_acme" not in sys.modules


def test_every_distribution_is_read_once_until_one_is_installed(
    distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution("acme-desk", acme=bell("acme"))
    before = installed()
    with monkeypatch.context() as patched:
        patched.setattr("upheld.registry.metadata.entry_points", None)
        assert installed() == before
    distribution("zulu-desk", zulu=bell("zulu"))
    assert "zulu" in installed()


def test_plugins_are_listed_by_name(distribution: Distribution) -> None:
    distribution("acme-desk", zulu=bell("zulu"), alpha=bell("alpha"))
    assert list(installed()) == sorted(installed())


# --- loading --------------------------------------------------------------------------------------


def test_an_enabled_plugin_brings_its_class(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("acme"))
    registry = Registry.load(["acme"])
    assert registry.problems == ()
    assert issubclass(registry.plugin("acme"), Notifier)


def test_our_plugins_load_without_a_problem() -> None:
    registry = Registry.load(["builtin", "pagerduty", "remedy", "terminal"])
    assert registry.problems == ()
    assert registry.plugins.keys() == {"builtin", "pagerduty", "remedy", "terminal"}


def test_what_is_not_enabled_is_not_imported(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("acme"), other="raise SystemExit")
    registry = Registry.load(["acme"])
    assert registry.problems == ()
    assert "acme_desk_other" not in sys.modules


def test_a_name_twice_is_loaded_once(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("acme"))
    registry = Registry.load(["acme", "acme"])
    assert (list(registry.plugins), registry.problems) == (["acme"], ())


def test_one_module_may_bring_several_plugins(distribution: Distribution, tmp_path: Path) -> None:
    both = bell("sms") + "class Ring(Bell):\n    name = 'voice'\n"
    both += "@hookimpl\ndef upheld_plugins(): return [Bell, Ring]\n"
    distribution("acme-phone", sms=both, voice="")
    entries = tmp_path / "acme_phone-1.2.dist-info" / "entry_points.txt"
    entries.write_text("[upheld]\nsms = acme_phone_sms\nvoice = acme_phone_sms\n")
    registry = Registry.load(["sms", "voice"])
    assert registry.plugins.keys() == {"sms", "voice"}
    assert registry.problems == ()


def test_the_registry_can_not_be_written_to(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("acme"))
    plugins = Registry.load(["acme"]).plugins
    with pytest.raises(TypeError):
        plugins["acme"] = None  # type: ignore[index]


# --- what goes wrong, and the rest goes on --------------------------------------------------------


def load_beside_a_good_one(distribution: Distribution, bad: str) -> str:
    """Load a bad plugin and a good one; the text of the only problem."""
    distribution("acme-desk", bad=bad)
    distribution("good-desk", good=bell("good"))
    registry = Registry.load(["bad", "good"])
    assert registry.plugins.keys() == {"good"}
    return only_problem(registry)


def test_an_unknown_name_gets_a_suggestion() -> None:
    problem = only_problem(Registry.load(["pagerdutty"]))
    assert "plugin 'pagerdutty' is not installed" in problem
    assert "did you mean 'pagerduty'?" in problem


def test_a_name_like_no_other_gets_the_list() -> None:
    assert "there is alertmanager, apprise, builtin, dns, email" in only_problem(
        Registry.load(["xyzzy"])
    )


def test_a_missing_library_says_what_to_install(distribution: Distribution) -> None:
    problem = load_beside_a_good_one(distribution, "import no_such_library.part")
    assert "plugin 'bad' needs the module 'no_such_library'" in problem
    assert "pip install no_such_library" in problem


def test_a_missing_library_behind_an_extra_names_the_extra(distribution: Distribution) -> None:
    distribution("acme-desk", ("bad",), bad="import no_such_library")
    problem = only_problem(Registry.load(["bad"]))
    assert "pip install 'acme-desk[bad]'" in problem


def test_a_library_missed_while_bringing_classes(distribution: Distribution) -> None:
    late = "from upheld.plugin import hookimpl\n@hookimpl\ndef upheld_plugins(): import no_such_lib"
    assert "needs the module 'no_such_lib'" in load_beside_a_good_one(distribution, late)


def test_a_module_that_is_not_there(distribution: Distribution, tmp_path: Path) -> None:
    distribution("acme-desk", acme="")
    tmp_path.joinpath("acme_desk_acme.py").unlink()
    problem = only_problem(Registry.load(["acme"]))
    assert "points at the module 'acme_desk_acme', which acme-desk 1.2 does not bring" in problem


def test_two_distributions_with_one_name_are_both_named(distribution: Distribution) -> None:
    distribution("acme-desk", desk=bell("desk"))
    distribution("borealis-desk", desk=bell("desk"))
    distribution("good-desk", good=bell("good"))
    registry = Registry.load(["desk", "good"])
    assert "claimed by acme-desk 1.2 and borealis-desk 1.2" in only_problem(registry)
    assert registry.plugins.keys() == {"good"}


@pytest.mark.parametrize("bad", ["1 / 0", "raise SystemExit(3)", "syntax error"])
def test_a_plugin_that_raises_while_loading(distribution: Distribution, bad: str) -> None:
    problem = load_beside_a_good_one(distribution, bad)
    assert "plugin 'bad' (acme-desk 1.2) raised while it was loaded" in problem


def test_a_plugin_that_raises_when_asked_for_classes(distribution: Distribution) -> None:
    bad = "from upheld.plugin import hookimpl\n@hookimpl\ndef upheld_plugins(): 1 / 0"
    assert "ZeroDivisionError" in load_beside_a_good_one(distribution, bad)


def test_a_misspelt_hook_is_found(distribution: Distribution) -> None:
    problem = load_beside_a_good_one(
        distribution, "from upheld.plugin import hookimpl\n@hookimpl\ndef upheld_plugin(): ..."
    )
    assert "upheld_plugin" in problem
    assert "the hooks are upheld_classify, upheld_event, upheld_plugins" in problem


def test_a_wrong_argument_is_found(distribution: Distribution) -> None:
    bad = "from upheld.plugin import hookimpl\n@hookimpl\ndef upheld_event(happening): ..."
    assert "happening" in load_beside_a_good_one(distribution, bad)


def test_a_wrapper_is_refused(distribution: Distribution) -> None:
    bad = "from upheld.plugin import hookimpl\n"
    bad += "@hookimpl(wrapper=True)\ndef upheld_event(event): return (yield)"
    assert "upheld_event is a wrapper" in load_beside_a_good_one(distribution, bad)


def test_a_module_without_hooks(distribution: Distribution) -> None:
    assert "@hookimpl" in load_beside_a_good_one(distribution, "def upheld_plugins(): ...")


def test_an_answer_that_is_no_list(distribution: Distribution) -> None:
    bad = "from upheld.plugin import hookimpl\n@hookimpl\ndef upheld_plugins(): return 7"
    assert "answered upheld_plugins with int" in load_beside_a_good_one(distribution, bad)


def test_something_that_is_no_plugin_class(distribution: Distribution) -> None:
    bad = "from upheld.plugin import hookimpl\n@hookimpl\ndef upheld_plugins(): return [dict]"
    assert "no Tracker, Notifier or Probe" in load_beside_a_good_one(distribution, bad)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("    name = ", "a name"),
        ("    Config = ", "a pydantic Config"),
        ("    channels = ", "channels"),
        ("    def send(", "send()"),
    ],
)
def test_a_class_that_misses_a_part(distribution: Distribution, line: str, missing: str) -> None:
    source = "".join(s + "\n" for s in bell("bad").splitlines() if not s.startswith(line))
    problem = load_beside_a_good_one(distribution, source)
    assert f"brings Bell without {missing}" in problem


def test_a_class_of_another_name_than_its_entry(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("other"))
    registry = Registry.load(["acme"])
    assert "brings other, but nothing of its own name" in only_problem(registry)
    assert registry.plugins.keys() == {"other"}


def test_a_class_name_brought_twice_stays_with_its_namesake(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("good"))
    distribution("good-desk", good=bell("good"))
    registry = Registry.load(["acme", "good"])
    assert registry.plugin("good").__module__ == "good_desk_good"
    problems = " ".join(str(problem) for problem in registry.problems)
    assert "is brought by 'acme' (acme-desk 1.2) and 'good' (good-desk 1.2)" in problems


def test_a_class_name_that_is_nobodys_is_used_by_none(distribution: Distribution) -> None:
    distribution("acme-desk", acme=bell("bell"), other=bell("bell"))
    registry = Registry.load(["acme", "other"])
    assert registry.plugins == {}
    assert any("disable or rename" in str(problem) for problem in registry.problems)


def test_asking_for_what_failed_tells_why(distribution: Distribution) -> None:
    distribution("acme-desk", acme="import no_such_library")
    with pytest.raises(NotLoaded, match="needs the module 'no_such_library'"):
        Registry.load(["acme"]).plugin("acme")


def test_asking_for_what_was_never_enabled() -> None:
    with pytest.raises(NotFound, match="did you mean 'terminal'"):
        Registry.load(["terminal"]).plugin("terminals")


def test_problems_are_errors_that_the_cli_can_show() -> None:
    (problem,) = Registry.load(["xyzzy"]).problems
    assert isinstance(problem, UpheldError)
    assert problem.exit_code == 3


# --- calling hooks --------------------------------------------------------------------------------


def classify(distribution: Distribution, **answers: str) -> Classified:
    distribution("acme-desk", **{name: answering(answer) for name, answer in answers.items()})
    return Registry.load(answers).classify(INTAKE)


def test_proposals_come_by_plugin_in_the_order_of_loading(distribution: Distribution) -> None:
    found = classify(distribution, zulu="Proposal(severity=1)", alpha="Proposal(severity=2)")
    assert list(found.proposals.items()) == [
        ("zulu", Proposal(severity=1)),
        ("alpha", Proposal(severity=2)),
    ]


def test_no_opinion_is_no_proposal(distribution: Distribution) -> None:
    assert classify(distribution, acme="None") == Classified({}, ())


def test_the_classifier_sees_the_case(distribution: Distribution) -> None:
    found = classify(distribution, acme="Proposal(reason=case.subject)")
    assert found.proposals["acme"].reason == INTAKE.subject


def test_a_classifier_that_raises_leaves_the_others(distribution: Distribution) -> None:
    found = classify(distribution, bad="1 / 0", good="Proposal(severity=3)")
    assert list(found.proposals) == ["good"]
    (problem,) = found.problems
    assert "plugin 'bad' failed in upheld_classify: ZeroDivisionError" in str(problem)


def test_a_classifier_that_answers_nonsense(distribution: Distribution) -> None:
    found = classify(distribution, bad="'severity 1'", good="Proposal(severity=3)")
    assert list(found.proposals) == ["good"]
    assert "it answered with str" in str(found.problems[0])


def test_an_implementation_may_take_fewer_arguments(distribution: Distribution) -> None:
    source = answering("Proposal(severity=1)").replace("(case)", "()")
    distribution("acme-desk", acme=source)
    found = Registry.load(["acme"]).classify(INTAKE)
    assert found.proposals["acme"].severity == 1


def test_an_observer_sees_events(distribution: Distribution) -> None:
    distribution("acme-desk", acme=OBSERVER)
    assert Registry.load(["acme"]).observe({"kind": "opened"}) == ()
    assert sys.modules["acme_desk_acme"].__dict__["seen"] == [{"kind": "opened"}]


def test_an_observer_can_not_change_the_event(distribution: Distribution) -> None:
    meddling = OBSERVER.replace("seen.append(dict(event))", "event['kind'] = 'closed'")
    distribution("acme-desk", bad=meddling, good=OBSERVER)
    event = {"kind": "opened"}
    (problem,) = Registry.load(["bad", "good"]).observe(event)
    assert isinstance(problem, HookFailed)
    assert (problem.plugin, event) == ("bad", {"kind": "opened"})
    assert sys.modules["acme_desk_good"].__dict__["seen"] == [event]


# --- weight ---------------------------------------------------------------------------------------


def test_a_plugin_module_alone_imports_no_adapter() -> None:
    code = "import upheld_pagerduty, upheld_remedy, upheld_terminal, upheld_builtin, sys\n"
    code += "print([m for m in sys.modules if m.endswith('.adapter')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
