"""The command: what it writes, says, and returns."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imagejobs import Settings, Task, cli, errors, printing, transport
from mockserver.web.asgi import App

Run = Callable[..., Result]
MakeScript = Callable[..., Any]

PROVIDERS = ["kie", "aigptimage", "gptimage15", "gptimage15-v2"]

pytestmark = pytest.mark.parametrize(
    ("library", "mode"), [("httpx", False)], indirect=True, ids=["httpx"]
)


@pytest.fixture
def run(mode: Any, world: Any, emulator: App, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command against the emulator, or another server, on virtual time."""
    monkeypatch.setattr(cli, "build_settings", lambda: Settings(world=world))

    def run(*args: str, key: str = "sk-mock-cli", server: Any = None) -> Result:
        handler = emulator if server is None else server
        monkeypatch.setattr(transport, "build_http", lambda: mode.build_http(handler))
        for name in ("KIE", "AIGPTIMAGE", "GPTIMAGE15"):
            monkeypatch.setenv(f"{name}_API_KEY", key)
            monkeypatch.setenv(f"{name}_BASE_URL", f"http://127.0.0.1:8787/{name.lower()}")
        return CliRunner().invoke(cli.main, list(args))

    return run


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("images", [[], ["--image", "https://example.org/fox.png"]])
def test_generate_writes_the_image(
    run: Run, tmp_path: Path, provider: str, images: list[str]
) -> None:
    """A prompt becomes a file; its name is on stdout, progress on stderr."""
    path = tmp_path / "fox.png"

    done = run("generate", "--provider", provider, "a red fox", "-o", str(path), *images)

    assert (done.exit_code, path.read_bytes()[:4]) == (0, b"\x89PNG")
    assert done.stdout.splitlines()[-1] == str(path)
    assert "accepted" in done.stderr


def test_generate_as_json_is_one_object(run: Run) -> None:
    """Programs read one line."""
    done = run("generate", "--provider", "kie", "a red fox", "--json", "--option", "resolution=1K")

    assert json.loads(done.stdout)["phase"] == "succeeded"
    assert len(done.stdout.splitlines()) == 1


def test_an_interrupted_order_is_finished_by_its_id(run: Run, tmp_path: Path) -> None:
    """A wait that ran out names the task; status and download go on with it."""
    late = run("generate", "--provider", "kie", "fox", "--timeout", "3", "--json")
    task_id = json.loads(late.stdout)["error"]["task_id"]

    status = run("status", task_id, "--wait", "--provider", "kie")
    download = run("download", task_id, "--provider", "kie", "-o", str(tmp_path / "f.png"))

    assert [late.exit_code, status.exit_code, download.exit_code] == [4, 0, 0]
    assert (tmp_path / "f.png").exists()


def test_status_says_how_it_is(run: Run) -> None:
    """Without --wait, a running task is an answer."""
    late = run("generate", "--provider", "kie", "fox", "--timeout", "3", "--json")
    task_id = json.loads(late.stdout)["error"]["task_id"]

    status = run("status", task_id, "--provider", "kie")

    assert status.exit_code == 0
    assert status.stdout.split()[:2] in ([task_id, "running"], [task_id, "queued"])


KEYS = [
    ("fails", 1, "GenerationFailed"),
    ("unauthorized", 3, "Unauthorized"),
    ("insufficient-credits", 3, "OutOfCredits"),
    ("server-error", 4, "SubmitUnknown"),
]


@pytest.mark.parametrize(("scenario", "code", "kind"), KEYS)
def test_exit_codes_say_whose_turn_it_is(run: Run, scenario: str, code: int, kind: str) -> None:
    """Each branch of the errors has its code, and JSON names the error."""
    done = run("generate", "--provider", "kie", "fox", "--json", key=f"sk-mock-cli.{scenario}")

    assert done.exit_code == code
    assert json.loads(done.stdout)["error"]["kind"] == kind
    assert done.stderr.splitlines()[-1].startswith("imagejobs: kie")


USAGES = [
    ["generate", "fox", "--provider", "nobody"],
    ["generate", "fox", "--provider", "kie", "--option", "quality"],
    ["generate", "fox", "--provider", "gptimage15", "--model", "m"],
    ["generate", "fox", "--provider", "kie", "--timeout", "0"],
    ["generate", "fox", "--provider", "kie", "--base-url", "nowhere"],
    ["status", "", "--provider", "kie"],
]


@pytest.mark.parametrize("args", USAGES, ids=range(len(USAGES)))
def test_mistakes_of_usage_are_code_2(run: Run, args: list[str]) -> None:
    """What cannot work is told in a line, without a traceback."""
    done = run(*args)

    assert done.exit_code == 2
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    """A missing folder is a line on stderr; the task is named, so nothing is lost."""
    done = run("generate", "--provider", "kie", "fox", "-o", str(tmp_path / "no" / "fox.png"))

    assert done.exit_code == 2
    assert "-o" in done.stderr


def interrupt(_: Any) -> Any:
    raise KeyboardInterrupt


def accept(task_id: str) -> Any:
    return 200, {"code": 200, "data": {"taskId": task_id}}


def tell_success(task_id: str, results: str) -> Any:
    data = {"taskId": task_id, "state": "success", "resultJson": results}
    return 200, {"code": 200, "data": data}


@pytest.mark.parametrize("task_id", ["t-9", "--wait", "t 9; rm -r ~"])
@pytest.mark.parametrize("place", [[], ["--base-url", "http://127.0.0.1:8787/here & there"]])
def test_an_interruption_tells_how_to_go_on(
    run: Run, script: MakeScript, place: list[str], task_id: str
) -> None:
    """Ctrl-C during the wait is code 130, and the last line can be pasted: it waits on, there."""
    done = tell_success(task_id, '["https://cdn.example.com/fox.png"]')
    server = script(accept(task_id), interrupt, done)

    stopped = run("generate", "--provider", "kie", "fox", *place, server=server)
    name, *words = shlex.split(stopped.stderr.splitlines()[-1])
    resumed = run(*words, server=server)

    assert (stopped.exit_code, name, resumed.exit_code) == (130, "imagejobs", 0)
    assert resumed.stdout.startswith(f"{task_id} succeeded")
    assert [str(r.url) for r in server.requests[1:2]] == [str(r.url) for r in server.requests[2:]]


def test_a_wait_that_was_too_short_tells_how_to_go_on(run: Run) -> None:
    """The last line of a timeout can be pasted as well."""
    late = run("generate", "--provider", "kie", "fox", "--timeout", "3")

    name, *words = shlex.split(late.stderr.splitlines()[-1])

    assert (late.exit_code, name) == (4, "imagejobs")
    assert run(*words).exit_code == 0


def test_an_interrupted_submit_may_have_made_a_task(run: Run, script: MakeScript) -> None:
    """Whoever stops an order before its id is known is told to look before ordering again."""
    done = run("generate", "--provider", "kie", "fox", server=script(interrupt))

    assert done.exit_code == 130
    assert "a task may have been made" in done.stderr


def test_an_interrupted_download_is_only_that(run: Run, script: MakeScript, tmp_path: Path) -> None:
    """Nothing was ordered by it, so there is nothing to see to."""
    file = str(tmp_path / "fox.png")

    done = run("download", "t", "--provider", "kie", "-o", file, server=script(interrupt))

    assert (done.exit_code, done.stderr) == (130, "imagejobs: interrupted\n")


README = Path(__file__).parents[2] / "clients" / "README.md"


def test_the_commands_of_the_readme_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They can be pasted one after the other, with the id of the task where ID stands."""
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^\$ imagejobs (.*)$", README.read_text("utf-8"), re.MULTILINE)
    task_id, codes = "ID", []

    for line in lines:
        done = run(*shlex.split(re.sub(r"\bID\b", task_id, line)))
        codes.append(done.exit_code)
        task_id = done.stdout.split()[0]

    assert codes == [0, 0, 0]
    assert (tmp_path / "fox.png").exists()


EMPTY = ["", "{}", "[]", '{"resultUrls":[]}']


@pytest.mark.parametrize("results", EMPTY)
@pytest.mark.parametrize("output", [[], ["-o", "fox.png"]], ids=["plain", "to-file"])
def test_a_success_without_a_result_is_the_providers_fault(
    run: Run, script: MakeScript, results: str, output: list[str]
) -> None:
    """Exit code 1 and the id, whether or not a file was asked for."""
    server = script(accept("t-9"), tell_success("t-9", results))

    done = run("generate", "--provider", "kie", "fox", *output, server=server)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "t-9 succeeded without a result" in done.stderr


def test_a_download_of_nothing_is_the_providers_fault(
    run: Run, script: MakeScript, tmp_path: Path
) -> None:
    """A task that has succeeded and has no results is told like that of a wait."""
    server, path = script(tell_success("t-9", "")), str(tmp_path / "fox.png")

    done = run("download", "t-9", "--provider", "kie", "-o", path, server=server)

    assert done.exit_code == 1
    assert "t-9 succeeded without a result" in done.stderr


def test_a_provider_cannot_steer_the_terminal(run: Run, script: MakeScript) -> None:
    """Control characters in what a provider says are not printed."""
    server = script((200, {"code": 401, "msg": "no\x1b[2J\r\n"}))

    done = run("generate", "--provider", "kie", "fox", server=server)

    assert "\x1b" not in done.output


def test_a_result_by_its_address_is_written(run: Run, tmp_path: Path) -> None:
    """An address from elsewhere is downloaded like a task's."""
    url = json.loads(run("generate", "--provider", "kie", "fox", "--json").stdout)["results"][0]

    done = run("download", url, "--provider", "kie", "-o", str(tmp_path / "f.png"), "--json")

    assert (done.exit_code, (tmp_path / "f.png").exists()) == (0, True)
    assert json.loads(done.stdout) == {"url": url, "files": [str(tmp_path / "f.png")]}


def test_a_task_without_results_is_not_downloaded(run: Run, tmp_path: Path) -> None:
    """A task that is not finished is told as such."""
    late = run("generate", "--provider", "kie", "fox", "--timeout", "3", "--json")
    task_id = json.loads(late.stdout)["error"]["task_id"]

    done = run("download", task_id, "--provider", "kie", "-o", str(tmp_path / "f.png"))

    assert done.exit_code == 2
    assert "no result (yet)" in done.stderr


def test_a_terminal_keeps_progress_on_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal each state replaces the one before."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with printing.Printer("kie").progress() as show:
        show(Task("kie", "t", state="waiting"))

    assert capsys.readouterr().err.startswith("\r\x1b[Kkie t waiting")


def test_an_order_has_everything_that_was_said(run: Run, script: MakeScript) -> None:
    """Model, images, fields and request id reach the wire."""
    server = script((200, {"code": 401}))
    said = ["--model", "m", "--image", "i", "--option", "n=2", "--option", "q=high"]

    run("generate", "--provider", "aigptimage", "fox", *said, "--request-id", "7", server=server)

    (request,) = server.requests
    assert request.headers["x-request-id"] == "7"
    assert json.loads(request.content) == {
        "model": "m",
        "input": {"prompt": "fox", "n": 2, "q": "high", "input_urls": ["i"]},
    }


def test_several_results_are_numbered(run: Run, tmp_path: Path) -> None:
    """The first result has the given name, the next ones a number."""
    names = [printing.number_path(tmp_path / "fox.png", index).name for index in range(3)]

    assert names == ["fox.png", "fox-2.png", "fox-3.png"]


def test_every_error_has_an_exit_code(run: Run) -> None:
    """No error falls through to a traceback."""
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    leaves = [k for k in kinds if issubclass(k, errors.ImageError) and not k.__subclasses__()]

    assert {cli.find_exit_code(leaf("")) for leaf in leaves} == {1, 2, 3, 4}
