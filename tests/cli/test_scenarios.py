"""`mockserver scenarios`, `lint` and `serve --scenarios`: files of one's own, and what there is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line; its status, and what it wrote to both streams."""
    for name in [name for name in os.environ if name.startswith("MOCKSERVER_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a scenario, and with one in place of a built-in one."""
    (tmp_path / "mine.yaml").write_text("sentence: It is mine.\npace: {polls: 3}\n", "utf-8")
    (tmp_path / "flaky.yaml").write_text("sentence: It is mine, too.\npace: instant\n", "utf-8")
    return tmp_path


def test_all_scenarios_are_listed_with_their_sentences(run: Run) -> None:
    """The contract's own by provider, those of files with whom they are for."""
    status, out, _ = run("scenarios")
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}

    assert status == 0
    assert rows["maintenance"][1:3] == ["Every", "call"]
    assert rows["flaky"][1:4] == ["built-in", "all", "Every"]
    assert rows["callback-forged"][1:4] == ["built-in", "kie", "Every"]


def test_files_of_ones_own_are_listed_with_their_place(run: Run, mine: Path) -> None:
    """And it is told where one takes the place of a built-in one."""
    status, out, err = run("scenarios", "--scenarios", mine)

    assert status == 0
    assert f"{mine / 'mine.yaml'}" in out
    assert "It is mine, too." in out
    assert err == f"the scenario flaky is that of {mine / 'flaky.yaml'}, not the built-in one\n"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mine", ["It is mine.", "pace       polls, 3 of them", "sk-mock-ci.mine", "/_/mine"]),
        ("rate_limited", ["condition  rate-limited", "from       the contract"]),
        ("fails-late", ["failure    ", "pace       time x 5", "fails-late.yaml"]),
        ("outage", ['fault      {"fault":"status","status":503,"until":"1m"}']),
        ("fails", ["kie: Every task fails: ", "gptimage15: Every task fails: "]),
    ],
)
def test_a_name_tells_all_about_one(run: Run, mine: Path, name: str, told: list[str]) -> None:
    """What it changes, whom it is for, where it stands, and how a client gets into it."""
    status, out, _ = run("scenarios", "--scenarios", mine, name)

    assert status == 0
    assert [text for text in told if text not in out] == []


def test_the_faults_are_listed(run: Run) -> None:
    """Each with what it meets and a sentence; with a name, its settings too."""
    _, out, _ = run("scenarios", "--faults")
    _, one, _ = run("scenarios", "--faults", "rate_limit")

    assert any(line.startswith("reset ") and "TCP reset" in line for line in out.splitlines())
    assert "retry_after" in one


@pytest.mark.parametrize(
    ("arguments", "hint"), [(["flakey"], "'flaky'"), (["--faults", "rset"], "'reset'")]
)
def test_a_misspelled_name_is_answered_with_the_nearest(
    run: Run, arguments: list[str], hint: str
) -> None:
    """It is a mistake of usage."""
    status, _, err = run("scenarios", *arguments)

    assert status == 2
    assert f"did you mean {hint}?" in err


def test_lint_checks_scenarios(run: Run, mine: Path) -> None:
    """A folder without a contract is one of scenarios; findings are lines, and status 1."""
    fine = run("lint", mine)
    (mine / "mine.yaml").write_text("sentence: It is mine.\npace: no\n", "utf-8")
    bad = run("lint", mine)

    assert fine == (0, "0 findings in 0 contracts and 2 scenarios; 0 assumed\n", "")
    assert (bad[0], bad[1].splitlines()[0][:37]) == (1, "mine.yaml line 2: 'no' is no pace (ti")


def test_a_bad_scenario_stops_the_start(run: Run, mine: Path) -> None:
    """One line on stderr names the file, or the folder that has none, and status 4."""
    (mine / "mine.yaml").write_text("pace: instant\n", "utf-8")
    status, out, err = run("serve", "--port", "0", "--scenarios", mine)

    assert (status, out) == (4, "")
    assert err == (
        f"mockserver: {mine}/mine.yaml: it has no sentence (say in 'sentence' what happens)\n"
    )

    for file in mine.iterdir():
        file.unlink()
    status, _, err = run("serve", "--port", "0", "--scenarios", mine)

    assert (status, err.count(str(mine))) == (4, 1)
