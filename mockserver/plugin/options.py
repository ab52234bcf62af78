"""What the plugin is told: on pytest's command line, in its ini file, by the environment."""

import os
from pathlib import Path

import pytest

URL = "MOCKSERVER_URL"


def add_options(parser: pytest.Parser) -> None:
    """Add the options to pytest's."""
    group = parser.getgroup("mockserver", "fake image-generation APIs (mockserver)")
    group.addoption(
        "--mock-contract",
        action="append",
        default=[],
        metavar="DIR",
        help="make a fixture for the contract in this folder too; repeatable",
    )
    group.addoption(
        "--mock-url",
        metavar="URL",
        help=f"use the server that runs there, not one of this session's own; default: ${URL}",
    )
    parser.addini(
        "mock_contracts", "folders with contracts, each of which gets a fixture", type="paths"
    )


def list_folders(config: pytest.Config) -> list[Path]:
    """The folders of contracts that do not come with this package."""
    given = [config.invocation_params.dir / folder for folder in config.getoption("mock_contract")]
    return [*config.getini("mock_contracts"), *given]


def find_url(config: pytest.Config) -> str | None:
    """The address of a server that runs already."""
    return config.getoption("mock_url") or os.environ.get(URL) or None
