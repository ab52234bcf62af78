"""The snippets work when they are pasted, and their page shows them as they are."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SNIPPETS = ROOT / "fixtures" / "snippets"
PAGE = (SNIPPETS / "README.md").read_text("utf-8")
PATIENCE = 60  # seconds, on a machine that does much else

LEFT: list[int] = []  # process groups that may have a member yet

# As much of vitest as the snippet needs, on Node's own test runner: the real one is 50 MB.
VITEST = """
import assert from "node:assert/strict";
export { test } from "node:test";
export const expect = (value) => ({
  toMatch: (pattern) => assert.match(value, pattern),
  rejects: { toThrow: () => assert.rejects(value) },
});
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project with all snippets in it."""
    shutil.copytree(SNIPPETS, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose commands are this installation's, and whose pip fetches nothing."""
    commands = tmp_path_factory.mktemp("bin")
    write_command(commands / "pip", 'echo "pip $*"')
    write_command(commands / "mockserver", f'exec "{sys.executable}" -m mockserver "$@"')
    write_command(commands / "python", f'exec "{sys.executable}" "$@"')
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOCKSERVER_", "KIE_"))}
    return kept | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "mockserver.plugin",  # as its entry point does where others may load
    }


def write_command(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)


def run(project: Path, environment: dict[str, str], *arguments: str) -> str:
    """Run a command that ends well; what it says. What it leaves running is ended with the test."""
    with (project / "said.txt").open("w+b") as said:
        process = subprocess.Popen(
            arguments,
            cwd=project,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status = process.wait(PATIENCE)
        said.seek(0)
        text = said.read().decode()
    LEFT.append(process.pid)
    assert status == 0, text
    return text


@pytest.fixture(autouse=True)
def _end_what_is_left() -> Iterator[None]:
    """End the process groups that the test started."""
    LEFT.clear()
    yield
    for group in LEFT:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)


def test_the_page_shows_every_file_as_it_is() -> None:
    """What people copy from the page is what is tested."""
    files = [file for file in SNIPPETS.iterdir() if file.is_file() and file.suffix != ".md"]
    blocks = re.findall(r"^`([\w.-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert dict(blocks) == {file.name: file.read_text("utf-8") for file in files}


def test_the_snippet_for_pytest_works(project: Path, environment: dict[str, str]) -> None:
    """Ten lines test how an application takes a failure, with no set-up and no waiting."""
    lines = (SNIPPETS / "test_app.py").read_text("utf-8").splitlines()

    assert len(lines) <= 10
    assert "1 passed" in run(project, environment, "python", "-m", "pytest", "-q", "test_app.py")


def test_the_snippet_for_curl_works(project: Path, environment: dict[str, str]) -> None:
    """From an order to a picture on disk, with a shell alone."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")

    run(project, environment, "mockserver", "exec", "--provider", "kie", "--", "sh", "curl.sh")

    assert (project / "fox.png").read_bytes().startswith(b"\x89PNG")


def test_the_snippet_for_vitest_works(project: Path, environment: dict[str, str]) -> None:
    """Node's own fetch, and tests that advance the clock over HTTP."""
    if not shutil.which("node"):
        pytest.skip("there is no Node.js here")
    package = project / "node_modules" / "vitest"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"type": "module", "exports": "./index.js"}')
    (package / "index.js").write_text(VITEST)

    said = run(
        project,
        environment,
        *["mockserver", "exec", "--", "node", "--test", "--test-reporter=tap", "images.test.mjs"],
    )

    assert re.search(r"# pass 2\n# fail 0", said), said


def test_the_snippet_of_the_readme_works(project: Path, environment: dict[str, str]) -> None:
    """The key alone says what happens, and no clock has to be moved."""
    if not shutil.which("node"):
        pytest.skip("there is no Node.js here")
    readme = (ROOT / "README.md").read_text("utf-8")
    (snippet,) = re.findall(r"^```js\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    (flags,) = re.findall(r"// mockserver exec (.*) -- ", snippet)
    (project / "index.mjs").write_text(VITEST)
    imports = (
        'import { expect, test } from "./index.mjs"; import { look, order } from "./images.mjs";'
    )
    (project / "readme.test.mjs").write_text(f"{imports}\n{snippet}")
    line = ["--", "node", "--test", "--test-reporter=tap", "readme.test.mjs"]

    said = run(project, environment, "mockserver", "exec", *flags.split(), *line)

    assert re.search(r"# pass 1\n# fail 0", said), said


def test_the_hooks_for_schemathesis_work(project: Path, environment: dict[str, str]) -> None:
    """Schemathesis knows our checks by name once it has read them."""
    show = (
        "import hooks; from mockserver.checks import CHECKS; "
        "from schemathesis.checks import CHECKS as known; "
        "print({check.__name__ for check in CHECKS} <= set(known.get_all_names()))"
    )

    assert run(project, environment, "python", "-c", show) == "True\n"


def list_scripts(job: str) -> list[str]:
    """What the steps of a job run."""
    workflow = yaml.safe_load((SNIPPETS / "github-actions.yml").read_text("utf-8"))
    return [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]


def run_job(project: Path, environment: dict[str, str], job: str) -> Iterator[str]:
    """Run a job as the runner does: a shell for each step, and variables from one to the next."""
    variables: Any = project / "github.env"
    variables.touch()
    for script in list_scripts(job):
        lines = variables.read_text("utf-8").splitlines()
        given = dict(line.split("=", 1) for line in lines) | {"GITHUB_ENV": str(variables)}
        yield run(project, environment | given, "bash", "-e", "-c", script)


def test_the_job_with_one_command_works(project: Path, environment: dict[str, str]) -> None:
    """`mockserver exec` around the tests, in a workflow; unittest's snippet is what it runs."""
    said = list(run_job(project, environment | {"MOCKSERVER": "./mockserver"}, "one-command"))

    assert said[0] == "pip install ./mockserver\n"
    assert re.search(r"Ran 2 tests.*OK", said[1], re.DOTALL)


def test_the_job_with_several_steps_works(project: Path, environment: dict[str, str]) -> None:
    """A server that outlives its step, waited for, and found by the next ones."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = {"MOCKSERVER_PORT": str(port), "MOCKSERVER_URL": f"http://127.0.0.1:{port}"}
    said = list(run_job(project, environment | place, "several-steps"))

    assert "3 passed" in said[-1]
