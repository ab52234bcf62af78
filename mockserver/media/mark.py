"""
The mark: what the pixels of a result image say, and where they say it.

A mark is a message of a version, a count, the digest and the task id, closed by a checksum and
followed by parity bytes: one codeword. Its bits are black and white cells in a band across the
whole width of the image, along its bottom edge: the first row of bits is the lowest one, from left
to right. The cells are square, and their size is the image's width divided by one of a few numbers
of columns. So nothing needs to be found: whoever knows the present size of an image, scaled or not,
knows where the cells are but for the few numbers to try, and the checksum tells the right one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2s, sha256
from math import ceil
from typing import Final

from mockserver.media.picture import Picture
from mockserver.media.reed_solomon import add_parity, repair

__all__ = ["MAX_ID_BYTES", "Grid", "Mark", "find_grid", "list_grids", "make_mark"]

MAX_ID_BYTES: Final = 64

# A quarter to a third of a codeword: enough for a logo that covers a tenth of the band.
_PARITY: Final = 32
_SLOTS: Final = (32, 48, MAX_ID_BYTES)  # the id is padded to one of these lengths
_PLAIN, _HASHED = 1, 2  # the version: is the id itself written, or its SHA-256?
_HEAD: Final = 4
_DIGEST: Final = 16
_CHECKSUM: Final = 4
_AROUND_ID: Final = _HEAD + _DIGEST + _CHECKSUM

# Fixed noise over the whole codeword, so that padding is neither all black nor all white.
_NOISE: Final = b"".join(sha256(b"mark %d" % i).digest() for i in range(8))

_COLUMNS: Final = (24, 32, 40, 52, 64, 84, 108, 136, 176, 224, 288, 368, 472, 600, 768)
_SMALLEST_CELL: Final = 3  # pixels; measured: survives half size and JPEG quality 80 in any order
_SMALLEST_READ: Final = 1.25  # pixels of a cell in a scaled image, below which nothing is left


@dataclass(frozen=True, slots=True)
class Mark:
    """
    What the pixels say: the task id (at most 64 bytes of UTF-8), else the SHA-256 of a longer one.

    `digest` is 32 hexadecimal digits; `number` and `of` tell which result of the task it is.
    """

    task_id: str | None
    task_id_sha256: str | None
    digest: str
    number: int
    of: int

    def names(self, task_id: str) -> bool:
        """Whether a task id is the one that the mark was made for."""
        return task_id == self.task_id or _hash_id(task_id) == self.task_id_sha256

    def encode(self) -> bytes:
        """Return the codeword: 88, 104 or 120 bytes."""
        if self.task_id is None:
            version, written = _HASHED, bytes.fromhex(self.task_id_sha256 or "")
        else:
            version, written = _PLAIN, _to_bytes(self.task_id)
        slot = next(slot for slot in _SLOTS if slot >= len(written))
        head = bytes([version, len(written), self.number, self.of])
        body = head + bytes.fromhex(self.digest) + written.ljust(slot, b"\0")
        return _add_noise(add_parity(body + _sum_up(body), _PARITY))

    @classmethod
    def decode(cls, codeword: bytes) -> "Mark | None":
        """Read a codeword of which up to 16 bytes may be wrong; None if it is none."""
        message = repair(_add_noise(codeword), _PARITY)
        if message is None or message[-_CHECKSUM:] != _sum_up(message[:-_CHECKSUM]):
            return None
        version, length, number, of = message[:_HEAD]
        digest = message[_HEAD : _HEAD + _DIGEST].hex()
        written = message[_HEAD + _DIGEST : -_CHECKSUM][:length]
        if version == _HASHED:
            return cls(None, written.hex(), digest, number, of)
        return cls(written.decode("utf-8", "replace"), None, digest, number, of)


def make_mark(picture: Picture) -> Mark:
    """Make the mark of a picture; a task id of more than 64 bytes goes in as its hash."""
    fits = len(_to_bytes(picture.task_id)) <= MAX_ID_BYTES
    return Mark(
        task_id=picture.task_id if fits else None,
        task_id_sha256=None if fits else _hash_id(picture.task_id),
        digest=picture.digest,
        number=picture.number,
        of=picture.of,
    )


def _to_bytes(task_id: str) -> bytes:
    return task_id.encode("utf-8", "backslashreplace")


def _hash_id(task_id: str) -> str:
    return sha256(_to_bytes(task_id)).hexdigest()


def _sum_up(body: bytes) -> bytes:
    return blake2s(body, digest_size=_CHECKSUM).digest()


def _add_noise(codeword: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(codeword, _NOISE, strict=False))


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a codeword of `length` bytes lies: so many columns, filled upwards from the bottom."""

    columns: int
    length: int  # bytes

    @property
    def rows(self) -> int:
        return ceil(self.length * 8 / self.columns)

    def cell(self, width: int) -> float:
        """Side of a cell, in pixels of an image of this width."""
        return width / self.columns

    def height(self, width: int) -> float:
        """Height of the whole band, in pixels of an image of this width."""
        return self.rows * self.cell(width)

    def to_rows(self, codeword: bytes) -> list[list[bool]]:
        """Spread the bits over the rows, the lowest first; noise fills up the last one."""
        cells = [bool(byte >> bit & 1) for byte in codeword + _NOISE for bit in range(7, -1, -1)]
        starts = range(0, self.rows * self.columns, self.columns)
        return [cells[start : start + self.columns] for start in starts]

    def to_codeword(self, rows: list[list[bool]]) -> bytes:
        """Collect the codeword from the rows; the inverse of `to_rows`."""
        bits = "".join("1" if cell else "0" for row in rows for cell in row)[: self.length * 8]
        return int(bits, 2).to_bytes(self.length)


def find_grid(width: int, height: int, length: int) -> Grid | None:
    """
    Choose the grid for a codeword in an image; None if the image is too small for it.

    The coarsest one whose band takes a sixteenth of the height, else the finest one whose cells
    have 3 pixels, if its band takes at most a third. Sides of 192 pixels are always enough.
    """
    grids = [Grid(columns, length) for columns in _COLUMNS]
    for grid in grids:
        if grid.cell(width) >= _SMALLEST_CELL and grid.height(width) <= height / 16:
            return grid
    fine = [grid for grid in grids if grid.cell(width) >= _SMALLEST_CELL]
    return fine[-1] if fine and fine[-1].height(width) <= height / 3 else None


def list_grids(width: int, height: int) -> Iterator[Grid]:
    """Every grid that may lie in an image that was scaled to this size, those like ours first."""
    for columns in _COLUMNS:
        for slot in _SLOTS:
            grid = Grid(columns, slot + _AROUND_ID + _PARITY)
            # Rounding to whole pixels may have taken a little of the height.
            if grid.cell(width) >= _SMALLEST_READ and grid.height(width) <= height * 0.35:
                yield grid
