"""A server in this process: real sockets, free ports, a thread of its own."""

import asyncio
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Self, Unpack

from httpx import ASGITransport

from mockserver.clock import SystemClock
from mockserver.control_client import AsyncControlClient
from mockserver.embedded.access import Access, Connection
from mockserver.embedded.bridge import Bridge
from mockserver.embedded.line import Line
from mockserver.embedded.loop_thread import LoopThread
from mockserver.embedded.ports import HOST, Ports, bind_ports
from mockserver.embedded.register import Register
from mockserver.embedded.serving import begin_serving
from mockserver.embedded.settings import (
    ServerSettings,
    check_settings,
    read_folders,
    read_names,
)
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.errors import UsageError
from mockserver.selection import select_contracts
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options, ignore_notice
from mockserver.web.scenario_folders import open_library


class MockServer(Access):
    """The emulator from `open` to `close`: `with MockServer() as server:`, or `async with`.

    Every provider has a listener of its own, so that its base URL is a bare origin. `url` is the
    address of one more, where all are mounted under their names, and where the control API is.
    """

    def __init__(
        self, providers: str | Iterable[str] = (), **settings: Unpack[ServerSettings]
    ) -> None:
        """Read the contracts, all of them without `providers`.

        Raises UsageError, ContractError or ScenarioError for what cannot be served.
        """
        super().__init__()
        check_settings(settings)
        folders = read_folders(settings.get("contracts", ()))
        editions = read_names(settings.get("edition", ()))
        self._contracts = select_contracts(read_names(providers), folders, editions)
        self._notice = settings.get("notice", ignore_notice)
        scenarios = read_folders(settings.get("scenarios", ()))
        self._settings = settings
        keys = settings.get("keys")
        self._engine = Engine(
            self._contracts,
            settings.get("clock") or SystemClock(),
            Settings(
                speed=settings.get("speed", 10.0),
                seed=settings.get("seed", 0),
                keys=None if keys is None else frozenset(read_names(keys)),
            ),
            open_library(scenarios, self._contracts, self._notice),
        )
        self._undo = ExitStack()
        self._is_open = False

    def open(self) -> Self:
        """Serve; requests are answered when this returns."""
        if self._is_open:
            raise UsageError("this MockServer was opened before; make another one")
        self._is_open = True
        with ExitStack() as undo:
            names = [contract.name for contract in self._contracts]
            for_files = self._settings.get("separate_files", False)
            ports = bind_ports(names, undo, for_files=for_files)
            self._app = build_app(self._engine, self._build_options(ports))
            self._thread = LoopThread("mockserver")
            self._thread.start()
            undo.callback(self._thread.stop)
            self._serving = self._thread.ask(begin_serving(self._app, ports.sockets))
            undo.callback(lambda: self._thread.ask(self._serving.end()))
            self._publish(ports, undo)
            self._undo = undo.pop_all()
        return self

    def _build_options(self, ports: Ports) -> Options:
        return Options(
            host=HOST,
            callback_hosts=read_names(self._settings.get("allow_callback_hosts", ())),
            own_ports=frozenset(ports.numbers),
            notice=self._notice,
            homes=ports.homes,
            files_port=ports.files,
        )

    def _publish(self, ports: Ports, undo: ExitStack) -> None:
        """Say where everything is."""
        url, *origins = ports.origins
        files_url = None if ports.files is None else origins[-1]
        line = Line(self._thread, AsyncControlClient(url, transport=ASGITransport(self._app)))
        undo.callback(line.close)
        base_urls = dict(zip(ports.providers, origins, strict=False))
        register = Register(line, url, base_urls)
        self._connection = Connection(line, url, base_urls, register, files_url=files_url)

    def close(self) -> None:
        """Serve no more; nobody is called back after this returns."""
        self._undo.close()

    @property
    def app(self) -> App:
        """The same server as an ASGI application, for `httpx.ASGITransport` and the like.

        Its addresses are those of the listeners, with which no connection is made then.
        """
        return Bridge(self._app, self._thread)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self.open()

    async def __aexit__(self, *_: object) -> None:
        # Clients of the caller's loop may have to be heard before the server can end.
        await asyncio.wrap_future(self._thread.begin(self._serving.end()))
        self.close()
