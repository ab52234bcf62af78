"""The fixtures that are made from contracts: one for each, named after it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.data import contracts_dir

if TYPE_CHECKING:
    from mockserver.embedded.access import Access
    from mockserver.embedded.account import ProviderAccount

SCENARIO = "mock_scenario"
ALLOW = "mock_allow_violations"

ACCOUNTS = pytest.StashKey["list[ProviderAccount]"]()  # that a test uses
JUDGED = pytest.StashKey[dict[str, int]]()  # violations that were told of, by API key


def build_fixtures(folders: Sequence[Path]) -> ModuleType:
    """A plugin that holds a fixture for each contract: those of this package, those in folders."""
    plugin = ModuleType("mockserver contracts")
    names = [path.parent.name for path in sorted(contracts_dir().glob("*/contract.yaml"))]
    for provider in [*names, *map(_read_name, folders)]:
        setattr(plugin, f"fixture of {provider}", _build_fixture(provider))
    return plugin


def _read_name(folder: Path) -> str:
    """The name of the provider whose contract lies in a folder."""
    from mockserver.contract.load import load
    from mockserver.errors import ContractError

    try:
        return load(folder).name
    except ContractError as error:
        raise pytest.UsageError(str(error)) from error


def _build_fixture(provider: str) -> Any:
    def open_account(
        request: pytest.FixtureRequest, mock_server: "Access", monkeypatch: pytest.MonkeyPatch
    ) -> "Iterator[ProviderAccount]":
        account = _open_account(request, mock_server, provider)
        for name, value in account.variables.items():
            monkeypatch.setenv(name, value)
        request.node.stash.setdefault(ACCOUNTS, []).append(account)
        yield account
        _close_account(request, account)

    open_account.__doc__ = (
        f"A fresh account at {provider}: .base_url, .api_key, .advance('30s'), .requests …; "
        "the variables of the environment lead there."
    )
    return pytest.fixture(name=re.sub(r"\W", "_", provider))(open_account)


def _open_account(
    request: pytest.FixtureRequest, server: "Access", provider: str
) -> "ProviderAccount":
    from mockserver.errors import MockServerError

    scenario, seed = _read_marker(request.node)
    name = _write_name(request.node, provider, server.salt)
    try:
        if scenario is not None:
            server.check_scenario(scenario, provider)
        return server.account(name, scenario, seed).at(provider)
    except MockServerError as error:
        problem = str(error)
    pytest.fail(problem, pytrace=False)  # out here, or pytest tells of the error as well


def _read_marker(item: pytest.Item) -> tuple[str | None, int | None]:
    marker = item.get_closest_marker(SCENARIO)
    if marker is None:
        return None, None

    def read(name: str | None = None, seed: int | None = None) -> tuple[str | None, int | None]:
        return name, seed

    with suppress(TypeError):
        return read(*marker.args, **marker.kwargs)
    pytest.fail(f"{item.nodeid}: write @pytest.mark.{SCENARIO}('flaky', seed=7)", pytrace=False)


def _write_name(item: pytest.Item, provider: str, salt: str) -> str:
    """The same for the same test, so that its answers are the same; no other test has it."""
    digest = blake2b(f"{item.nodeid} {provider} {salt}".encode(), digest_size=4).hexdigest()
    words = re.sub(r"[^A-Za-z0-9]+", "-", item.name).strip("-")
    return f"{words[:40]}-{digest}"


def _close_account(request: pytest.FixtureRequest, account: "ProviderAccount") -> None:
    """Forget an account; fail for what went wrong after the test itself was over."""
    late = len(account.violations) > request.node.stash.get(JUDGED, {}).get(account.api_key, 0)
    verdict = ""
    if late and request.node.get_closest_marker(ALLOW) is None:
        from mockserver.plugin.verdict import judge

        verdict = judge([account])
    account.forget()
    if verdict:
        pytest.fail(verdict, pytrace=False)
