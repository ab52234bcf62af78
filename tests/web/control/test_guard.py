"""Web pages, strangers and forms do not get into the control API."""

import pytest

from mockserver.web.calls import Request
from mockserver.web.control.guard import Guard

ORIGIN = "http://127.0.0.1:8787"


def build_request(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/_mock/reset", "/_mock/reset", b"", named, ORIGIN)


def find_status(guard: Guard, **headers: str) -> int | None:
    refusal = guard.find_refusal(build_request(**headers))
    return None if refusal is None else refusal.status


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "null",
        "http://127.0.0.1:8788",
        "https://127.0.0.1:8787",
        "",
        "http://[::1]",
    ],
)
def test_pages_of_other_origins_are_refused(origin: str) -> None:
    """An Origin that is not the server's own is refused, addresses and `null` included."""
    assert find_status(Guard(None), origin=origin) == 403


def test_a_cross_site_request_is_refused_even_without_an_origin() -> None:
    """A browser that says it comes from another site is believed."""
    assert find_status(Guard(None), sec_fetch_site="cross-site") == 403


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_forms_are_refused(content_type: str) -> None:
    """What a web form can send without asking is not JSON."""
    assert find_status(Guard(None), content_type=content_type) == 415


def test_a_body_must_be_called_json() -> None:
    """A body without a Content-Type may be anything."""
    assert find_status(Guard(None), content_length="2") == 415
    assert find_status(Guard(None), transfer_encoding="chunked") == 415


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_length": "0"},
        {"content_type": "application/json; charset=utf-8", "content_length": "2"},
        {"origin": ORIGIN, "sec_fetch_site": "same-origin"},
    ],
    ids=["nothing", "no body", "JSON", "our own page"],
)
def test_honest_calls_pass(headers: dict[str, str]) -> None:
    """A command-line client and a page of our own get in."""
    assert find_status(Guard(None), **headers) is None


@pytest.mark.parametrize("token", [None, "", "secre", "secret2", "SECRET", "s\xe9cret", "\udcff"])
def test_a_wrong_token_is_refused(token: str | None) -> None:
    """Where a token is asked for, only that very token opens."""
    headers = {} if token is None else {"x_mock_token": token}

    assert find_status(Guard("secret"), **headers) == 401


def test_the_token_opens() -> None:
    """With its token, a control call passes."""
    assert find_status(Guard("secret"), x_mock_token="secret") is None


def test_a_token_does_not_open_for_foreign_pages() -> None:
    """A page that guessed the token is still a foreign page."""
    assert find_status(Guard("secret"), x_mock_token="secret", origin="https://evil.test") == 403
