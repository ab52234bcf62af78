"""Bugs of files: what is fetched, saved and taken for an image."""

from typing import Any

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
