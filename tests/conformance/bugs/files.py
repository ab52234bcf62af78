"""Bugs of files: what is fetched, saved and taken for an image."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from imagejobs import (
    client,
    disk,
    fetch,
)
from imagejobs.models import File
from tests.conformance.bugs.registry import Patch, bug


@bug("mixes-up-results")
def _(patch: Patch) -> None:
    choose, first = fetch.choose_url, []

    def choose_first(source: Any, index: int) -> str:
        first.append(choose(source, index))
        return str(first[0])

    patch(fetch, "choose_url", choose_first)


@bug("saves-whatever-comes")
def _(patch: Patch) -> None:
    patch(fetch.Fetch, "_judge", lambda self, answer, url: answer)
    patch(fetch, "read_file", lambda reply, url: File(url, "image/png", reply.body))


@bug("rewrites-files")
def _(patch: Patch) -> None:
    write = disk.write_atomically
    patch(disk, "write_atomically", lambda path, content: write(path, content + b"\n"))


@bug("fetches-nothing")
def _(patch: Patch) -> None:
    patch(client.Client, "download", lambda *given, **words: None)


@bug("calls-files-as-their-host-does")
def _(patch: Patch) -> None:
    read, write = fetch.read_file, disk.write_atomically
    names: dict[bytes, str] = {}

    def read_named(reply: Any, url: str) -> File:
        header = reply.headers["content-disposition"]
        named = re.search(r"filename\*?=(?:UTF-8'')?\"?([^\"]+)", header)
        names[reply.body] = unquote(named[1]) if named else "image.png"
        return read(reply, url)

    def write_named(path: Path, content: bytes) -> None:
        write(path.parent / names[content], content)

    patch(fetch, "read_file", read_named)
    patch(disk, "write_atomically", write_named)


@bug("reads-local-files")
def _(patch: Patch) -> None:
    download = client.Client.download

    def download_anything(self: Any, source: Any, to: Any, index: int = 0) -> Any:
        url = fetch.choose_url(source, index)
        if url.startswith("file://"):
            return to.write_bytes(Path(url.removeprefix("file://")).read_bytes())
        return download(self, source, to, index=index)

    patch(client.Client, "download", download_anything)
