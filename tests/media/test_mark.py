"""What the pixels say, and where."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.media.mark import MAX_ID_BYTES, Grid, Mark, find_grid, list_grids, make_mark
from mockserver.media.picture import MAX_PIXELS, MAX_SIDE, Picture

digests = st.text("0123456789abcdef", min_size=32, max_size=32)
short_ids = st.text(max_size=MAX_ID_BYTES).filter(lambda text: len(text.encode()) <= MAX_ID_BYTES)
long_ids = st.text(min_size=MAX_ID_BYTES + 1, max_size=300)
counts = st.integers(1, 255)
lengths = st.sampled_from([88, 104, 120])
sides = st.integers(192, 400) | st.integers(192, MAX_SIDE)


def mark_id(task_id: str) -> Mark:
    digest = "00ff" * 8
    return make_mark(Picture(256, 256, "png", "acorn", None, "a fox", task_id, digest, (), 2, 4))


@given(task_id=st.one_of(short_ids, long_ids))
def test_a_codeword_is_read_as_it_was_made(task_id: str) -> None:
    """A mark, encoded and decoded, is the same mark and names the same task."""
    mark = mark_id(task_id)

    assert mark == Mark.decode(mark.encode())
    assert mark.names(task_id)


@given(task_id=long_ids)
def test_a_long_id_goes_in_as_its_hash(task_id: str) -> None:
    """An id of more than 64 bytes is in the mark as its SHA-256, and the mark says so."""
    mark = mark_id(task_id)

    assert (None, sha256(task_id.encode()).hexdigest()) == (mark.task_id, mark.task_id_sha256)


@given(one=st.one_of(short_ids, long_ids), other=st.one_of(short_ids, long_ids))
def test_a_mark_names_one_task_only(one: str, other: str) -> None:
    """A mark knows the id that it was made for, and no other."""
    assert mark_id(one).names(other) is (one == other)


@given(task_id=short_ids, data=st.data())
def test_sixteen_damaged_bytes_do_no_harm(task_id: str, data: st.DataObject) -> None:
    """A codeword is still read when any sixteen of its bytes are wrong."""
    mark = mark_id(task_id)
    codeword = bytearray(mark.encode())
    places = st.sets(st.integers(0, len(codeword) - 1), min_size=16, max_size=16)
    for place in data.draw(places):
        codeword[place] ^= data.draw(st.integers(1, 255))

    assert mark == Mark.decode(bytes(codeword))


@given(codeword=lengths.flatmap(lambda length: st.binary(min_size=length, max_size=length)))
def test_noise_is_no_mark(codeword: bytes) -> None:
    """Bytes that nobody encoded are not taken for a mark."""
    assert Mark.decode(codeword) is None


@given(tasks=st.lists(st.text("abc", max_size=9), min_size=3, max_size=3, unique=True))
def test_the_checksum_decides(tasks: list[str]) -> None:
    """Bytes with faultless parity are no mark if their checksum is wrong."""
    # The code is linear: three codewords, added up, are a codeword, but nobody's.
    codewords = [mark_id(task_id).encode() for task_id in tasks]
    mixed = bytes(a ^ b ^ c for a, b, c in zip(*codewords, strict=True))

    assert Mark.decode(mixed) is None


@pytest.mark.parametrize("byte", [0, 255])
def test_a_blank_area_is_no_mark(byte: int) -> None:
    """Cells that are all black or all white are not taken for a mark."""
    assert Mark.decode(bytes([byte]) * 88) is None


@given(columns=st.integers(24, 800), codeword=st.binary(min_size=88, max_size=120))
def test_a_grid_gives_back_what_was_laid_into_it(columns: int, codeword: bytes) -> None:
    """A codeword spread over rows is collected from them unchanged, and every row is full."""
    grid = Grid(columns, len(codeword))
    rows = grid.to_rows(codeword)

    assert codeword == grid.to_codeword(rows)
    assert [columns] * grid.rows == [len(row) for row in rows]


@given(width=sides, height=sides, length=lengths)
def test_two_sides_of_192_pixels_are_enough(width: int, height: int, length: int) -> None:
    """Every image of 192 x 192 pixels or more has a grid, of cells of at least three pixels."""
    grid = find_grid(width, height, length)

    assert grid
    assert grid.cell(width) >= 3
    assert grid.height(width) <= height / 3


@given(
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
    length=lengths,
    up=st.tuples(st.booleans(), st.booleans()),
)
def test_the_grid_is_among_those_tried_at_half_size(
    width: int, height: int, length: int, up: tuple[bool, bool]
) -> None:
    """Whoever knows only half the size, rounded up or down, tries the right grid as well."""
    grid = find_grid(width, height, length)
    tried = list(list_grids((width + up[0]) // 2, (height + up[1]) // 2))

    assert grid is None or grid in tried


@pytest.mark.parametrize(("width", "height"), [(191, 191), (71, 4000), (4000, 20), (1, 1)])
def test_a_small_image_has_no_grid(width: int, height: int) -> None:
    """An image without room for the longest codeword is told so, not given smaller cells."""
    assert find_grid(width, height, 120) is None


def test_the_largest_picture_has_a_grid() -> None:
    """The mark lies in the largest allowed image as well."""
    assert find_grid(MAX_SIDE, MAX_PIXELS // MAX_SIDE, 120)
