"""`mockserver exec` as a process: what CMD is given, and what becomes of its end."""

import json
import signal
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Start, finish, stop

CHILD = textwrap.dedent("""\
    import json, os, signal, sys, urllib.request

    def fetch(address):
        with urllib.request.urlopen(address) as reply:
            return json.load(reply)

    names = ("_BASE_URL", "_API_KEY", "MOCKSERVER_URL")
    found = {name: value for name, value in os.environ.items() if name.endswith(names)}
    found["providers"] = fetch(os.environ["MOCKSERVER_URL"] + "/_mock/providers")["providers"]
    found["stdin"] = sys.stdin.read()
    print(json.dumps(found))
    sys.exit(7)
    """)
UNTIL_SIGNAL = textwrap.dedent("""\
    import json, signal
    awaited = {signal.SIGUSR2, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    print("up", flush=True)
    print(json.dumps([signal.sigwait(awaited) for _ in awaited]), flush=True)
    signal.pause()
    """)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(start: Start) -> Run:
    """Runs `mockserver exec` to its end; the status, and what was said on both streams."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> tuple[int, str, str]:
        return finish(start("exec", *arguments, **variables), stdin)

    return run


def test_a_command_finds_the_server_and_keeps_its_own_ways(run: Run) -> None:
    """CMD gets bare origins and keys, its stdin and stdout are its own, and its status is ours."""
    code, out, err = run("--", sys.executable, "-c", CHILD, stdin="to be read\n")
    found: dict[str, Any] = json.loads(out)

    assert (code, err, found["stdin"]) == (7, "", "to be read\n")
    assert len(found["providers"]) >= 3
    for provider in found["providers"]:
        prefix = provider["name"].upper()
        assert found[f"{prefix}_BASE_URL"] == provider["base_url"]
        assert provider["base_url"].count("/") == 2
        assert found[f"{prefix}_API_KEY"] == "sk-mock-me"


def test_flags_are_those_of_serve_and_end_before_the_command(run: Run) -> None:
    """Providers, keys and their twins work as ever; what follows CMD is left to CMD."""
    show = "import os, sys; print(*sorted(k for k in os.environ if 'API_KEY' in k), *sys.argv[1:])"
    code, out, err = run(
        *["--key", "sk-mock-ci", sys.executable, "-c", f"{show}; print(os.environ['KIE_API_KEY'])"],
        *["--speed", "x"],
        MOCKSERVER_PROVIDER="kie",
    )

    assert (code, out, err) == (0, "KIE_API_KEY --speed x\nsk-mock-ci\n", "")


def test_signals_are_passed_on_and_a_signal_is_a_status(start: Start) -> None:
    """What we are sent CMD gets too; ended by SIGTERM it leaves 143, as in a shell."""
    process = start("exec", "--provider", "kie", "--", sys.executable, "-c", UNTIL_SIGNAL)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"

    process.send_signal(signal.SIGUSR2)
    process.send_signal(signal.SIGUSR1)
    got = json.loads(process.stdout.readline())
    status, _, err = stop(process)

    assert sorted(got) == sorted([signal.SIGUSR2, signal.SIGUSR1])
    assert (status, err) == (143, "")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["--", "no-such-command"], 127, "no-such-command: there is no such command"),
        (["--", str(Path(__file__).parent)], 126, "Permission denied"),
        ([], 2, "-- CMD"),
        (["--provider", "ki", "--", "true"], 2, "did you mean 'kie'?"),
        (["--keys", "strict", "--", "true"], 2, "--key"),
    ],
)
def test_what_cannot_be_run_is_told_in_a_line_or_two(
    run: Run, arguments: list[str], status: int, complaint: str
) -> None:
    """A command that there is not ends with 127, one that is none with 126, wrong flags with 2."""
    code, out, err = run(*arguments)

    assert (code, out) == (status, "")
    assert complaint in err
    assert len(err.splitlines()) <= 2


def test_the_log_goes_to_stderr(run: Run) -> None:
    """A near miss of CMD is a line on stderr, as text or as JSON; stdout stays CMD's."""
    ask = (
        "import os, urllib.request, urllib.error\n"
        "try: urllib.request.urlopen(os.environ['KIE_BASE_URL'] + '/api/v1/jobs/recordInfos')\n"
        "except urllib.error.HTTPError as error: print(error.code)"
    )
    code, out, err = run("--log-format", "json", "--", sys.executable, "-c", ask)

    assert (code, out) == (0, "404\n")
    assert "nearest" in json.loads(err)["text"]
