"""Large bodies beside a recording, each in a file that is named after its hash."""

import os
import re
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Final

INLINE: Final = 64 * 1024  # bytes of the largest body that stays in the HAR file
MAX_BLOB: Final = 256 * 1024 * 1024

_NAME: Final = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)


class Blobs:
    """The folder `x.har.d` of a recording `x.har`; made when it is first needed."""

    def __init__(self, recording: Path) -> None:
        self.folder = recording.with_name(f"{recording.name}.d")

    def wants(self, body: bytes) -> bool:
        """Whether a body is too large to stay in the HAR file."""
        return len(body) > INLINE

    def write(self, body: bytes) -> str:
        """Keep a body, once however often it comes; its name for the HAR file."""
        digest = sha256(body).hexdigest()
        place = self.folder / digest
        if not place.exists():
            self.folder.mkdir(exist_ok=True)
            draft = self.folder / f".{digest}.{os.getpid()}"
            draft.write_bytes(body)
            draft.replace(place)
        return f"sha256:{digest}"

    def clear(self, kept: Collection[Path | None] = ()) -> None:
        """Remove the bodies, except some; other files in the folder are not ours."""
        for file in self.folder.iterdir() if self.folder.is_dir() else ():
            if _NAME.fullmatch(f"sha256:{file.name}") and file not in kept:
                file.unlink()

    def find(self, name: object) -> Path:
        """Where a body of this name is; raises ValueError for what is no name of a body."""
        match = _NAME.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            raise ValueError(f"its body is in {name!r}, which is no sha256:<64 hex digits>")
        return self.folder / match[1]

    def read(self, place: Path) -> bytes:
        """A body that was found; raises ValueError if it is missing or is another one."""
        try:
            if place.stat().st_size > MAX_BLOB:
                raise ValueError(f"its body, {place.name}, is larger than {MAX_BLOB >> 20} MiB")
            body = place.read_bytes()
        except OSError as error:
            problem = f"its body is missing: {place.parent.name}/{place.name}: {error.strerror}"
            raise ValueError(problem) from error
        if sha256(body).hexdigest() != place.name:
            raise ValueError(f"its body, {place.name}, was changed since it was recorded")
        return body
