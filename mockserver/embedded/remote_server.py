"""A server that runs already, somewhere else, with the same handles as one in this process."""

import asyncio
from contextlib import ExitStack
from typing import Self

from mockserver.control_client import AsyncControlClient
from mockserver.draw import make_token
from mockserver.embedded.access import Access, Connection
from mockserver.embedded.line import Line
from mockserver.embedded.loop_thread import LoopThread
from mockserver.embedded.register import Register


class RemoteServer(Access):
    """A server at an address, such as "http://127.0.0.1:8787".

    Others may use it as well: accounts without a name are told apart from theirs.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        super().__init__()
        self._place = url.rstrip("/")
        self._token = token
        self._undo = ExitStack()

    def open(self) -> Self:
        """Ask what is served there; raises ControlFailed if there is no answer."""
        with ExitStack() as undo:
            thread = LoopThread("mockserver-control")
            thread.start()
            undo.callback(thread.stop)
            line = Line(thread, AsyncControlClient(self._place, self._token))
            undo.callback(line.close)
            providers = line.ask(lambda control: control.providers())
            base_urls = {provider.name: provider.base_url for provider in providers}
            salt = make_token()[:8]
            register = Register(line, self._place, base_urls, salt)
            self._connection = Connection(line, self._place, base_urls, register, salt)
            self._undo = undo.pop_all()
        return self

    def close(self) -> None:
        """Close the connections; the server goes on."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        # In another thread, since the server may live in the caller's loop.
        return await asyncio.to_thread(self.open)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)
