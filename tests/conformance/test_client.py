"""Clients: run as they are, watched, and ended with everything that they started."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from mockserver.conformance.client import Command, Errand, Function
from mockserver.conformance.evidence import Run
from mockserver.conformance.program import MAX_OUTPUT, SPILL
from mockserver.errors import UsageError

PATIENCE = 20.0
PYTHON = sys.executable


def never() -> bool:
    return False


@pytest.fixture
def errand(tmp_path: Path) -> Errand:
    folder = tmp_path / "own"
    folder.mkdir()
    return Errand("a fox; $(rm)", {"FOX_URL": "http://x"}, folder, "http://x", "sk-mock-a")


def run_code(errand: Errand, code: str, *more: str, patience: float = PATIENCE) -> Run:
    return Command([PYTHON, "-c", code, *more]).run(errand, patience, never)


def test_a_program_is_given_its_words_and_a_folder_of_its_own(errand: Errand) -> None:
    """Placeholders are replaced without a shell, variables are set, other braces stay."""
    code = "import os, sys; print(*sys.argv[1:], os.environ['FOX_URL'], os.getcwd(), sep='\\n')"
    words = ["{prompt}", "{base_url}/v1", "{api_key}", "{folder}", "{other}"]
    run = run_code(errand, code, *words)

    own = str(errand.folder)
    assert run.output.splitlines() == [
        *["a fox; $(rm)", "http://x/v1", "sk-mock-a", own, "{other}"],
        *["http://x", os.path.realpath(own)],
    ]
    assert run.succeeded
    assert not run.failed


def test_what_a_program_says_and_leaves_is_kept(errand: Errand) -> None:
    """Its status, both of its outputs, its line of JSON, and its files by name."""
    code = (
        "import pathlib, sys; pathlib.Path('a').mkdir(); pathlib.Path('a/b.png').write_bytes(b'12')"
        """; print('{"outcome": "failed", "error": "x"}'); print('bye'); sys.exit('no')"""
    )
    run = run_code(errand, code)

    assert (run.status, run.errors, run.files) == (1, "no\n", {"a/b.png": b"12"})
    assert run.said == {"outcome": "failed", "error": "x"}
    assert run.failed


def test_a_program_that_does_not_end_is_ended_with_its_children(errand: Errand) -> None:
    """When the patience is over nothing of the client runs on, and there is no status."""
    run = Command(["sh", "-c", "sleep 60 & echo $!; wait"]).run(errand, 1.0, never)

    assert run.status is None
    assert is_gone(int(run.output))


def is_gone(process: int) -> bool:
    """Whether a process has ended, a moment ago at the latest."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # its parent is gone, and init has not looked yet
            return True
        Event().wait(0.01)
    return False


def test_enough_is_an_interruption(errand: Errand) -> None:
    """As soon as it is enough a program gets SIGINT, and may end as it likes."""
    code = (
        "import pathlib, time\n"
        "try:\n"
        "    pathlib.Path('up').touch(); time.sleep(30)\n"
        "except KeyboardInterrupt: print('stopped'); raise SystemExit(3)"
    )
    run = Command([PYTHON, "-c", code]).run(errand, PATIENCE, (errand.folder / "up").exists)

    assert (run.status, run.output) == (3, "stopped\n")


def test_who_breaks_off_leaves_no_program_behind(errand: Errand) -> None:
    """What the watcher raises comes through, after the program was ended."""

    def refuse() -> bool:
        found = errand.folder / "pid"
        if found.exists() and found.read_text("utf-8"):
            raise RuntimeError(found.read_text("utf-8"))
        return False

    with pytest.raises(RuntimeError) as told:
        Command(["sh", "-c", "echo $$ > pid; sleep 60"]).run(errand, PATIENCE, refuse)
    assert is_gone(int(str(told.value)))


def test_of_much_output_the_end_is_kept(errand: Errand) -> None:
    """A program that prints on and on fills no disk, and its last words are not lost."""
    code = (
        "import os, sys; line = 'x' * 1023 + '\\n'\n"
        f"for _ in range({SPILL // 1024 + 2000}): sys.stdout.write(line)\n"
        "sys.stdout.flush()\n"
        f"while os.fstat(1).st_size > {SPILL}: pass\n"
        "print('the end')"
    )
    run = run_code(errand, code)

    assert run.output.endswith("the end\n")
    assert len(run.output) <= MAX_OUTPUT


def test_a_script_is_found_from_where_we_are(
    errand: Errand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative script is made absolute, since it runs elsewhere; a file to write is not."""
    (tmp_path / "client.py").write_text("import sys; open(sys.argv[1], 'w').write('1')", "utf-8")
    (tmp_path / "out.png").write_text("mine", "utf-8")
    monkeypatch.chdir(tmp_path)
    run = Command([PYTHON, "client.py", "out.png"]).run(errand, PATIENCE, never)

    assert run.files == {"out.png": b"1"}
    assert (tmp_path / "out.png").read_text("utf-8") == "mine"


def test_a_program_may_run_where_it_is_told(errand: Errand, tmp_path: Path) -> None:
    """With a place it runs there; its own folder is still its own."""
    code = "import os, sys; open(sys.argv[1] + '/a', 'w').write(os.getcwd())"
    run = Command([PYTHON, "-c", code, "{folder}"], tmp_path).run(errand, PATIENCE, never)

    assert run.files == {"a": os.path.realpath(tmp_path).encode()}


@pytest.mark.parametrize(
    ("name", "problem"),
    [("no-such-client", "there is no such program"), ("./flat.txt", "it cannot be executed")],
)
def test_a_program_that_there_is_not_is_told_before_anything_runs(
    name: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt name is no finding about the client."""
    (tmp_path / "flat.txt").touch()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=f"{name} cannot be run: {problem}"):
        Command([name])


def test_a_system_without_process_groups_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a program has started could not be ended there; Python functions can be judged."""
    monkeypatch.delattr(os, "killpg")

    with pytest.raises(UsageError, match=r"Linux, macOS, or WSL.*plan_trials"):
        Command([PYTHON])


async def wait_shortly(_: Errand) -> None:
    raise TimeoutError("too late")


@pytest.mark.parametrize(
    ("call", "status", "output", "errors"),
    [
        (lambda _: None, 0, "", ""),
        (lambda _: {"outcome": "succeeded"}, 0, '{"outcome": "succeeded"}\n', ""),
        (
            lambda _: int("fox!"),
            1,
            "",
            "ValueError: invalid literal for int() with base 10: 'fox!'\n",
        ),
        (lambda _: sys.exit(4), 1, "", "SystemExit: 4\n"),
        (wait_shortly, 1, "", "TimeoutError: too late\n"),
    ],
)
def test_a_function_is_a_client(
    errand: Errand, call: Callable[[Errand], object], status: int, output: str, errors: str
) -> None:
    """What it raises is its failure, what it returns is its line of JSON; it may be a coroutine."""
    run = Function(call).run(errand, PATIENCE, never)

    assert (run.status, run.output, run.errors) == (status, output, errors)


def test_a_function_that_does_not_end_is_left_alone(errand: Errand) -> None:
    """It has no status; nobody can end a function from outside."""
    end = Event()
    run = Function(lambda _: end.wait(PATIENCE)).run(errand, 0.1, never)
    end.set()

    assert run.status is None
    assert not run.failed
