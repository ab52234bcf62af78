"""Lettering: the font, which characters it has, how wide they are, and where lines break."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, cast

from PIL import ImageDraw, ImageFont

from mockserver.media.palette import FAINT

__all__ = ["count_missing", "cut_line", "draw_line", "prepare_text", "wrap"]

# Pillow's own font knows no others; a test compares this with the font.
REACHED: Final = frozenset(map(chr, range(0x20, 0x7F))) | frozenset(
    "\u00a9\u00ab\u00b0\u00b1\u00b4\u00b7\u00bb\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u2044\u2122"
)
MAX_LETTERS: Final = 4000
BOX: Final = "\ufffd"  # stands for a character that the font has not
BOX_WIDTH: Final = 0.9  # of the size of the letters around it
ELLIPSIS: Final = "\u2026"

_UNKNOWN: Final = re.compile(f"[^{re.escape(''.join(sorted(REACHED)))}\\s]")
_SPACE: Final = re.compile(r"\s")


@lru_cache(maxsize=64)
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's bundled font, in pixels."""
    # Pillow has only this font type where it was built with FreeType, as all its wheels are.
    return cast("ImageFont.FreeTypeFont", ImageFont.load_default(size))


@lru_cache(maxsize=64 * len(REACHED))
def _measure_letter(letter: str, size: int) -> float:
    return size * BOX_WIDTH if letter == BOX else load_font(size).getlength(letter)


def measure(text: str, size: int) -> float:
    """Width of a prepared text in pixels, without kerning."""
    return sum(_measure_letter(letter, size) for letter in text)


def count_missing(text: str) -> int:
    """How many characters of a text the font cannot draw; white space needs no drawing."""
    return len(_UNKNOWN.findall(text))


def prepare_text(text: str) -> str:
    """
    Make a text drawable: a box for what the font has not, and no lines without words.

    Of an endless text only so much is kept as any image could show, and an ellipsis behind it.
    """
    shown = text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1] + ELLIPSIS
    lines = (_SPACE.sub(" ", line) for line in _UNKNOWN.sub(BOX, shown).splitlines())
    return "\n".join(line for line in lines if not line.isspace() and line)


def wrap(text: str, size: int, width: float) -> Iterator[str]:
    """Break a prepared text into lines of at most `width` pixels, at spaces if there are any."""
    for paragraph in text.split("\n"):
        yield from _wrap_paragraph(paragraph, size, width)


def _wrap_paragraph(text: str, size: int, width: float) -> Iterator[str]:
    line, used = "", 0.0
    for word in text.split(" "):
        needed = measure(word, size)
        space = _measure_letter(" ", size) if line else 0.0
        if used + space + needed <= width:
            line, used = f"{line} {word}" if line else word, used + space + needed
            continue
        if line:
            yield line
        *full, line = _break_word(word, size, width)
        yield from full
        used = measure(line, size)
    if line:
        yield line


def _break_word(word: str, size: int, width: float) -> list[str]:
    """Break a word into pieces of at most `width` pixels, each at least a letter long."""
    pieces, piece, used = [], "", 0.0
    for letter in word:
        needed = _measure_letter(letter, size)
        if piece and used + needed > width:
            pieces.append(piece)
            piece, used = "", 0.0
        piece, used = piece + letter, used + needed
    return [*pieces, piece]


def cut_line(text: str, size: int, width: float) -> str:
    """Shorten a line until an ellipsis fits behind it, and put one there."""
    while text and measure(text + ELLIPSIS, size) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def draw_line(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, shade: int
) -> None:
    """Draw a prepared line, its upper left corner at a point, each missing character as a box."""
    x, y = float(at[0]), at[1]
    for run in re.split(f"({BOX}+)", text):
        if run.startswith(BOX):
            _draw_boxes(draw, (x, y), len(run), size)
        elif run:
            draw.text((round(x), y), run, fill=shade, font=load_font(size))
        x += measure(run, size)


def _draw_boxes(draw: ImageDraw.ImageDraw, at: tuple[float, int], count: int, size: int) -> None:
    """Draw a row of frames as tall as capital letters."""
    gap = max(1, size // 10)
    top, bottom = at[1] + size // 4, at[1] + size
    for number in range(count):
        left = round(at[0] + number * size * BOX_WIDTH) + gap
        right = round(at[0] + (number + 1) * size * BOX_WIDTH) - gap
        draw.rectangle((left, top, right, bottom), outline=FAINT, width=max(1, size // 20))
