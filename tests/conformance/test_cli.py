"""`mockserver conform`: its exit status, what it prints, and what breaks it off."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mockserver.cli import main

CLIENT = """\
import json, os, sys, time, urllib.request

def call(path, body=None):
    headers = {"Authorization": "Bearer " + os.environ["KIE_API_KEY"], "User-Agent": "tried/1"}
    headers["Content-Type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["KIE_BASE_URL"] + path, data, headers)
    with urllib.request.urlopen(request, timeout=9) as reply:
        return json.load(reply)["data"]

open("made-here", "w").close()
body = {"model": "gpt-image-2-text-to-image", "input": {"prompt": sys.argv[1]}}
task = call("/api/v1/jobs/createTask", body)["taskId"]
while "never" not in sys.argv:
    state = call("/api/v1/jobs/recordInfo?taskId=" + task)["state"]
    if state in ("success", "fail"):
        break
    time.sleep(0.02)
else:
    print("sleeping", os.getpid(), flush=True)
    open(sys.argv[3], "w").write(str(os.getpid()))
    time.sleep(60)
print("\\x1b[2Jtask", task, state)
sys.exit(state == "fail")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a client, and a machine without settings."""
    for name in [name for name in os.environ if name.startswith("MOCKSERVER_")]:
        monkeypatch.delenv(name)
    (tmp_path / "client.py").write_text(CLIENT, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def conform(*arguments: str, client: str = "client.py") -> int:
    line = ["conform", "--provider", "kie", *arguments, "--", sys.executable, client, "{prompt}"]
    return main(line)


def test_a_client_that_breaks_no_must_is_fine(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 0, a line per trial, the sums in the last line, and nothing on stderr."""
    assert conform("--case", "cre-01", "--case", "POL-09") == 0

    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert "pass  CRE-01" in lines[0] + lines[1]
    assert "warn  POL-09" in lines[0] + lines[1]
    assert lines[-1].startswith("1 warn, 1 pass - kie (")
    assert not err
    assert "\x1b" not in out
    assert not (folder / "made-here").exists()


def test_a_strict_suite_fails_at_what_should_be_and_at_what_nobody_saw(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 for a warning and for a MUST not exercised, which the last line names in any case.

    A client that says what it does not do is not asked for it, and a baseline may know the rest.
    """
    words = ["--case", "CRE-01", "--case", "CBK-01"]
    assert conform(*words) == 0
    last = capsys.readouterr()[0].splitlines()[-1]
    assert last == "1 MUST not exercised, which --strict fails: CBK-01"

    assert conform(*words, "--strict") == 1
    assert capsys.readouterr()[0].splitlines()[-1] == "1 MUST not exercised: CBK-01"
    assert conform(*words, "--strict", "--without", "callbacks") == 0

    assert conform("--strict", "--case", "POL-09") == 1
    assert "conform --provider kie --strict --case POL-09" in capsys.readouterr()[0]
    (folder / "known.yaml").write_text("POL-09: it is in a hurry\n", "utf-8")
    assert conform("--strict", "--case", "POL-09", "--baseline", "known.yaml") == 0


def test_a_failure_is_status_1_and_can_be_run_again_by_what_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command of the report, pasted, runs that one trial with the same options."""
    options = ["--edition", "observed", "--without", "callbacks", "--patience", "9"]
    assert conform(*options, "--case", "RET-15", "--case", "CRE-01") == 1

    out, _ = capsys.readouterr()
    (again,) = [line.partition("again: ")[2] for line in out.splitlines() if "again: " in line]
    words = shlex.split(again)
    assert words[:4] == ["mockserver", "conform", "--provider", "kie"]
    assert words[4 : 4 + len(options)] == options
    assert main(words[1:]) == 1
    assert "1 fail - kie" in capsys.readouterr()[0]


def test_what_is_known_is_no_failure_and_what_is_mended_is_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A baseline turns a known failure into status 0, and its stale line into status 1."""
    (folder / "known.yaml").write_text("RET-15: a trace, until Friday\n", "utf-8")
    assert conform("--baseline", "known.yaml", "--case", "RET-15") == 0
    assert "known: RET-15: a trace, until Friday" in capsys.readouterr()[0]

    (folder / "known.yaml").write_text("CRE-01: old\n", "utf-8")
    assert conform("--baseline", "known.yaml", "--case", "CRE-01") == 1
    assert "The baseline says that CRE-01 fails" in capsys.readouterr()[0]


def test_reports_are_written_beside(folder: Path) -> None:
    """Each form that is asked for is a file at the end, and tells of the same trials."""
    wishes = [f"--report={form}={form}.out" for form in ("json", "junit", "html")]
    assert conform(*wishes, "--case", "CRE-01") == 0

    found = json.loads((folder / "json.out").read_text("utf-8"))
    root = ET.parse(folder / "junit.out").getroot()  # noqa: S314 - our own
    assert [case["id"] for case in found["cases"]] == ["CRE-01"]
    assert found["cases"][0]["runs"][0]["files"] == {"made-here": 0}
    assert len(root.findall(".//testcase")) == 1
    assert "CRE-01" in (folder / "html.out").read_text("utf-8")


def test_a_client_may_run_here(folder: Path) -> None:
    """With --here the client's folder is ours, as tools need that look for their project."""
    assert conform("--here", "--case", "CRE-01") == 0
    assert (folder / "made-here").exists()


WRONG = {
    "no client": (["--provider", "kie"], "-- CMD"),
    "no provider": (["--", "true"], "say whose client it is: --provider NAME; there are"),
    "unknown provider": (["--provider", "ki", "--", "true"], "did you mean 'kie'"),
    "unknown case": (["--provider", "kie", "--case", "CRE-99", "--", "true"], "did you mean"),
    "unknown trial": (["--provider", "kie", "--case", "CRE-01/x", "--", "true"], "there is no"),
    "unknown program": (["--provider", "kie", "--", "no-such"], "no-such cannot be run: there is"),
    "unknown form": (["--provider", "kie", "--report", "pdf=x", "--", "true"], "json, junit, html"),
    "unknown lack": (["--provider", "kie", "--without", "x", "--", "true"], "'download'"),
    "no function": (["--provider", "kie", "--explore", "1", "--", "true"], "MODULE:FUNCTION"),
    "no such module": (["--provider", "kie", "--explore", "1", "--", "no_such:x"], "no_such"),
}


@pytest.mark.parametrize(("line", "problem"), WRONG.values(), ids=WRONG)
def test_a_wrong_line_is_told_at_once(
    capsys: pytest.CaptureFixture[str], line: list[str], problem: str
) -> None:
    """Status 2, nothing is run, and one line says what to write instead."""
    assert main(["conform", *line]) == 2

    out, err = capsys.readouterr()
    assert problem in err
    assert len(err.splitlines()) <= 2
    assert not out


def test_a_client_that_never_comes_is_told_what_it_was_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2 after a few trials; the line has its last words and the variables it was given."""
    call = ["sh", "-c", "echo 'where \x1b[2Jto?' >&2; exit 4"]
    assert main(["conform", "--provider", "kie", "--jobs", "2", "--", *call]) == 2

    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.isprintable()
    assert "with its key; it ended with status 4 and printed 'where  [2Jto?'" in line
    assert "KIE_BASE_URL, KIE_API_KEY, MOCKSERVER_PROMPT" in line
    assert len([each for each in out.splitlines() if "not exercised" in each]) <= 9


def test_what_does_not_apply_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """A contract that has no such thing breaks no rule about it; nothing is run."""
    assert conform("--case", "IDE-01") == 0
    assert "the contract has no idempotency" in capsys.readouterr()[0]


def test_a_bad_contract_is_status_4(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The complaint names the file, as everywhere."""
    (folder / "odd").mkdir()
    (folder / "odd" / "contract.yaml").write_text("openapi: 3.1.0\n", "utf-8")

    assert main(["conform", "--contract", "odd", "--", "true"]) == 4
    assert "contract.yaml" in capsys.readouterr()[1]


def test_the_cases_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a provider all of them; with one also which apply, and in how many settings."""
    assert main(["conform", "--list"]) == 0
    everywhere, _ = capsys.readouterr()
    assert main(["conform", "--list", "--provider", "kie"]) == 0
    here, _ = capsys.readouterr()

    assert "CRE-01   MUST    submits what the contract asks for\n" in everywhere
    assert len(here.splitlines()) == len(everywhere.splitlines()) > 60
    assert "not applicable: the contract has no" in here
    assert "settings)" in here
    assert "not applicable" not in everywhere
    *_, told, rules = everywhere.splitlines()[-1].split()
    assert told == "or"
    assert "### CRE-01\n" in Path(rules).read_text("utf-8")


def test_a_case_that_is_asked_for_is_listed_with_its_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The text of the rule and its source stand below the line, in the width of a terminal."""
    assert main(["conform", "--list", "--case", "ret-11"]) == 0
    told, _ = capsys.readouterr()

    line, *text = told.splitlines()
    assert line.startswith("RET-11   MUST    does not order twice")
    assert " ".join(each.strip() for each in text).endswith("paid as well. (RFC 9110 9.2.2)")
    assert max(map(len, text)) <= 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_suite_ends_its_clients_and_tells_what_is_done(
    folder: Path, number: signal.Signals
) -> None:
    """Ctrl-C is status 130: no client is left, and the report has what was judged."""
    mark = folder / "asleep"
    line = [sys.executable, "-m", "mockserver", "conform", "--provider", "kie", "--jobs", "1"]
    line += ["--case", "CRE-01", "--report", "json=found.json", "--", sys.executable]
    process = subprocess.Popen(
        [*line, "client.py", "{prompt}", "never", str(mark)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    while not (mark.exists() and mark.read_text("utf-8")):
        assert process.poll() is None
    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 128 + number
    assert not err
    assert out.splitlines()[-1].endswith("broken off")
    assert json.loads((folder / "found.json").read_text("utf-8"))["complete"] is False
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text("utf-8")), 0)
