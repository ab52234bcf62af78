"""The door of the control API: who may enter, decided from headers alone."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Final

from mockserver.engine.call import Reply
from mockserver.web.asgi import build_error
from mockserver.web.calls import Request

TOKEN_HEADER: Final = "X-Mock-Token"

# How callbacks call themselves. Whoever submits a task chooses where its callback goes, and that
# must not be a way into the control API of this server, nor of another one on this machine.
CALLBACK_AGENT: Final = "mockserver-callback"


class Guard:
    """Refuses control calls of web pages, of strangers, and of unclear content."""

    def __init__(self, admin_token: str | None) -> None:
        self._token = None if admin_token is None else admin_token.encode()

    def find_refusal(self, request: Request) -> Reply | None:
        """The reply that refuses a control call; None if it may pass."""
        headers = request.headers
        if self._token is not None and not self._holds_token(headers):
            return build_error(
                401,
                f"the control API of this server asks for the header {TOKEN_HEADER}",
                "the token was printed at the start and stands in the ready file",
            )
        if headers.get("user-agent", "").startswith(CALLBACK_AGENT):
            return build_error(403, "the control API takes no callbacks")
        origin = headers.get("origin", request.origin)
        site = headers.get("sec-fetch-site", "none")  # none: somebody typed the address
        if origin != request.origin or site not in {"same-origin", "none"}:
            return build_error(403, "the control API does not talk to pages of other origins")
        if not _is_json(headers):
            return build_error(
                415, "the control API takes JSON only", "send Content-Type: application/json"
            )
        return None

    def _holds_token(self, headers: Mapping[str, str]) -> bool:
        given = headers.get(TOKEN_HEADER.lower())
        if given is None or self._token is None:
            return False
        return compare_digest(given.encode("latin-1", "replace"), self._token)


def _is_json(headers: Mapping[str, str]) -> bool:
    """Whether there is no body, or one that is called JSON; a form is neither."""
    content_type = headers.get("content-type")
    if content_type is not None:
        return content_type.partition(";")[0].strip().lower() == "application/json"
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
