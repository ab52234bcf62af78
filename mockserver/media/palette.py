"""
The palette: a result image is drawn as one byte per pixel, and a byte means one of these colours.

Drawing in bytes is fast, and so is compressing them. The order matters: text is drawn with soft
edges, which are bytes between PAPER and INK, so the colours between them must lie between as well.
"""

from colorsys import hls_to_rgb
from typing import Final

__all__ = ["ACCENT", "FAINT", "INK", "MUTED", "PAPER", "SHADES", "mix_palette"]

SHADES: Final = 127  # the backdrop uses the bytes below
ACCENT: Final = 127
PAPER: Final = 128
FAINT: Final = 168
MUTED: Final = 206
INK: Final = 255

_PAPER_COLOUR: Final = (251, 250, 247)
_INK_COLOUR: Final = (22, 24, 31)

Colour = tuple[int, int, int]


def mix_palette(hue: float, turn: float) -> bytes:
    """
    Return 256 colours of three bytes each.

    `hue` (0 to 1) is the main colour; `turn` (0 to 1) says how far the others lie from it.
    """
    spread = (turn - 0.5) * 0.5
    deep = _pick_colour(hue, 0.27, 0.42)
    middle = _pick_colour(hue + spread, 0.52, 0.38)
    light = _pick_colour(hue + 1.6 * spread, 0.80, 0.52)
    half = SHADES // 2
    shades = _blend(deep, middle, half) + _blend(middle, light, SHADES - half)
    accent = _pick_colour(hue, 0.42, 0.55)
    colours = [*shades, accent, *_blend(_PAPER_COLOUR, _INK_COLOUR, 256 - PAPER)]
    return bytes(channel for colour in colours for channel in colour)


def _pick_colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _blend(start: Colour, end: Colour, steps: int) -> list[Colour]:
    """Colours from start to end, both included."""
    return [
        (
            start[0] + (end[0] - start[0]) * step // (steps - 1),
            start[1] + (end[1] - start[1]) * step // (steps - 1),
            start[2] + (end[2] - start[2]) * step // (steps - 1),
        )
        for step in range(steps)
    ]
