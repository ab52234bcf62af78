"""Files that are no result files."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mockserver.errors import MediaError
from mockserver.media.container import list_labels, open_file, write_file

LABELS = {
    "of any characters": '{"a": "<&>\\" \u4e00\U0001f98a"}'.encode(),
    "longer than a segment": b'{"a": "' + "\U0001f98a".encode() * 40_000 + b'"}',
    "one segment long": b"{" + b"a" * (65_533 - 13) + b"}",
}
STARTS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x80\x00\x00\x00WEBPVP8 "]


def write_plain(file_format: str, label: bytes = b"{}") -> bytes:
    plane = Image.new("L", (40, 30), 100)
    plane.putpalette(bytes(range(256)) * 3)
    return write_file(plane, file_format, label)


def make_chunk(name: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum


def enlarge_png(side: int) -> bytes:
    header = make_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    pixels = make_chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + make_chunk(b"IEND", b"")


def enlarge_jpeg(side: int) -> bytes:
    data = write_plain("jpeg")
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", side, side) + data[place + 4 :]


def enlarge_webp(side: int) -> bytes:
    # The size stands twice: in the extended header and in that of the picture itself.
    data = bytearray(write_plain("webp"))
    canvas, frame = data.index(b"VP8X") + 12, data.index(b"\x9d\x01\x2a") + 3
    data[canvas : canvas + 6] = (side - 1).to_bytes(3, "little") * 2
    data[frame : frame + 4] = side.to_bytes(2, "little") * 2
    return bytes(data)


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_a_label_survives_in_its_file(file_format: str, label: bytes) -> None:
    """Every format gives back a label of any characters and of hundreds of kilobytes."""
    found, image = open_file(write_plain(file_format, label))

    assert file_format == found
    assert [label] == list(list_labels(image))


def test_comments_of_others_are_passed_over() -> None:
    """A JPEG comment that another program has added is no part of the label."""
    data = write_plain("jpeg", LABELS["longer than a segment"])
    comment = b"\xff\xfe\x00\x07hello"
    _, image = open_file(data[:20] + comment + data[20:])

    assert [LABELS["longer than a segment"]] == list(list_labels(image))


@pytest.mark.parametrize(
    "data",
    [
        enlarge_png(50_000),
        enlarge_png(7_072),
        enlarge_jpeg(65_500),
        enlarge_jpeg(7_072),
        enlarge_webp(16_383),
        enlarge_webp(7_072),
    ],
    ids=["png", "png just over", "jpeg", "jpeg just over", "webp", "webp just over"],
)
def test_a_decompression_bomb_is_refused(data: bytes) -> None:
    """An image of more than 50 million pixels is refused by its header."""
    with pytest.raises(MediaError, match="too large; at most 50000000 pixels"):
        open_file(data)


@given(start=st.sampled_from([b"", *STARTS]), rest=st.binary(max_size=200))
def test_other_bytes_are_no_image(start: bytes, rest: bytes) -> None:
    """Bytes that are no image are refused, whatever image they may begin like."""
    with pytest.raises(MediaError, match=r"no PNG, JPEG or WebP|damaged or incomplete"):
        open_file(start + rest)


@given(file_format=st.sampled_from(["png", "jpeg", "webp"]), part=st.floats(0.05, 0.95))
def test_a_part_of_a_file_is_refused(file_format: str, part: float) -> None:
    """A file whose end is missing is refused as incomplete."""
    data = write_plain(file_format)

    with pytest.raises(MediaError, match="damaged or incomplete"):
        open_file(data[: int(len(data) * part)])


def test_other_image_formats_are_refused() -> None:
    """An image in a format that no result has is refused."""
    file = BytesIO()
    Image.new("L", (8, 8)).save(file, "BMP")

    with pytest.raises(MediaError, match="no PNG, JPEG or WebP"):
        open_file(file.getvalue())
