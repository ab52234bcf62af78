"""The entries of a HAR file one at a time, however long the file is."""

import re
from collections.abc import Iterator
from typing import IO, Final

from mockserver.errors import RecordingError

CHUNK: Final = 256 * 1024  # bytes that are read at once
MAX_ENTRY: Final = 128 * 1024 * 1024  # bytes of one entry, its body included

_MARK: Final = re.compile(rb'[{}\[\]"]')
_TEXT: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)  # up to the quote, or the end
_PLACE: Final = ("log", "entries")


class EntrySplitter:
    """Finds the objects in `log.entries` in pieces of JSON, without reading what is in them.

    Only brackets and strings are looked at: whether an entry is JSON, its reader will see.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._buffer = bytearray()
        self._at = 0  # how far the buffer was looked at
        self._start: int | None = None  # where the entry under way begins
        self._text_start: int | None = None  # where the string under way begins
        self._depth = 0
        self._keys = ["", ""]  # the last string at the depths of root and log
        self._count = 0
        self._is_inside = False  # the entries
        self._gone = 0  # bytes that were before the buffer
        self.entry_at = 0  # where the last complete entry begins, counted from the first byte
        self.is_over = False  # the root object was closed

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The entries that this piece completes."""
        self._buffer += data
        while self._at < len(self._buffer):
            if self._text_start is not None:
                if not self._read_text():
                    break
                continue
            match = _MARK.search(self._buffer, self._at)
            if match is None:
                self._at = len(self._buffer)
                break
            self._at = match.end()
            mark = match.group()
            if mark == b'"':
                self._text_start = self._at
            elif mark in b"{[":
                self._open(mark)
            elif (entry := self._close()) is not None:
                yield entry
        self._forget()

    def finish(self) -> None:
        """Nothing more comes; raises RecordingError if that is too early."""
        if self._start is not None or self._text_start is not None or not self.is_over:
            raise RecordingError(
                f"{self._name}: ends in the middle, after {self._count} complete entries",
                "it was cut off while it was written or copied",
            )

    def _read_text(self) -> bool:
        """Go on to the end of a string; whether it is there yet."""
        match = _TEXT.match(self._buffer, self._at)
        self._at = self._at if match is None else match.end()
        if self._at >= len(self._buffer) or self._buffer[self._at] != 0x22:
            return False  # a backslash whose letter has not come, or the end of the piece
        start = self._at if self._text_start is None else self._text_start
        if self._depth in (1, 2):
            self._keys[self._depth - 1] = self._buffer[start : self._at][:40].decode("latin-1")
        self._text_start = None
        self._at += 1
        return True

    def _open(self, mark: bytes) -> None:
        if self._depth == 2 and mark == b"[" and tuple(self._keys) == _PLACE:
            self._is_inside = True
        elif self._depth == 3 and self._is_inside and mark == b"{":
            self._start = self._at - 1
        self._depth += 1

    def _close(self) -> bytes | None:
        self._depth -= 1
        if self._depth == 2:
            self._is_inside = False
        elif self._depth == 0:
            self.is_over = True
        if self._depth != 3 or self._start is None:
            return None
        entry = bytes(self._buffer[self._start : self._at])
        self.entry_at = self._gone + self._start
        self._start = None
        self._count += 1
        return entry

    def _forget(self) -> None:
        """Drop what was looked at and belongs to no entry."""
        kept = self._at
        if self._start is not None:
            kept = self._start
        elif self._text_start is not None and self._depth in (1, 2):
            kept = self._text_start
        elif self._text_start is not None:
            self._text_start = 0
        if self._start is not None and len(self._buffer) - kept > MAX_ENTRY:
            raise RecordingError(
                f"{self._name}: entry {self._count} is longer than {MAX_ENTRY >> 20} MiB",
                "leave its body out, or keep it in a side file",
            )
        del self._buffer[:kept]
        self._gone += kept
        self._at -= kept
        if self._start is not None:
            self._start = 0
        if self._text_start is not None:
            self._text_start = max(0, self._text_start - kept)


def split_entries(file: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """Each entry of a HAR file as JSON, and the byte at which it begins.

    Raises RecordingError for a file that is no HAR, or ends too early.
    """
    splitter = EntrySplitter(name)
    is_first = True
    while data := file.read(CHUNK):
        if is_first and data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b""):
            problem = f"{name}: this is no HAR, which is a JSON object and begins with {{"
            raise RecordingError(problem, "give a file that `mockserver record` or a browser wrote")
        is_first = False
        for entry in splitter.feed(data):
            yield splitter.entry_at, entry
    splitter.finish()
