"""The server of a test session."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from mockserver.embedded.access import Access
from mockserver.embedded.mock_server import MockServer
from mockserver.embedded.remote_server import RemoteServer
from mockserver.errors import MockServerError

TOKEN: Final = "MOCKSERVER_ADMIN_TOKEN"  # of a server that other machines can reach


@contextmanager
def open_server(
    url: str | None, folders: Sequence[Path], settings: Mapping[str, Any]
) -> Iterator[Access]:
    """A server that serves every contract; one that runs already is left as it is."""
    server = _open(url, folders, settings)
    with closing(server):
        yield server


def _open(
    url: str | None, folders: Sequence[Path], settings: Mapping[str, Any]
) -> MockServer | RemoteServer:
    try:
        return _build_server(url, folders, settings).open()
    except MockServerError as error:
        problem = str(error)
    hint = "" if url is None else f"\n{url} is that of --mock-url or of $MOCKSERVER_URL."
    pytest.fail(f"{problem}{hint}", pytrace=False)  # out here, or pytest tells of both


def _build_server(
    url: str | None, folders: Sequence[Path], settings: Mapping[str, Any]
) -> MockServer | RemoteServer:
    if url is not None:
        return RemoteServer(url, os.environ.get(TOKEN))
    return MockServer(**{"contracts": folders, **settings})
