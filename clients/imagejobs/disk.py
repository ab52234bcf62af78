"""A file is there as a whole or not at all."""

import contextlib
import os
import secrets
from dataclasses import replace
from pathlib import Path

from imagejobs.models import File


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target, then rename over it; a failure leaves what was there."""
    draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def write_file(file: File, to: str | os.PathLike[str]) -> File:
    """The same file, with the path it was written to."""
    path = Path(to)
    write_atomically(path, file.content)
    return replace(file, path=path)
