"""What is wrong with scenario files is told all at once, each with its line and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.contract.plain_yaml import find_line
from mockserver.data import scenarios_dir
from mockserver.engine.scenarios.library import Library
from mockserver.engine.scenarios.lint import lint_scenarios
from mockserver.errors import ScenarioError
from mockserver.faults import FAULTS
from mockserver.selection import select_contracts

Lint = Callable[..., list[str]]


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    """Checks files of the given names and texts."""

    def check(**files: str) -> list[str]:
        for name, text in files.items():
            file = name.replace("__", ".")
            (tmp_path / (file if "." in file else f"{file}.yaml")).write_text(text, "utf-8")
        return lint_scenarios(tmp_path, select_contracts(), FAULTS)

    return check


def test_the_scenarios_of_the_package_are_fine() -> None:
    """No complaint about any of them."""
    assert lint_scenarios(scenarios_dir(), select_contracts(), FAULTS) == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("outcome: failed", "mine.yaml: it has no sentence (say in 'sentence' what happens)"),
        ("sentence: it is mine.\npace: manual", "mine.yaml line 1: 'it is mine.' is no sentence"),
        ("sentence: It is mine\npace: manual", "line 1: 'It is mine' is no sentence"),
        ("sentence: It is mine.", "mine.yaml: it changes nothing (say one of outcome, failure"),
        ("sentence: M.\noutcome: fails", "line 2: no task ends 'fails' (did you mean 'failed'?)"),
        ("sentence: M.\noutcome: []", "line 2: no task ends []"),
        ("sentence: M.\nfailure: 7", "line 2: 7 is no name of a failure"),
        ("sentence: M.\nfailure: content-polcy", "line 2: no provider has the failure"),
        ("sentence: M.\nfailure: content-polcy", "(did you mean 'content-policy'?)"),
        ("sentence: M.\noutcome: succeeded\nfailure: any", "line 3: a task that ends 'succeeded'"),
        ("sentence: M.\ncondition: rate-limitd", "line 2: there is no condition 'rate-limitd'"),
        ("sentence: M.\ncondition: expired", "mine.yaml: no provider can show it"),
        ("sentence: M.\ncondition: []", "line 2: there is no condition []"),
        ("sentence: M.\ncondition: not-found\npace: manual", "line 3: 'pace' says nothing about"),
        ("sentence: M.\nids: [1]", "line 2: [1] makes no ids (write what is drawn in braces"),
        ("sentence: M.\nids: my-task", "line 2: 'my-task' makes no ids"),
        ("sentence: M.\nids: 'x{hex}'", "line 2: {hex} in 'x{hex}' is no field of an id"),
        ("sentence: M.\ncondition: not-found\nids: 'x{hex:9}'", "line 3: 'ids' says nothing about"),
        ("sentence: M.\npace: slow", "line 2: 'slow' is no pace (time, instant, manual"),
        ("sentence: M.\npace: polls", "line 2: 'polls' is no pace"),
        ("sentence: M.\npace: {polls: 0}", "line 2: 0 is no number of polls, from 1 to 1000"),
        ("sentence: M.\npace: {polls: true}", "line 2: True is no number of polls"),
        ("sentence: M.\npace: {factor: 0}", "line 2: 0 is no factor"),
        ("sentence: M.\npace: {takes: 9s..3s}", "line 2: '9s..3s' ends before it begins"),
        ("sentence: M.\npace: {takes: 9}", "line 2: '9' is no span of time"),
        ("sentence: M.\npace: {polls: 2, factor: 2}", "line 2: {'polls': 2, 'factor': 2} is no"),
        ("sentence: M.\npace: {poll: 2}", "line 2: there is no pace 'poll'"),
        ("sentence: M.\nfaults: reset", "line 2: 'faults' is no list"),
        ("sentence: M.\nfaults:\n- {fault: rest}", "line 3: its fault: there is no fault 'rest'"),
        ("sentence: M.\nfaults:\n- reset", "line 3: its fault: 'reset' is no rule"),
        (
            "sentence: M.\nfaults:\n- {fault: reset}\n- fault: reset\n  prat: 0.5",
            "line 4: its fault: reset has no setting 'prat'; did you mean 'part'?",
        ),
        ("sentence: M.\nfaults:\n- {fault: reset, count: 0}", "'count' must be a whole number"),
        ("sentence: M.\nfaults:\n- {fault: refusal, conditions: no}", "there is no condition 'no'"),
        (
            "sentence: M.\nfaults:\n- {fault: reset, operation: sbmit}",
            "line 3: there is no operation 'sbmit' (did you mean 'submit'?)",
        ),
        ("sentence: M.\npace: manual\nproviders: [kei]", "line 3: there is no provider 'kei'"),
        ("sentence: M.\npace: manual\nproviders: kie", "line 3: 'providers' is no list of names"),
        ("sentence: M.\npase: manual", "line 2: there is no 'pase' in a scenario (did you mean"),
        ("sentence: M.\nsentence: N.\npace: manual", "mine.yaml line 2: has the key 'sentence'"),
        ("sentence: {", "mine.yaml: is not YAML"),
    ],
)
def test_each_mistake_is_told_where_it_stands(lint: Lint, lines: str, complaint: str) -> None:
    """One complaint names the file, the line, what is wrong and what was probably meant."""
    assert complaint in "\n".join(lint(mine=lines))


def test_all_mistakes_are_told_at_once(lint: Lint) -> None:
    """Nobody has to mend one to see the next."""
    found = lint(mine="outcome: no\npace: no\ncondition: no\nfaults: no\nproviders: no")

    assert len(found) == 8


def test_two_files_cannot_have_one_name(lint: Lint) -> None:
    """Dashes and underscores are one, and so are both endings of a YAML file."""
    good = "sentence: It is mine.\npace: manual"

    assert lint(my_own=good, **{"my-own__yml": good}) == [
        "my_own.yaml: 'my-own' is what my-own.yml is called, too (rename one)"
    ]


def test_a_name_is_one_that_a_key_can_carry(lint: Lint) -> None:
    """No capitals, blanks or dots: the name stands in keys, addresses and prompts."""
    assert (
        "'My one' is no name of a scenario" in lint(**{"My one": "sentence: M.\npace: manual"})[0]
    )


def test_a_folder_without_scenarios_is_told(lint: Lint) -> None:
    """An empty folder is probably the wrong one."""
    assert "holds no scenario" in lint(notes__txt="nothing")[0]


def test_a_bad_file_is_told_when_it_is_read(tmp_path: Path) -> None:
    """Without a check at the start, the first use says what is wrong."""
    (tmp_path / "mine.yaml").write_text("pace: no", "utf-8")

    with pytest.raises(ScenarioError, match=r"it has no sentence.*; mine.yaml line 1: 'no' is no"):
        Library([tmp_path]).find("mine")


def test_a_line_is_found_by_keys_and_numbers(tmp_path: Path) -> None:
    """The line of a value, of an item, and of the last part that is there."""
    file = tmp_path / "a.yaml"
    file.write_text("a:\n  b:\n  - 1\n  - c: 2\n", "utf-8")
    places: list[tuple[str | int, ...]] = [
        (),
        ("a",),
        ("a", "b", 1),
        ("a", "b", 1, "c"),
        ("a", "x"),
    ]

    assert [find_line(file, place) for place in places] == [None, 1, 4, 4, 1]
