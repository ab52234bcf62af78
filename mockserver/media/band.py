"""The band: draws the cells of a mark along the bottom of an image, and reads them again."""

from functools import cache

from PIL import Image

from mockserver.media.mark import Grid, Mark, list_grids
from mockserver.media.palette import INK, PAPER

__all__ = ["draw_band", "read_band"]


def draw_band(plane: Image.Image, grid: Grid, codeword: bytes) -> None:
    """Draw a codeword into a plane of palette bytes."""
    rows = grid.to_rows(codeword)[::-1]
    cells = bytes(INK if cell else PAPER for row in rows for cell in row)
    height = round(grid.height(plane.width))
    band = Image.frombytes("L", (grid.columns, grid.rows), cells)
    band = band.resize((plane.width, height), Image.Resampling.NEAREST)
    plane.paste(band, (0, plane.height - height))


def read_band(image: Image.Image) -> Mark | None:
    """Find the mark in an image of any mode, at whatever scale; None if there is none."""
    gray = image.convert("L")

    @cache
    def sample(columns: int, rows: int) -> list[list[int]]:
        return _sample_cells(gray, columns, rows)

    for grid in list_grids(*gray.size):
        mark = Mark.decode(grid.to_codeword(_judge_cells(sample(grid.columns, grid.rows))))
        if mark is not None:
            return mark
    return None


def _sample_cells(gray: Image.Image, columns: int, rows: int) -> list[list[int]]:
    """Brightness at the centre of each cell, the lowest row first."""
    # A cell may be little more than a pixel wide. Three bicubic samples across it, of which the
    # middle one is taken, undo most of the blur that its neighbours left in it.
    height = rows * gray.width / columns
    area = (0, max(0, gray.height - height), gray.width, gray.height)
    size = (columns * 3, rows * 3)
    sampled = gray.resize(size, Image.Resampling.BICUBIC, area).tobytes()
    starts = range(columns * 3 + 1, len(sampled), columns * 9)
    return [list(sampled[start : start + columns * 3 : 3]) for start in starts][::-1]


def _judge_cells(rows: list[list[int]]) -> list[list[bool]]:
    """Tell dark cells (True) from light ones, whatever was done to the brightness of the image."""
    values = sorted(value for row in rows for value in row)
    half = len(values) // 2
    middle = (sum(values[:half]) / half + sum(values[half:]) / (len(values) - half)) / 2
    return [[value < middle for value in row] for row in rows]
