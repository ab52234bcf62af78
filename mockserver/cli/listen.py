"""What every command that listens has in common: its flags, its log, its start and its end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from mockserver.errors import UsageError

HOST: Final = "127.0.0.1"
PORT: Final = 8787

Command = Callable[..., Any]


def add_listen_options(command: Command) -> Command:
    """Give a command --host, --port, --ready-file and --log-format."""
    options = [
        click.option(
            "--host",
            default=HOST,
            show_default=True,
            help="Listen on this address; beyond loopback control calls need the admin token.",
        ),
        click.option(
            "--port",
            default=PORT,
            show_default=True,
            type=click.IntRange(0, 65535),
            help="Listen on this port; 0 takes any free one.",
        ),
        click.option(
            "--ready-file",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="PATH",
            help="Write a file with the addresses once requests are answered; removed at exit.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="json: one line on stdout, when ready; the log on stderr in lines of JSON.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def add_url_option(command: Command) -> Command:
    """Give a command --url, the address of a server that runs already."""
    return click.option(
        "--url",
        default=f"http://{HOST}:{PORT}",
        show_default=True,
        callback=_check_url,
        help="Where the server listens.",
    )(command)


def _check_url(_context: click.Context, _option: click.Parameter, url: str) -> str:
    # Read here, since most starts do without.
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # no port, or no IPv6 address
        is_address = False
    if not is_address or " " in url or not url.isprintable():
        raise UsageError(f"--url {url!r}: write an address such as http://{HOST}:{PORT}")
    return url


def build_notice(log_format: str) -> Callable[[str], None]:
    """The function that writes one line of the log to stderr."""
    if log_format == "json":
        return lambda text: click.echo(json.dumps({"event": "notice", "text": text}), err=True)
    return lambda text: click.echo(make_printable(text), err=True)


def make_printable(text: str) -> str:
    """Text without control and formatting characters: requests are no authors of our terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
