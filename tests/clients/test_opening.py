"""Who calls whom: arguments, environment, real address."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from imagejobs import Client, Misused

MakeClient = Callable[..., Any]
MakeScript = Callable[..., Any]

DONE = (200, {"code": 200, "data": {"taskId": "t", "task_id": "t", "state": "x", "status": "x"}})

HOMES = [
    ("kie", "KIE", "https://api.kie.ai/api/v1/jobs/recordInfo?taskId=t"),
    ("aigptimage", "AIGPTIMAGE", "https://aigptimage.com/api/v1/jobs/recordInfo?taskId=t"),
    ("gptimage15", "GPTIMAGE15", "https://gptimage15.ai/api/status?task_id=t"),
    ("gptimage15-v2", "GPTIMAGE15", "https://gptimage15.ai/api/v2/status?task_id=t"),
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider is set up on this machine, before and after."""
    for _, prefix, _ in HOMES:
        for name in (f"{prefix}_API_KEY", f"{prefix}_BASE_URL"):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)


@pytest.mark.parametrize(("provider", "prefix", "url"), HOMES)
def test_without_a_base_url_the_real_address_is_asked(
    make_client: MakeClient, script: MakeScript, provider: str, prefix: str, url: str
) -> None:
    """The last resort is where the provider really is."""
    server = script(DONE)

    make_client(server, provider, base_url=None).inspect("t")

    assert str(server.requests[0].url) == url


@pytest.mark.parametrize(("provider", "prefix", "url"), HOMES)
def test_the_environment_names_key_and_address(
    make_client: MakeClient, script: MakeScript, provider: str, prefix: str, url: str
) -> None:
    """<NAME>_API_KEY and <NAME>_BASE_URL stand in for arguments."""
    os.environ[f"{prefix}_API_KEY"] = "sk-env"  # which the fixture takes back
    os.environ[f"{prefix}_BASE_URL"] = "http://127.0.0.1:9/here/"
    server = script(DONE)

    make_client(server, provider, api_key=None, base_url=None).inspect("t")

    assert server.requests[0].headers["authorization"] == "Bearer sk-env"
    assert str(server.requests[0].url).startswith("http://127.0.0.1:9/here/api/")


def test_an_argument_beats_the_environment(
    make_client: MakeClient, script: MakeScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said in the program counts."""
    monkeypatch.setenv("KIE_API_KEY", "sk-env")
    server = script(DONE)

    make_client(server, "kie", api_key="sk-said").inspect("t")

    assert server.requests[0].headers["authorization"] == "Bearer sk-said"


def test_a_missing_key_names_its_variable() -> None:
    """Whoever forgot the key reads where to put it."""
    with pytest.raises(Misused, match="KIE_API_KEY"):
        Client("kie")


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "sk-é", ""])
def test_a_key_that_no_header_carries_is_refused(key: str) -> None:
    """A mangled key is found before anything is sent, and is not repeated."""
    with pytest.raises(Misused) as caught:
        Client("kie", api_key=key)

    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("url", ["kie", "ftp://x", "http://", "http://x?y", "http://[", "//x"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    """A mistyped address is shown with a good one."""
    with pytest.raises(Misused, match="base URL"):
        Client("kie", api_key="sk", base_url=url)


def test_the_key_is_not_in_what_people_print(make_client: MakeClient, script: MakeScript) -> None:
    """Requests hide their headers when they are shown."""
    client = Client("kie", api_key="sk-secret", base_url="http://127.0.0.1:9")
    request = next(client._flow.inspect("t", None))
    client.close()

    assert "sk-secret" not in repr(request)
    assert "sk-secret" not in repr(client._flow)


def test_its_own_http_client_is_closed_with_it() -> None:
    """A client without a given HTTP client leaves nothing open."""
    with Client("kie", api_key="sk") as client:
        http = client._http

    assert http.is_closed
