"""The store of uploads: found by account, provider and path, the idlest forgotten first."""

from collections import OrderedDict
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.engine.settings import Settings

PREFIX: Final = "/_files/"
UPLOADS: Final = "uploads"  # in place of a task's id, in addresses

_Place = tuple[str, str, str]  # account, provider, path


class Upload(NamedTuple):
    """A file that is kept."""

    path: str  # folder and name; no part of it is empty, or leads upwards
    media_type: str
    content: bytes
    tag: str  # tells it from another file at its path
    created: int  # milliseconds on the account's clock
    expires: int | None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class UploadPlace(NamedTuple):
    """Where an upload is found, apart from the server."""

    account_id: str
    provider: str
    path: str


def parse_place(address: str) -> UploadPlace | None:
    """Take the address of an upload apart, with or without a server; None if it is none."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    names = path.removeprefix(PREFIX).split("/", 3)
    if not path.startswith(PREFIX) or len(names) < 4 or names[2] != UPLOADS:
        return None
    return UploadPlace(names[0], names[1], unquote(names[3]))


class Uploads:
    """At most so many files and bytes as the settings allow, over all accounts."""

    def __init__(self, settings: Settings) -> None:
        self._max_count = settings.max_uploads
        self._max_bytes = settings.max_upload_bytes
        self._kept: OrderedDict[_Place, Upload] = OrderedDict()
        self.total = 0  # that were ever kept
        self.bytes = 0  # that are kept now
        self.evicted = 0  # files that had to make room

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, account_id: str, provider: str, upload: Upload) -> None:
        """Keep a file, in place of the one at its path if there is one."""
        self._remove((account_id, provider, upload.path))
        self._kept[account_id, provider, upload.path] = upload
        self.total += 1
        self.bytes += len(upload.content)
        while len(self._kept) > self._max_count or self.bytes > self._max_bytes:
            self._remove(next(iter(self._kept)))
            self.evicted += 1

    def find(self, account_id: str, provider: str, path: str) -> Upload | None:
        """The file at a path, whether it has expired or not; it counts as used."""
        place = (account_id, provider, path)
        upload = self._kept.get(place)
        if upload is not None:
            self._kept.move_to_end(place)
        return upload

    def drop(self, account_id: str) -> None:
        """Forget all files of an account."""
        for place in [place for place in self._kept if place[0] == account_id]:
            self._remove(place)

    def _remove(self, place: _Place) -> None:
        gone = self._kept.pop(place, None)
        if gone is not None:
            self.bytes -= len(gone.content)
