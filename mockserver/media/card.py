"""The card: the readable part of a result image, with the request and the task in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from PIL import Image, ImageDraw

from mockserver.media.lettering import count_missing, cut_line, draw_line, prepare_text, wrap
from mockserver.media.palette import ACCENT, INK, MUTED, PAPER
from mockserver.media.picture import Picture

__all__ = ["draw_card"]

_SMALLEST_TEXT: Final = 9  # pixels
_LINE: Final = 1.32  # height of a line, in sizes of its letters
_PROMPT_SIZES: Final = (2.0, 1.6, 1.3, 1.0, 0.8)  # in sizes of plain text; the largest that fits
_MOST_INPUTS: Final = 4  # addresses that are shown


@dataclass(frozen=True, slots=True)
class Space:
    """The area for words and the size of plain text in it, in pixels."""

    width: int
    height: int
    size: int

    @property
    def small(self) -> int:
        return max(_SMALLEST_TEXT, round(self.size * 0.8))


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size and shade, a name to their left, and space above; all in pixels."""

    lines: list[str]
    size: int
    shade: int = INK
    name: str = ""
    indent: int = 0
    above: int = 0

    @property
    def height(self) -> int:
        return self.above + len(self.lines) * round(self.size * _LINE)


def draw_card(plane: Image.Image, picture: Picture, height: int, *, marked: bool) -> None:
    """Draw the card into the upper `height` pixels of a plane; nothing where no word fits."""
    width = plane.width
    short = min(width, height)
    size = max(_SMALLEST_TEXT, round(min((width * height) ** 0.5 / 36, short / 17)))
    margin, pad, bar = short // 28, round(size * 1.1), size // 3
    outer = min(width - 2 * margin, size * 40)
    space = Space(outer - bar - 2 * pad, height - 2 * margin - 2 * pad, size)
    blocks = _lay_out(picture, space, marked=marked)
    if not blocks:
        return
    tall = sum(block.height for block in blocks) + 2 * pad
    left, top = (width - outer) // 2, (height - tall) // 2
    draw = ImageDraw.Draw(plane)
    draw.rectangle((left, top, left + outer - 1, top + tall - 1), fill=PAPER)
    draw.rectangle((left, top, left + bar - 1, top + tall - 1), fill=ACCENT)
    _draw_blocks(draw, blocks, left + bar + pad, top + pad)


def _draw_blocks(draw: ImageDraw.ImageDraw, blocks: list[Block], x: int, y: int) -> None:
    for block in blocks:
        y += block.above
        draw_line(draw, (x, y), block.name, block.size, MUTED)
        for line in block.lines:
            draw_line(draw, (x + block.indent, y), line, block.size, block.shade)
            y += round(block.size * _LINE)


def _lay_out(picture: Picture, space: Space, *, marked: bool) -> list[Block]:
    """Set the words from top to bottom; what finds no room is left out, the task id last."""
    rows = _set_rows(picture, space, marked=marked)
    head = _set_head(picture, space)
    foot = [next(rows)]
    room = space.height - foot[0].height
    if space.width < 4 * space.size or room < 0:
        return []
    if (needed := sum(block.height for block in head)) <= room:
        room -= needed
    else:
        head = []
    half = room // 2
    for row in rows:
        if row.height <= half:
            foot.append(row)
            half -= row.height
            room -= row.height
    return [*head, *_set_prompt(picture.prompt, space, room), *foot]


def _set_head(picture: Picture, space: Space) -> list[Block]:
    """Provider and model."""
    model_size = round(space.size * 1.3)
    provider, _ = _set_text(prepare_text(picture.provider), space.small, space.width, most=1)
    model, _ = _set_text(prepare_text(picture.model or ""), model_size, space.width, most=2)
    return [Block(provider, space.small, MUTED), Block(model, model_size)]


def _set_prompt(prompt: str, space: Space, room: int) -> list[Block]:
    """Set the prompt as large as it fits into the room, at the smallest size cut to it."""
    above = round(space.size * 0.7)
    ready = prepare_text(prompt)
    block = Block([], space.small)
    for factor in _PROMPT_SIZES:
        size = max(_SMALLEST_TEXT, round(space.size * factor))
        most = (room - above) // round(size * _LINE)
        lines, whole = _set_text(ready, size, space.width, most=most)
        block = Block(lines, size, above=above)
        if whole or size == _SMALLEST_TEXT:
            break
    return [block] if block.lines else []


def _set_rows(picture: Picture, space: Space, *, marked: bool) -> Iterator[Block]:
    """Set the named rows below the prompt, the most important first."""
    size = space.small
    indent = round(size * 4.4)
    above = round(space.size * 0.8)
    for name, text in _list_rows(picture, marked=marked):
        most = 3 if name == "task" else 2
        lines, _ = _set_text(prepare_text(text), size, space.width - indent, most=most)
        yield Block(lines or [""], size, name=name, indent=indent, above=above)
        above = 0


def _list_rows(picture: Picture, *, marked: bool) -> Iterator[tuple[str, str]]:
    size = f"{picture.width} x {picture.height} {picture.format}"
    yield "task", picture.task_id
    yield "result", f"{picture.number} of {picture.of}, {size}"
    if missing := count_missing(picture.prompt):
        count = f"{missing} of {len(picture.prompt)} characters"
        yield "prompt", f"{count} are not in this font; the metadata has them all"
    yield "request", picture.digest
    for number, address in enumerate(picture.inputs[:_MOST_INPUTS], 1):
        yield f"input {number}", address
    if (more := len(picture.inputs) - _MOST_INPUTS) > 0:
        yield "inputs", f"and {more} more"
    if not marked:
        yield "pixels", "too small for a mark"


def _set_text(ready: str, size: int, width: int, *, most: int) -> tuple[list[str], bool]:
    """Break a prepared text into at most so many lines, and tell if that is all of it."""
    lines = list(islice(wrap(ready, size, width), max(0, most) + 1))
    if len(lines) <= most:
        return lines, True
    lines = lines[: max(0, most)]
    return [*lines[:-1], *(cut_line(line, size, width) for line in lines[-1:])], False
