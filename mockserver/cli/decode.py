"""`mockserver decode`: show what a result file carries."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from mockserver.cli.listen import make_printable
from mockserver.errors import MediaError, UsageError
from mockserver.media.decode import Decoded, decode

EXAMPLE: Final = """\b
mockserver decode result.png
curl -s http://127.0.0.1:8787/... | mockserver decode --json -
"""


@click.command(epilog=EXAMPLE)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per file.")
def command(files: tuple[str, ...], as_json: bool) -> int:
    """Show which request made a result file, from its metadata and its pixels.

    Images, videos, sounds and texts, also those that were scaled, compressed again or converted.
    A dash reads standard input. Exit status 1 if a file carries nothing of ours, or its two
    witnesses disagree.
    """
    status = 0
    for name in files:
        data = _read(name)
        try:
            found = decode(data)
        except MediaError as error:
            click.echo(f"{name}: {error}", err=True)
            status = 1
            continue
        facts = {"file": name, **describe(found)}
        click.echo(json.dumps(facts) if as_json else _format(facts))
        status = 1 if found.disagreements else status
    return status


def describe(found: Decoded) -> dict[str, Any]:
    """Everything that a file says; what it does not know is None."""
    return {
        "provider": found.provider,
        "model": found.model,
        "task": found.task_id,
        "result": f"{found.number} of {found.of}",
        "prompt": found.prompt,
        "inputs": list(found.metadata.inputs) if found.metadata else None,
        "request": found.digest,
        "size": f"{found.width}x{found.height}" if found.width else None,
        "seconds": found.seconds,
        "format": found.format,
        "source": found.source,
        "disagreements": list(found.disagreements),
    }


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error


def _format(facts: dict[str, Any]) -> str:
    lines = []
    for name, value in facts.items():
        values = value if isinstance(value, list) else [value]
        lines += [f"{name:14}{make_printable(str(each))}" for each in values if each is not None]
    return "\n".join(lines) + "\n"
