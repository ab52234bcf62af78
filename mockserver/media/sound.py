"""
Writes a sound: for so many seconds, notes that its request chose.

What is approximate: notes, whatever was to be said or played; one channel of 24 kHz. Nothing in
what is heard carries the request, only the metadata does.
"""

from array import array
from collections.abc import Iterator, Mapping
from hashlib import blake2s
from io import BytesIO
from math import pi, sin
from typing import Final, Literal

import av

from mockserver.media.label import write_label
from mockserver.media.picture import Picture

__all__ = ["write_sound"]

_RATE: Final = 24_000  # samples a second
_NOTE: Final = _RATE // 4  # samples of a note
_FADE: Final = _NOTE // 10  # samples in which a note comes and goes, so that it does not click
_LOUDNESS: Final = 9_000  # of 32,767
_PITCHES: Final = tuple(220 * 2 ** (step / 12) for step in (0, 3, 5, 7, 10, 12, 15, 17))  # hertz
_ENCODERS: Final[Mapping[str, Literal["libmp3lame", "pcm_s16le"]]] = {
    "mp3": "libmp3lame",
    "wav": "pcm_s16le",
}


def write_sound(picture: Picture) -> bytes:
    """Write the file of a sound: equal pictures give equal bytes on one installation."""
    file = BytesIO()
    options = {"fflags": "+bitexact"}
    container = av.open(file, "w", picture.format, container_options=options)
    container.metadata["comment"] = write_label(picture, marked=None).decode()
    stream = container.add_stream(_ENCODERS[picture.format], _RATE, layout="mono")
    stream.bit_rate = 48_000
    at = 0
    for samples in _play(picture):
        frame = av.AudioFrame("s16", "mono", len(samples) // 2)
        frame.planes[0].update(samples)
        frame.sample_rate, frame.pts = _RATE, at
        at += frame.samples
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
    container.close()
    return file.getvalue()


def _play(picture: Picture) -> Iterator[bytes]:
    """The samples, note by note, 16 bits each."""
    left = round((picture.seconds or 1) * _RATE)
    notes = [_make_note(pitch) for pitch in _PITCHES]
    melody = blake2s(f"{picture.digest} {picture.number}".encode()).digest()
    for number in range(-(-left // _NOTE)):
        note = notes[melody[number % len(melody)] % len(notes)]
        yield note[: 2 * left]
        left -= _NOTE


def _make_note(pitch: float) -> bytes:
    turn = 2 * pi * pitch / _RATE
    samples = (
        sin(turn * n) * _LOUDNESS * min(1, n / _FADE, (_NOTE - n) / _FADE) for n in range(_NOTE)
    )
    return array("h", map(round, samples)).tobytes()
