"""`mockserver drift` and `mockserver diff`: what they print and write, and how they end."""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.cli import main
from mockserver.data import contracts_dir
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import write_har
from tests.record.played import record


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has set does not count."""
    for name in [name for name in os.environ if name.startswith("MOCKSERVER_")]:
        monkeypatch.delenv(name)


def forget(tape: Iterable[Exchange]) -> list[Exchange]:
    """A tape as any recorder would have made it, without our annotations."""
    nothing: dict[str, Any] = {"provider": None, "operation": None, "role": None, "task_id": None}
    return [replace(each, kind=Kind.CALL, notes=(), **nothing) for each in tape]


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """A plain HAR of everything that the observed edition of one provider says."""
    path = tmp_path / "tape.har"
    write_har(path, forget(record("kie", "observed")))
    return path


def test_a_recording_that_agrees_ends_with_0(
    capsys: pytest.CaptureFixture[str], tape: Path
) -> None:
    """Without drift the report says so, and the status is 0."""
    assert main(["drift", str(tape)]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("kie, observed: ")
    assert out.endswith("No drift.\n")
    assert not err


def test_drift_ends_with_1_and_is_written_as_json(
    capsys: pytest.CaptureFixture[str], tape: Path, tmp_path: Path
) -> None:
    """The worst comes first, in the text and in the JSON, with a place and an example."""
    report = tmp_path / "drift.json"
    line = ["drift", str(tape), "--edition", "kie=documented", "--report", f"json={report}"]

    assert main(line) == 1

    first, *_ = json.loads(report.read_text("utf-8"))["findings"]
    assert first["severity"] == "breaks readers"
    assert {"operation", "moment", "pointer", "count", "example"} <= first.keys()
    assert "breaks readers (" in capsys.readouterr().out


def test_the_overlay_is_an_edition_that_agrees(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The file that --overlay writes lies beside the contract as one of its editions."""
    folder, tape = tmp_path / "kie", tmp_path / "tape.har"
    shutil.copytree(contracts_dir() / "kie", folder)
    overlay = folder / "mended.yaml"
    # Of tasks that it does not know, the 4o Image API says with another code than documented that
    # there are none: that is about requests, and no overlay can say it.
    own = [each for each in record("kie", "observed") if "/gpt4o-image/record-info" not in each.url]
    write_har(tape, forget(own))
    base = ["drift", str(tape), "--provider", "kie", "--contract", str(folder), "--edition"]

    assert main([*base, "documented", "--overlay", str(overlay)]) == 1
    assert yaml.safe_load(overlay.read_text("utf-8"))["overlay"] == "1.0.0"
    assert main([*base, "mended"]) == 0
    assert main(["lint", str(folder)]) == 0
    assert capsys.readouterr().out.count("kie, mended: ") == 1


def test_a_long_recording_of_many_tasks_is_one_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Hundreds of exchanges with dozens of tasks, in several plain files, are held at once."""
    calls = [each for each in record("kie", "observed") if each.kind is Kind.CALL]
    paths = []
    for number in range(8):
        paths.append(str(tmp_path / f"{number}.har"))
        renamed = [rename(each, number) for each in forget(calls)]
        write_har(Path(paths[-1]), renamed)

    assert main(["drift", *paths]) == 0
    held = capsys.readouterr().out.partition("\n")[0]
    assert held == f"kie, observed: {8 * len(calls):,} exchanges, {8 * count_tasks(calls)} tasks"


def rename(exchange: Exchange, number: int) -> Exchange:
    """The same exchange with another task."""
    body, url = exchange.response_body, exchange.url
    for each in {task for task in map(find_task, record("kie", "observed")) if task}:
        other = f"{number}{each[1:]}"
        body, url = body.replace(each.encode(), other.encode()), url.replace(each, other)
    return replace(exchange, url=url, response_body=body)


def find_task(exchange: Exchange) -> str | None:
    return exchange.task_id


def count_tasks(tape: Iterable[Exchange]) -> int:
    return len({each.task_id for each in tape if each.task_id})


BAD_LINES = {
    "no recording": (["drift", "{tmp}/none.har"], 2, "none.har"),
    "no HAR": (["drift", "{tmp}/bad.har"], 4, "bad.har"),
    "another report": (["drift", "{tape}", "--report", "html=x"], 2, "json=FILE"),
    "another edition": (["drift", "{tape}", "--edition", "never"], 2, "never"),
    "another provider": (["drift", "{tape}", "--provider", "aigptimage"], 2, "--provider"),
    "nowhere to write": (["drift", "{tape}", "--report", "json={tmp}/no/x"], 2, "written"),
    "no contract": (["diff", "{tmp}/none", "kie"], 2, "none is no folder"),
    "no edition": (["diff", "kie=never", "kie"], 4, "never"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_bad_lines_are_explained(
    capsys: pytest.CaptureFixture[str], tape: Path, tmp_path: Path, case: str
) -> None:
    """A line that cannot be done ends with its status and one clear sentence."""
    (tmp_path / "bad.har").write_text('{"log": {"entries": [', "utf-8")
    words, status, said = BAD_LINES[case]
    line = [word.format(tmp=tmp_path, tape=tape) for word in words]

    assert main(line) == status
    assert said in capsys.readouterr().err


def test_editions_are_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two editions that break clients of each other end with 1; the same twice ends with 0."""
    report = tmp_path / "diff.json"
    line = ["diff", "kie=documented", "kie=observed", "--report", f"json={report}"]

    assert main(line) == 1
    out = capsys.readouterr().out
    assert out.index("breaking (") < out.index("cannot tell (") < out.index("compatible (")
    totals = json.loads(report.read_text("utf-8"))["totals"]
    assert totals["breaking"] > 5
    assert main(["diff", "kie", "kie"]) == 0
    assert capsys.readouterr().out.endswith("No change.\n")


def test_a_file_stands_for_its_edition(capsys: pytest.CaptureFixture[str]) -> None:
    """A contract's main file is what is documented, an overlay beside it is its edition."""
    folder = contracts_dir() / "kie"

    main(["diff", str(folder / "contract.yaml"), str(folder / "observed.yaml")])

    assert capsys.readouterr().out.startswith("kie, documented -> kie, observed\n")
