"""The pytest plugin: a server for the session and, for each contract, a fresh account per test.

It is there once this package is installed. Nothing of the server is read before a test asks for
it, so that everybody else's tests start as quickly as without it.
"""

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.plugin.fixtures import ACCOUNTS, ALLOW, JUDGED, build_fixtures
from mockserver.plugin.options import add_options, find_url, list_folders

if TYPE_CHECKING:
    from mockserver.embedded.access import Access

MARKERS = (
    "mock_scenario(name, seed=None): the scenario of this test's accounts, such as 'rate-limited'",
    f"{ALLOW}: this test breaks the contract on purpose, so let it pass",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --mock-contract and --mock-url, and the ini option mock_contracts."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and a fixture for each contract."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(build_fixtures(list_folders(config)), "mockserver-contracts")


@pytest.fixture(scope="session")
def mock_server_settings() -> Mapping[str, Any]:
    """Settings of the session's MockServer, to be overridden: {"speed": 1, "seed": 7}."""
    return {}


@pytest.fixture(scope="session")
def mock_server(
    pytestconfig: pytest.Config, mock_server_settings: Mapping[str, Any]
) -> "Iterator[Access]":
    """The server of this session: one of its own, or that of --mock-url or MOCKSERVER_URL."""
    from mockserver.plugin.session import open_server

    with open_server(
        find_url(pytestconfig), list_folders(pytestconfig), mock_server_settings
    ) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test fail that went well but for breaking the contract, or never met its fault."""
    accounts = item.stash.get(ACCOUNTS, ())
    if not accounts:
        return (yield)
    from mockserver.plugin.verdict import judge

    try:
        result = yield
    except (Exception, pytest.fail.Exception):
        if verdict := judge(accounts):
            item.add_report_section("call", "mockserver", verdict)
        raise
    finally:
        item.stash[JUDGED] = {each.api_key: len(each.violations) for each in accounts}
    verdict = judge(accounts)
    if verdict and item.get_closest_marker(ALLOW) is None:
        pytest.fail(verdict, pytrace=False)
    return result
