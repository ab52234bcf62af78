"""Decodes a result file: what its metadata and its pixels say about the request that made it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from mockserver.errors import MediaError
from mockserver.media.band import read_band
from mockserver.media.container import list_labels, open_file
from mockserver.media.label import read_label
from mockserver.media.mark import Mark
from mockserver.media.picture import Picture
from mockserver.media.recording import find_recording, open_recording
from mockserver.media.text import is_text, list_text_labels

__all__ = ["Decoded", "decode"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """
    What a file is, and its two witnesses: `metadata`, the picture as drawn, and `pixels`.

    At least one of them is there, or MediaError is raised. The other attributes are taken from the
    metadata if it is there: it knows more. `disagreements` tells where the witnesses contradict
    each other.
    """

    format: str  # as it is now: a key of MEDIA_TYPES
    width: int | None  # pixels, as they are now; None of a sound or a text
    height: int | None
    metadata: Picture | None
    pixels: Mark | None
    seconds: float | None = None  # as long as it is now; None of an image or a text

    def __post_init__(self) -> None:
        if self.metadata is not None or self.pixels is not None:
            return
        if self.width is None:
            raise MediaError(
                f"the {self.format} file carries nothing of ours; it was made elsewhere, or has "
                f"lost its metadata"
            )
        kind = "image" if self.seconds is None else "video"
        raise MediaError(
            f"the {self.format} {kind} of {self.width} x {self.height} pixels carries nothing "
            f"of ours, neither metadata nor a mark; it was made elsewhere, cropped or turned, "
            f"or was too small for a mark and has lost its metadata"
        )

    @property
    def source(self) -> Literal["metadata", "pixels"]:
        """Which witness the other attributes come from."""
        return "metadata" if self.metadata else "pixels"

    @property
    def task_id(self) -> str | None:
        """None if only the pixels speak, and the id was too long for them: they have its hash."""
        return self._speaker.task_id

    @property
    def digest(self) -> str:
        """128 bits of the request, as 32 hexadecimal digits."""
        return self._speaker.digest

    @property
    def number(self) -> int:
        """Which result of its task it is, counted from 1."""
        return self._speaker.number

    @property
    def of(self) -> int:
        """How many results the task has."""
        return self._speaker.of

    @property
    def prompt(self) -> str | None:
        """None if the metadata is gone."""
        return self.metadata.prompt if self.metadata else None

    @property
    def provider(self) -> str | None:
        """None if the metadata is gone."""
        return self.metadata.provider if self.metadata else None

    @property
    def model(self) -> str | None:
        """None if the metadata is gone, or the request named no model."""
        return self.metadata.model if self.metadata else None

    @property
    def disagreements(self) -> tuple[str, ...]:
        """One sentence for each thing that the two witnesses say differently."""
        said, seen = self.metadata, self.pixels
        if said is None or seen is None:
            return ()
        seen_id = seen.task_id or f"one with the SHA-256 {seen.task_id_sha256}"
        compared = [
            (seen.names(said.task_id), "task", said.task_id, seen_id),
            (seen.digest == said.digest, "request", said.digest, seen.digest),
            (
                (seen.number, seen.of) == (said.number, said.of),
                *("result", f"{said.number} of {said.of}", f"{seen.number} of {seen.of}"),
            ),
        ]
        return tuple(
            f"The metadata names the {what} {one}, the pixels name {other}."
            for agreed, what, one, other in compared
            if not agreed
        )

    @property
    def _speaker(self) -> Picture | Mark:
        return cast("Picture | Mark", self.metadata or self.pixels)


def decode(data: bytes) -> Decoded:
    """
    Read a result file, also after it was scaled, compressed again or converted.

    Raises MediaError if it is nothing that a result can be, is damaged, is too large (an image of
    over 50 million pixels, a video of over 9 million), or carries nothing of ours.
    """
    file_format = find_recording(data)
    if file_format is not None:
        return _decode_recording(data, file_format)
    if is_text(data):
        text_format = "json" if data.startswith(b"{") else "txt"
        return Decoded(text_format, None, None, _read_first(list_text_labels(data)), None)
    file_format, image = open_file(data)
    metadata = _read_first(list_labels(image))
    return Decoded(file_format, image.width, image.height, metadata, read_band(image))


def _decode_recording(data: bytes, file_format: str) -> Decoded:
    found = open_recording(data, file_format)
    metadata = read_label(found.label)
    if found.frame is None:
        return Decoded(file_format, None, None, metadata, None, found.seconds)
    width, height = found.frame.size
    mark = read_band(found.frame)
    return Decoded(file_format, width, height, metadata, mark, found.seconds)


def _read_first(labels: Iterable[bytes]) -> Picture | None:
    return next((picture for label in labels if (picture := read_label(label))), None)
