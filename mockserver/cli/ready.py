"""What a started server says: the banner, the JSON line, the ready file."""

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import click

from mockserver.errors import UsageError
from mockserver.variables import write_prefix
from mockserver.version import VERSION

SAMPLE_KEY = "sk-mock-me"


@dataclass(frozen=True)
class Ready:
    """Where a server that is ready can be reached."""

    url: str
    providers: dict[str, str]  # base URL by provider
    admin_token: str | None = None
    keys: tuple[str, ...] | None = None  # the only ones that are let in; None lets every one in

    def to_json(self) -> str:
        """The line that machines read."""
        facts: dict[str, object] = {
            "event": "ready",
            "url": self.url,
            "pid": os.getpid(),
            "providers": self.providers,
        }
        if self.admin_token is not None:
            facts["admin_token"] = self.admin_token
        return json.dumps(facts)

    def to_banner(self) -> str:
        """What people read: an address per provider, and a line to copy."""
        width = max(map(len, self.providers), default=0)
        lines = [f"mockserver {VERSION} is ready.", ""]
        lines += [f"  {name:{width}}  {url}" for name, url in self.providers.items()]
        who = "any key works" if self.keys is None else f"{', '.join(self.keys)} and no other key"
        lines += ["", f"Point a client at it; {who}:", ""]
        key = SAMPLE_KEY if self.keys is None else _quote(self.keys[0])
        lines += [
            f"  export {prefix}_BASE_URL={url} {prefix}_API_KEY={key}"
            for prefix, url in ((write_prefix(n), url) for n, url in self.providers.items())
        ]
        lines += ["", f"control: {self.url}/_mock"]
        if self.admin_token is not None:
            lines.append(f"control calls need the header X-Mock-Token: {self.admin_token}")
        return "\n".join([*lines, "Ctrl-C stops it."])


def _quote(key: str) -> str:
    # Not needed for most starts, which this would make slower.
    from shlex import quote

    return quote(key)


def build_ready(
    host: str,
    port: int,
    names: Sequence[str],
    token: str | None = None,
    keys: tuple[str, ...] | None = None,
) -> Ready:
    """The addresses under which providers are mounted on one listener."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    url = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    return Ready(url, {name: f"{url}/{name}" for name in names}, token, keys)


class ReadyFile:
    """A file that is there while a server serves; only its owner may read it."""

    def __init__(self, path: Path | None) -> None:
        if path is not None and not path.name:
            raise UsageError("--ready-file is blank; name a file, or leave the flag out")
        self._path = path
        self._draft = path and path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Self:
        """Make room; raises UsageError if there is none."""
        if self._path and self._draft:
            try:
                # One that a killed server left behind must not pass for ours.
                self._path.unlink(missing_ok=True)
                os.close(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            except OSError as error:
                raise self._explain(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Take the file away, however the server ended."""
        for path in (self._draft, self._path):
            if path:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def _explain(self, error: OSError) -> UsageError:
        return UsageError(f"--ready-file {self._path}: {error.strerror}")

    def write(self, text: str) -> None:
        """Write it by rename, so that whoever sees the file sees all of it."""
        if self._path and self._draft:
            try:
                self._draft.write_text(text, encoding="utf-8")
                self._draft.replace(self._path)
            except OSError as error:
                raise self._explain(error) from error


def announce(ready: Ready, log_format: str, file: ReadyFile) -> None:
    """Say on stdout, and in the ready file, that the server serves."""
    file.write(ready.to_json() + "\n")
    click.echo(ready.to_json() if log_format == "json" else ready.to_banner())
