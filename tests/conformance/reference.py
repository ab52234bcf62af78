"""The reference client in a hurry: the good client of these tests, and the mutants' body.

As a command, with the name of a mutant or without: `python tests/conformance/reference.py
shrugs-off-an-interrupt generate fox --provider kie`.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from imagejobs import Client, Receiver, Settings, printing
from imagejobs.dialects import choose_dialect
from imagejobs.errors import ImageError
from mockserver.conformance.case import Case
from mockserver.conformance.client import Errand, Function
from mockserver.conformance.feature import Ability

# As patient as the client comes, with shorter spans.
QUICK: Final = Settings(
    poll_first=0.06,
    poll_growth=1.2,
    poll_cap=0.2,
    retry_first=0.02,
    retry_cap=0.25,
    call_timeout=2.6,
    request_timeout=1.8,
    wait_timeout=6.0,
    download_timeout=3.0,
    not_found_grace=1.5,
)
MOODS: Final = {
    "quick": QUICK,
    "hasty": replace(QUICK, wait_timeout=2.5),
    "polite": replace(QUICK, poll_first=0.8, poll_growth=1.05, poll_cap=1.0, wait_timeout=12.0),
    "listening": replace(QUICK, poll_first=1.6, poll_growth=1.0, poll_cap=1.6),
}


def choose_mood(case: Case) -> str:
    """How the client should be to show quickly whether it keeps a rule."""
    if case.id in {"POL-08", "POL-09", "POL-10"}:
        return "polite"  # it is judged by how often it polls
    if Ability.CALLBACKS in case.asks:
        return "listening"
    return "hasty" if Ability.DEADLINE in case.asks else "quick"


def build_client(provider: str, mood: str) -> Function:
    """The client as a function."""
    act, settings = listen if mood == "listening" else poll, MOODS[mood]

    def run(errand: Errand) -> None:
        try:
            act(provider, errand, settings)
        except ImageError as error:  # as the command would print it
            text = f"{type(error).__name__}: {error}"
            raise RuntimeError(printing.clean(text)) from error

    return Function(run)


def poll(provider: str, errand: Errand, settings: Settings) -> None:
    """Order an image, poll for it and save it."""
    with open_client(provider, errand, settings) as client:
        save(client, client.generate(errand.prompt), errand.folder)


def listen(provider: str, errand: Errand, settings: Settings) -> None:
    """The same with an ear for callbacks."""
    is_signed = choose_dialect(provider).signs_callbacks
    secret = errand.variables["MOCKSERVER_WEBHOOK_SECRET"] if is_signed else None
    receiver = Receiver(provider, secret=secret)
    with serve(receiver, errand.callback_port) as url, \
            open_client(provider, errand, settings) as client:  # fmt: skip
        task = client.generate(errand.prompt, inbox=receiver.inbox, callback_url=url)
        save(client, task, errand.folder)


def open_client(provider: str, errand: Errand, settings: Settings) -> Client:
    """The client where an errand sends it."""
    key, base_url = errand.api_key, errand.base_url
    return Client(provider, api_key=key, base_url=base_url, settings=settings)


def save(client: Client, task: Any, folder: Path) -> None:
    """Save every result."""
    for number in range(len(task.results)):
        client.download(task, folder / f"image-{number}.png", index=number)


@contextmanager
def serve(receiver: Receiver, port: int) -> Iterator[str]:
    """Serve a receiver on a loopback port; its address."""
    handler = type("Handler", (Bridge,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callback"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Bridge(BaseHTTPRequestHandler):
    """HTTP on the one side, ASGI on the other."""

    receiver: Receiver

    def answer(self) -> None:
        """Hand one request over, and its answer back."""
        size = int(self.headers.get("content-length", 0))
        body, sent = self.rfile.read(size), []
        pairs = [(n.lower().encode(), v.encode("latin-1")) for n, v in self.headers.items()]
        scope = {"type": "http", "method": self.command, "headers": pairs}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.receiver(scope, receive, send))
        self.send_response(sent[0]["status"])
        for name, value in sent[0]["headers"]:
            self.send_header(name.decode(), value.decode())
        self.end_headers()
        self.wfile.write(sent[1]["body"])

    do_POST = answer  # noqa: N815 - so the library calls it
    do_GET = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
        """Say nothing."""


def main(arguments: list[str], switch_on: Callable[[str], None]) -> None:
    """Run the command in a hurry, with a mutant's bug if one is named."""
    from imagejobs import cli

    setattr(cli, "build_settings", lambda: QUICK)  # noqa: B010 - as a test patches it
    if arguments[0] not in cli.main.commands:
        switch_on(arguments.pop(0))
    cli.main(arguments, prog_name="imagejobs")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.conformance import mutants

    main(sys.argv[1:], mutants.switch_on)
