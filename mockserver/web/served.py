"""What a listener serves: an ASGI application that says how much it takes, and when to end."""

from collections.abc import Callable
from typing import Protocol

from mockserver.web.asgi import Receive, Scope, Send


class Served(Protocol):
    """An application; one that has a short way for calls is `Answering` as well."""

    @property
    def notice(self) -> Callable[[str], None]:
        """Takes one line for the log."""

    @property
    def message_bytes(self) -> int:
        """The largest request that it takes."""

    def end_streams(self) -> None:
        """End the replies that would go on for as long as somebody reads them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
