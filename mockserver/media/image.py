"""Paints a picture: a backdrop, a card with words, a band with the mark; writes it as an image."""

from hashlib import blake2s

from PIL import Image

from mockserver.media.band import draw_band
from mockserver.media.card import draw_card
from mockserver.media.container import write_file
from mockserver.media.label import write_label
from mockserver.media.mark import find_grid, make_mark
from mockserver.media.palette import SHADES, mix_palette
from mockserver.media.picture import Picture

__all__ = ["draw_image", "paint"]


def draw_image(picture: Picture) -> bytes:
    """
    Draw the file of a picture: equal pictures give equal bytes on one installation.

    The pixels carry the mark if the image is large enough (192 x 192 always is), the metadata
    carries the whole picture in any case.
    """
    plane, marked = paint(picture)
    return write_file(plane, picture.format, write_label(picture, marked=marked))


def paint(picture: Picture) -> tuple[Image.Image, bool]:
    """Paint a picture as palette bytes, its palette attached; and tell if it carries the mark."""
    seed = blake2s(f"{picture.digest} {picture.number}".encode()).digest()
    plane = _paint_backdrop(picture.width, picture.height, seed)
    codeword = make_mark(picture).encode()
    grid = find_grid(picture.width, picture.height, len(codeword))
    height = picture.height - (round(grid.height(picture.width)) if grid else 0)
    draw_card(plane, picture, height, marked=grid is not None)
    if grid:
        draw_band(plane, grid, codeword)
    plane.putpalette(mix_palette(seed[0] / 256, seed[1] / 256))
    return plane, grid is not None


def _paint_backdrop(width: int, height: int, seed: bytes) -> Image.Image:
    """Paint large soft shapes: sixteen dots, enlarged."""
    dots = Image.frombytes("L", (4, 4), seed[16:])
    soft = dots.resize((width, height), Image.Resampling.BICUBIC)
    return soft.point([level * SHADES // 256 for level in range(256)])
