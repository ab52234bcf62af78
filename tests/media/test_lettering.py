"""Letters and lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mockserver.media.lettering import (
    BOX,
    MAX_LETTERS,
    REACHED,
    count_missing,
    cut_line,
    draw_line,
    load_font,
    measure,
    prepare_text,
    wrap,
)

sizes = st.integers(9, 60)
widths = st.integers(40, 900)
prepared = st.text().map(prepare_text)


def test_the_known_characters_are_those_of_the_font() -> None:
    """Of all characters up to U+33FF, exactly those we count as known have a shape of their own."""
    font = load_font(20)
    unknown = bytes(font.getmask("\uffff"))
    shaped = {chr(i) for i in range(0x20, 0x3400) if bytes(font.getmask(chr(i))) != unknown}

    assert shaped == REACHED


@pytest.mark.parametrize(
    ("text", "missing"),
    [("a red fox", 0), ("\u4e00\u53ea\u7ea2\u72d0", 4), ("caf\u00e9\u3000\n", 1), ("\0\u202e", 2)],
)
def test_missing_characters_are_counted(text: str, missing: int) -> None:
    """Each character that the font cannot draw counts once; white space is never missing."""
    assert missing == count_missing(text)


@given(text=st.text())
def test_prepared_text_is_harmless(text: str) -> None:
    """Whatever is drawn is a character of the font or a box, and no box is lost or added."""
    ready = prepare_text(text)

    assert set(ready) <= REACHED | {BOX, "\n"}
    assert count_missing(text) == ready.count(BOX)


@given(text=st.text())
def test_prepared_text_has_the_lines_of_the_text(text: str) -> None:
    """Lines stay lines and characters characters; only lines without words are left out."""
    lines = [line for line in text.splitlines() if line.strip()]

    assert list(map(len, lines)) == [len(line) for line in prepare_text(text).splitlines()]


def test_endless_text_is_cut() -> None:
    """Of an endless text no more is kept than any image could show."""
    ready = prepare_text("fox " * 100_000)

    assert (ready[-3:], len(ready)) == ("ox\u2026", MAX_LETTERS)


@given(text=prepared, size=sizes, width=widths)
def test_wrapping_loses_nothing_but_spaces(text: str, size: int, width: int) -> None:
    """The lines, one after the other, are the text; only spaces are gone."""
    letters = "".join(text.split())

    assert letters == "".join(wrap(text, size, width)).replace(" ", "")


@given(text=prepared, size=sizes, width=widths)
def test_no_line_is_too_wide(text: str, size: int, width: int) -> None:
    """A line is no wider than asked, unless it is one letter that is."""
    lines = wrap(text, size, width)

    assert not [line for line in lines if measure(line, size) > width and len(line) > 1]


@given(text=prepared, size=sizes, width=widths)
def test_a_cut_line_ends_in_an_ellipsis_and_fits(text: str, size: int, width: int) -> None:
    """A cut line is the beginning of the text and an ellipsis, and no wider than asked."""
    line = cut_line(text, size, width)

    assert text.startswith(line[:-1])
    assert line == "\u2026" or measure(line, size) <= width


@given(text=prepared, size=sizes)
def test_any_prepared_line_can_be_drawn(text: str, size: int) -> None:
    """A line leaves ink exactly if it has something else than spaces."""
    line = text.partition("\n")[0][:20]
    plane = Image.new("L", (1300, 80))
    draw_line(ImageDraw.Draw(plane), (5, 5), line, size, 255)

    assert bool(line.strip()) is (plane.getbbox() is not None)
