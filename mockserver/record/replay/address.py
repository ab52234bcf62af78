"""Addresses below which a replaying server serves recorded files."""

import re
from typing import Final
from urllib.parse import urlsplit

from mockserver.record.replay.tape import Tape
from mockserver.record.spelling import replace_addresses

PREFIX: Final = "/_recorded/"

_OURS: Final = re.compile(rb"https?:\\*/\\*/[^\"\\\s/?]+\\*/_recorded\\*/(\d{1,9})\\*/[^\"\\\s]*")
_UNSAFE: Final = re.compile(r"[^\w.-]+", re.ASCII)


def write_address(tape: Tape, url: str, origin: str) -> str:
    """Where a recorded address is served; it keeps its last name, since that tells what it is."""
    name = _UNSAFE.sub("-", urlsplit(url).path.rpartition("/")[2])[-80:]
    return f"{origin}{PREFIX}{tape.addresses[url]}/{name or 'file'}"


def find_address(tape: Tape, path: str) -> str | None:
    """The recorded address behind a path of ours."""
    number = path.removeprefix(PREFIX).partition("/")[0]
    if not path.startswith(PREFIX) or not number.isdecimal() or len(number) > 9:
        return None
    return tape.find_address(int(number))


def restore_addresses(tape: Tape, body: bytes) -> bytes:
    """A request's body with the recorded addresses in the place of ours."""
    texts = {}
    for found in _OURS.finditer(body):
        url = tape.find_address(int(found[1]))
        if url is not None:
            texts[found[0].replace(b"\\", b"").decode("latin-1")] = url
    return replace_addresses(body, texts) if texts else body
