"""What listens beside a test: an application in a thread, and a client's server for callbacks."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from mockserver.engine.engine import Engine
from mockserver.server import Listener, bind
from mockserver.web.app import Emulator
from mockserver.web.options import Options
from mockserver.web.served import Served

PATIENCE = 10.0  # seconds after which something hangs


class Opened(Emulator):
    """An emulator whose engine can be looked into."""

    def __init__(self, engine: Engine, options: Options) -> None:
        super().__init__(engine, options)
        self.engine = engine


class Server:
    """An application that listens in a thread."""

    def __init__(self, make: Callable[[int], Served]) -> None:
        bound = bind("127.0.0.1", 0)
        self.port: int = bound[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        ready = threading.Event()
        self._listener = Listener(make(self.port), ready.set)
        self._thread = threading.Thread(target=self._listener.run, args=(bound,), daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._listener.stop()
            self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


class Receiver:
    """A client's own server for callbacks."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.came = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.headers.append({k.lower(): v for k, v in self.headers.items()})
                outer.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b"taken")
                outer.came.set()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?from=us"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
