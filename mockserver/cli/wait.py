"""`mockserver wait`: wait until a server is ready."""

from http.client import HTTPException
from threading import Event
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import click

from mockserver.cli.listen import add_url_option
from mockserver.cli.number import Number
from mockserver.clock import SystemClock

EVERY: Final = 0.05  # seconds between two looks


@click.command(epilog="Example: mockserver wait --url http://127.0.0.1:8787 --timeout 10")
@add_url_option
@click.option(
    "--timeout",
    type=Number(0),
    default=30.0,
    show_default=True,
    help="Give up after these seconds.",
)
def command(url: str, timeout: float) -> int:
    """Wait until a server answers, and exit with status 0, or 1 if it does not in time."""
    clock, pause = SystemClock(), Event()
    deadline = clock.now() + timeout * 1000
    while (problem := find_problem(url)) is not None:
        if clock.now() >= deadline:
            click.echo(f"{url} is not ready after {timeout:g} s: {problem}", err=True)
            return 1
        pause.wait(EVERY)
    return 0


def find_problem(url: str) -> str | None:
    """Why a server is not ready; None if it is."""
    opener = build_opener(ProxyHandler({}))  # a proxy of the environment knows no loopback
    try:
        with opener.open(f"{url.rstrip('/')}/_mock/health", timeout=5) as reply:
            body = reply.read(1024)
    except HTTPError as error:
        return f"something else answers there, with status {error.code}"
    except URLError as error:
        return getattr(error.reason, "strerror", None) or str(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
    return None if b'"ok"' in body else "something else answers there"
