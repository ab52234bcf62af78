"""Explorations: drawn schedules find a bug, and shrink to the faults that bring it out."""

import builtins
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from mockserver import conformance
from mockserver.cli import main
from mockserver.conformance.exploration import build_suite, find_discovery
from mockserver.conformance.in_process import wrap_client
from mockserver.conformance.schedule import PACES, Schedule, draw_schedules
from mockserver.contract.plain_yaml import read_yaml
from mockserver.engine.engine import Engine
from mockserver.errors import MockServerError, UsageError
from tests.conformance.judgements import KIE
from tests.conformance.small_client import generate, order_again, poll_on, submit

FEW = 15


def test_a_client_that_bears_everything_is_fine() -> None:
    """No schedule makes a careful client order twice, poll on, or lie."""
    conformance.explore(generate, "kie", examples=FEW)


@pytest.mark.parametrize(
    ("client", "law", "faults"),
    [
        (order_again, "at most one accepted task", 1),
        (poll_on, "no poll after the task's end", 0),
        (submit, "no success without a task that has succeeded", 0),
    ],
)
def test_a_bug_is_found_with_the_smallest_schedule(client: Any, law: str, faults: int) -> None:
    """What is left is what brings the bug out, and is a scenario file ready to paste."""
    found = find_discovery(build_suite(KIE, (), 5.0), wrap_client(client), 40, 0)

    assert found is not None
    assert law in str(found)
    assert len(found.schedule.faults) == faults
    assert found.schedule.write() in str(found)


def test_a_client_that_raises_its_law_raises_in_a_test() -> None:
    """The Python form is an AssertionError with the schedule."""
    with pytest.raises(AssertionError, match=r"as a scenario file:\nsentence: "):
        conformance.explore(submit, "kie", examples=FEW)


@given(schedule=draw_schedules())
def test_every_schedule_is_a_scenario_file(schedule: Schedule) -> None:
    """What is printed reads back as the pace and the faults that were drawn."""
    file = Path("drawn.yaml")
    found = read_yaml_text(schedule.write(), file)

    assert schedule.polls in PACES
    assert found["pace"] == {"polls": schedule.polls}
    assert found.get("faults", []) == [dict(fault) for fault in schedule.faults]


def read_yaml_text(text: str, file: Path) -> Any:
    class Text:
        """A file that was never written."""

        def read_text(self, *_: object) -> str:
            return text

        def read_bytes(self) -> bytes:
            return text.encode()

    return read_yaml(Text(), file.name)  # type: ignore[arg-type]


def test_a_command_line_explores_a_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """MODULE:FUNCTION is found from here; a discovery is printed, and is status 1."""
    (tmp_path / "hasty_client.py").write_text(
        "from tests.conformance.small_client import submit as generate\n", "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    line = ["conform", "--provider", "kie", "--explore", "5", "--"]

    assert main([*line, "hasty_client:generate"]) == 1
    assert "pace: {polls: 1}" in capsys.readouterr()[0]
    assert main([*line, "hasty_client:missing"]) == 2


def test_without_hypothesis_it_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only explorations need it, and they say so."""
    whole = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("hypothesis"):
            raise ImportError(name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match="needs hypothesis"):
        conformance.explore(generate, "kie")


def test_what_the_emulator_does_wrong_is_no_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of the server is told as such, and no schedule is blamed for it."""

    def choke(*_: object) -> None:
        raise KeyError("no such state")

    monkeypatch.setattr(Engine, "answer", choke)
    with pytest.raises(MockServerError, match="the emulator failed, and not the client: KeyError"):
        conformance.explore(generate, "kie", examples=2)


def test_a_client_that_never_comes_is_no_discovery() -> None:
    """It says how it ended, since every law would hold of it."""
    with pytest.raises(UsageError, match="never reached the server"):
        conformance.explore(lambda _: None, "kie", examples=2)
