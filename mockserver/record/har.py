"""HAR files: read one exchange at a time, written so that they are whole after each exchange."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, NamedTuple, Self

import orjson

from mockserver.errors import RecordingError
from mockserver.record.blobs import Blobs
from mockserver.record.entry import find_object, read_entry, write_entry
from mockserver.record.exchange import Exchange
from mockserver.record.stream import split_entries
from mockserver.version import VERSION

FORMAT: Final = 1  # of our own fields, in `log._tape`
TAIL: Final = b"\n]}}\n"

Check = Callable[[bytes], object]


class Place(NamedTuple):
    """Where an exchange stands, so that it need not stay in memory."""

    path: Path
    number: int  # of its entry, from 0
    offset: int  # bytes before it
    length: int


def read_har(path: Path, *, with_blobs: bool = True) -> Iterator[Exchange]:
    """Each exchange of a file in its order; one at a time is in memory.

    A body in a side file is read with its exchange, or left out without `with_blobs`: then
    `exchange.blob` says where it is. Raises RecordingError for what is no HAR.
    """
    return (exchange for _, exchange in read_places(path, with_blobs=with_blobs))


def read_places(path: Path, *, with_blobs: bool = True) -> Iterator[tuple[Place, Exchange]]:
    """Each exchange of a file in its order, as `read_har` reads them, and where it stands."""
    blobs = Blobs(path)
    try:
        with path.open("rb") as file:
            for number, (offset, raw) in enumerate(split_entries(file, path.name)):
                exchange = _read_one(raw, f"{path.name}: entry {number}", blobs, with_blobs)
                yield Place(path, number, offset, len(raw)), exchange
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error


def read_place(place: Place) -> Exchange:
    """An exchange again; raises RecordingError if the file is gone, or is another one by now."""
    path = place.path
    try:
        with path.open("rb") as file:
            file.seek(place.offset)
            raw = file.read(place.length)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error
    return _read_one(raw, f"{path.name}: entry {place.number}", Blobs(path), with_blobs=True)


def _read_one(raw: bytes, where: str, blobs: Blobs, with_blobs: bool) -> Exchange:
    try:
        entry = orjson.loads(raw)
        exchange = read_entry(entry)
        name = find_object(find_object(entry, "response"), "content").get("_blob")
        if name is None:
            return exchange
        found = blobs.find(name)
        body = blobs.read(found) if with_blobs else b""
        return replace(exchange, response_body=body, blob=found)
    except (orjson.JSONDecodeError, ValueError) as error:
        raise RecordingError(f"{where}: {error}") from error


def write_har(
    path: Path,
    exchanges: Iterable[Exchange],
    *,
    inline: bool = False,
    tape: Mapping[str, object] | None = None,
) -> None:
    """Write a file at once, by rename: whoever sees it sees all of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with HarWriter(draft, inline=inline, tape=tape) as writer:
            writer.blobs = Blobs(path)
            for exchange in exchanges:
                writer.add(exchange)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class HarWriter:
    """A HAR file that grows; it is a complete one after every `add`.

    `check` sees every byte before it is written and may raise. With `append` a file of ours is
    gone on with; other files are refused with RecordingError. With `inline` no body goes into a
    side file. `tape` says how the recording came about (`log._tape`).
    """

    def __init__(
        self,
        path: Path,
        *,
        append: bool = False,
        inline: bool = False,
        tape: Mapping[str, object] | None = None,
        check: Check = bytes,
    ) -> None:
        self.path = path
        self.count = 0  # exchanges that were added here
        self.blobs = Blobs(path)
        self._is_inline = inline
        self._check = check
        self._is_empty = True
        try:
            self._file = self._continue() if append and path.exists() else self._begin(tape or {})
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, exchange: Exchange) -> None:
        """Put an exchange at the end."""
        entry = write_entry(exchange)
        body = exchange.response_body
        self._check(exchange.request_body)  # before base64 hides what is in them
        self._check(body)
        if not self._is_inline and self.blobs.wants(body):
            content = entry["response"]["content"]
            content.pop("encoding", None)
            del content["text"]
            content["_blob"] = self.blobs.write(body)
        raw = orjson.dumps(entry, option=orjson.OPT_INDENT_2)
        self._check(raw)
        try:
            # In one piece, so that there is no moment without an end.
            self._file.seek(-len(TAIL), os.SEEK_END)
            self._file.write((b"\n" if self._is_empty else b",\n") + raw + TAIL)
            self._file.flush()
        except OSError as error:
            raise RecordingError(f"{self.path}: {error.strerror}") from error
        self._is_empty = False
        self.count += 1

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _begin(self, tape: Mapping[str, object]) -> IO[bytes]:
        log: dict[str, Any] = {
            "version": "1.2",
            "creator": {"name": "mockserver", "version": VERSION},
            "pages": [],
            "_tape": {"format": FORMAT, **tape},
        }
        head = orjson.dumps({"log": log})[:-2] + b',"entries":['
        self._check(head)
        file = self.path.open("w+b")
        file.write(head + TAIL)
        file.flush()
        return file

    def _continue(self) -> IO[bytes]:
        file = self.path.open("r+b")
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.seek(max(0, size - len(TAIL) - 1))
        end = file.read()
        if not end.endswith(TAIL):
            file.close()
            raise RecordingError(
                f"{self.path}: was not written by this recorder, so it cannot go on there",
                "record into another file; replay and drift take several",
            )
        self._is_empty = end.startswith(b"[")
        return file
