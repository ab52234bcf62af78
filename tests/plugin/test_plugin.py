"""The pytest plugin, seen from the test files of its users."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

# Read here so that runs in this process find them there, and leave them there.
import anyio.pytest_plugin
import httpcore  # noqa: F401
import pytest

import mockserver.plugin.session
import mockserver.plugin.verdict
from mockserver import MockServer

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
ACORN = ROOT / "fixtures" / "acorn"
APP = """
import os
import httpx
import pytest

def order(**body):
    headers = {"authorization": f"Bearer {os.environ['GPTIMAGE15_API_KEY']}"}
    address = os.environ["GPTIMAGE15_BASE_URL"] + "/api/generate"
    return httpx.post(address, json=body, headers=headers, verify=False)
"""

Run = pytest.RunResult


XDIST = ("-p", "mockserver.plugin", "-p", "xdist", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's server but those that a test starts, and no plugins but those that it names."""
    monkeypatch.delenv("MOCKSERVER_URL", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def server() -> Iterator[MockServer]:
    """A server that runs already."""
    with MockServer() as server:
        yield server


def run(pytester: pytest.Pytester, text: str, *flags: str) -> Run:
    """Run a test file in this process; warnings are errors there too."""
    pytester.makepyfile(APP + text)
    plugins = [mockserver.plugin, anyio.pytest_plugin]
    flags = ("-q", "-Werror", "-pno:cacheprovider", *flags)
    return pytester.runpytest_inprocess(*flags, plugins=plugins)


def test_each_contract_has_a_fixture_with_a_fresh_account(pytester: pytest.Pytester) -> None:
    """A test finds base URL, key and environment; the next one finds none of it."""
    result = run(
        pytester,
        """
def test_one(kie, aigptimage, gptimage15, mock_server):
    accounts = [kie, aigptimage, gptimage15]
    assert len({each.api_key for each in accounts}) == 3
    for each in accounts:
        prefix = each.provider.upper()
        assert os.environ[f"{prefix}_BASE_URL"] == each.base_url
        assert mock_server.base_url(each.provider) == each.base_url
        assert os.environ[f"{prefix}_API_KEY"] == each.api_key
    assert os.environ["MOCKSERVER_URL"] == mock_server.url
    assert order(prompt="a fox").json()["code"] == 200
    gptimage15.advance("5m")
    assert [task.phase for task in gptimage15.tasks] == ["succeeded"]

def test_two(gptimage15):
    assert gptimage15.requests == () and gptimage15.tasks == ()

def test_three():
    assert not [name for name in os.environ if name.startswith(("KIE_", "MOCKSERVER_URL"))]
""",
    )

    result.assert_outcomes(passed=3)


def test_a_broken_contract_fails_the_test_with_a_diff(pytester: pytest.Pytester) -> None:
    """What was sent stands beside what is expected there; near misses of a path are told too."""
    result = run(
        pytester,
        """
def test_typo(gptimage15):
    order(promt="a fox", size="1024x1024", image_urls=["here"])
    httpx.get(gptimage15.base_url + "/api/statuses", headers=httpx.Headers(
        {"authorization": f"Bearer {gptimage15.api_key}"}))
""",
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "2 requests broke the contract of gptimage15 (- sent, + expected):",
            "POST /api/generate   answered 400, refused: missing_field",
            "    {",
            '      "promt": "a fox",',
            '  -   "size": "1024x1024",',
            '  +   "size": one of "1024[*]1024", *',
            '  +   "prompt": is required, and missing',
            "    }",
            "GET /api/statuses   answered 404, refused: not_found",
            "  ! GET /api/statuses is not served; nearest: GET /api/status",
            "A test that means to do this says so: @pytest.mark.mock_allow_violations",
        ],
        consecutive=False,
    )


def test_a_test_may_break_the_contract_on_purpose(pytester: pytest.Pytester) -> None:
    """The marker lets a test pass whose code is meant to send nonsense."""
    result = run(
        pytester,
        """
@pytest.mark.mock_allow_violations
def test_nonsense(gptimage15):
    assert order(promt="a fox").status_code == 400
""",
    )

    result.assert_outcomes(passed=1)


def test_a_test_that_fails_shows_what_broke_the_contract(pytester: pytest.Pytester) -> None:
    """The reason of a failed assertion is often a request that was wrong."""
    result = run(
        pytester,
        """
def test_fails(gptimage15):
    assert order(promt="a fox").status_code == 200

def test_gives_up(gptimage15):
    order(promt="a fox")
    pytest.fail("no picture")
""",
    )

    captured = ["*Captured mockserver call*", "*1 request broke*"]
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["E*assert 400 == 200", *captured, "*no picture", *captured])


def test_what_was_planned_and_never_met_fails_the_test(pytester: pytest.Pytester) -> None:
    """A test whose trouble never came has shown nothing; the list says what was waited for."""
    result = run(
        pytester,
        """
def test_met(gptimage15):
    gptimage15.fail_next("server-error")
    gptimage15.add_fault("latency", span="1ms", operation="submit", count=1)
    assert [order(prompt="a fox").status_code for _ in range(2)] == [500, 200]

def test_unmet(gptimage15):
    gptimage15.fail_next("server-error", count=2)
    gptimage15.add_fault("reset", operation="inspect", count=1)
    order(prompt="a fox")

def test_taken_back(gptimage15):
    gptimage15.fail_next("server-error")
    gptimage15.add_fault("reset")
    gptimage15.clear_faults()
""",
    )

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "Planned, and never met:",
            "  server-error for 1 more submits",
            "  reset operation='inspect'*",
        ]
    )


def test_requests_after_the_test_count_too(pytester: pytest.Pytester) -> None:
    """What another fixture's end sends is an error of the teardown; nothing is told twice."""
    result = run(
        pytester,
        """
@pytest.fixture
def app(gptimage15):
    yield
    order(promt="late")

def test_fine(app):
    pass

@pytest.fixture
def quiet(gptimage15):
    yield

def test_bad(quiet):
    order(promt="a fox")
""",
    )

    result.assert_outcomes(passed=1, errors=1, failed=1)


def test_a_marker_chooses_scenario_and_seed(pytester: pytest.Pytester) -> None:
    """The scenario is in the key, so that any code under test is in it."""
    result = run(
        pytester,
        """
@pytest.mark.mock_scenario("fails", seed=7)
def test_fails(gptimage15):
    assert gptimage15.api_key.endswith(".fails.7")
    order(prompt="a fox")
    gptimage15.advance("5m")
    assert gptimage15.tasks[0].phase == "failed"

@pytest.mark.mock_scenario("rate-limited")
def test_unknown(gptimage15):
    pass

@pytest.mark.mock_scenario("fails", sead=7)
def test_misspelt(gptimage15):
    pass
""",
    )

    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*gptimage15 has no scenario 'rate-limited'; *",
            "*write @pytest.mark.mock_scenario('flaky'*",
        ]
    )
    result.stdout.no_fnmatch_line("*another exception*")


@pytest.mark.parametrize("by_flag", [True, False])
def test_other_contracts_get_fixtures_too(pytester: pytest.Pytester, *, by_flag: bool) -> None:
    """A folder named on the command line or in the ini file is served, under its own name."""
    flags = ["--mock-contract", str(ACORN)] if by_flag else []
    if not by_flag:
        pytester.makeini(f"[pytest]\nmock_contracts = {ACORN}")
    result = run(
        pytester,
        """
def test_acorn(acorn, kie):
    assert httpx.get(acorn.base_url + "/_mock/health").is_success
    assert os.environ["ACORN_BASE_URL"] == acorn.base_url
""",
        *flags,
    )

    result.assert_outcomes(passed=1)


def test_a_folder_without_a_contract_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """Pytest ends before the tests with one line that names the folder."""
    result = run(pytester, "def test_any(): pass", "--mock-contract", ".")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *has no contract.yaml*"])


def test_a_server_that_runs_already_can_be_used(
    pytester: pytest.Pytester, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--mock-url, or MOCKSERVER_URL as `mockserver exec` sets it, leads to it."""
    text = f"""
def test_shared(kie, mock_server):
    assert mock_server.url == {server.url!r}
    assert kie.base_url == {server.base_urls["kie"]!r}
"""
    run(pytester, text, "--mock-url", server.url).assert_outcomes(passed=1)
    monkeypatch.setenv("MOCKSERVER_URL", server.url)
    run(pytester, text).assert_outcomes(passed=1)


def test_a_server_that_does_not_answer_is_named(pytester: pytest.Pytester) -> None:
    """Whoever left an address in the environment reads which one, and where it comes from."""
    result = run(pytester, "def test_any(kie): pass", "--mock-url", "http://127.0.0.1:1")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no answer from http://127.0.0.1:1*", "*--mock-url*"])
    result.stdout.no_fnmatch_line("*another exception*")


def test_settings_of_the_server_are_a_fixture(pytester: pytest.Pytester) -> None:
    """A conftest overrides mock_server_settings; what cannot be is an error with a hint."""
    pytester.makeconftest("""
import pytest
@pytest.fixture(scope="session")
def mock_server_settings():
    return {"seed": 11}
""")
    run(
        pytester,
        """
def test_seed(kie):
    assert kie.view.seed == 11
""",
    ).assert_outcomes(passed=1)


def test_callbacks_reach_a_coroutine_under_test(pytester: pytest.Pytester) -> None:
    """In an async test `await account.advance(…)` delivers to a receiver in the test's loop."""
    result = run(
        pytester,
        """
import asyncio

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_callback(gptimage15):
    got = []
    async def receive(reader, writer):
        got.append(await reader.readuntil(b"\\r\\n\\r\\n"))
        writer.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
        writer.close()
    async with await asyncio.start_server(receive, "127.0.0.1", 0) as hook:
        port = hook.sockets[0].getsockname()[1]
        order(prompt="a fox", callback_url=f"http://127.0.0.1:{port}/")
        await gptimage15.advance("5m")
    assert len(got) == 1
""",
    )

    result.assert_outcomes(passed=1)


def test_whoever_does_not_use_it_imports_nothing() -> None:
    """The plugin itself reads no engine, no server, no HTTP library."""
    heavy = {"mockserver.engine", "mockserver.web", "mockserver.contract", "uvicorn", "httpx"}
    code = f"import sys, mockserver.plugin; print({heavy!r} & sys.modules.keys())"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n", done.stderr


def test_it_is_there_once_the_package_is_installed() -> None:
    """Pytest finds the plugin by its entry point, so users configure nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["entry-points"]["pytest11"] == {"mockserver": "mockserver.plugin"}


CROWD = """
@pytest.mark.parametrize("number", range({tests}))
def test_alone(gptimage15, number):
    for turn in range(number % 3 + 1):
        assert order(prompt=f"{{number}} {{turn}}").json()["code"] == 200
    gptimage15.advance("5m")
    mine = [f"{{number}} {{turn}}" for turn in range(number % 3 + 1)]
    assert [task.request["prompt"] for task in gptimage15.tasks] == mine
    assert [task.phase for task in gptimage15.tasks] == ["succeeded"] * len(mine)
    assert [request.request["prompt"] for request in gptimage15.requests] == mine
    assert gptimage15.view.clock.now - gptimage15.tasks[0].created < 400_000
"""


def test_workers_share_a_server_without_meeting(
    pytester: pytest.Pytester, server: MockServer
) -> None:
    """Tests of several xdist workers on one server see their own requests, tasks and clock only."""
    is_nightly = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
    workers, tests = (8, 800) if is_nightly else (2, 24)
    pytester.makepyfile(APP + CROWD.format(tests=tests))

    flags = (*XDIST, f"-n{workers}", "--mock-url", server.url)
    result = pytester.runpytest_subprocess("-q", *flags)

    result.assert_outcomes(passed=tests)
    assert server.requests == ()  # of accounts that are forgotten, and none without one


def test_each_worker_has_a_server_of_its_own(pytester: pytest.Pytester) -> None:
    """Without an address every xdist worker opens one on free ports, and closes it."""
    pytester.makepyfile(APP + CROWD.format(tests=6))

    result = pytester.runpytest_subprocess("-q", "-Werror", *XDIST, "-n2")

    result.assert_outcomes(passed=6)
