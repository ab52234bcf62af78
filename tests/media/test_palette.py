"""Colours."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.media.palette import ACCENT, FAINT, INK, MUTED, PAPER, SHADES, mix_palette

turns = st.floats(0, 1)


def list_brightness(hue: float, turn: float) -> list[float]:
    """Brightness of each of the colours, from 0 to 255."""
    channels = list(mix_palette(hue, turn))
    triples = zip(channels[::3], channels[1::3], channels[2::3], strict=True)
    return [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in triples]


@given(hue=turns, turn=turns)
def test_words_are_dark_on_light(hue: float, turn: float) -> None:
    """Ink, muted and faint stand out from the paper in this order, whatever the other colours."""
    brightness = list_brightness(hue, turn)

    assert brightness[PAPER] - brightness[INK] > 200
    assert brightness[PAPER] > brightness[FAINT] > brightness[MUTED] > brightness[INK]


@given(hue=turns, turn=turns)
def test_the_edges_of_letters_are_soft(hue: float, turn: float) -> None:
    """From paper to ink every colour is as dark as the one before, or darker."""
    ramp = list_brightness(hue, turn)[PAPER:]

    assert sorted(ramp, reverse=True) == ramp


@given(hue=turns, turn=turns)
def test_the_card_stands_out_from_its_backdrop(hue: float, turn: float) -> None:
    """No colour of the backdrop or of the accent is as light as the paper."""
    brightness = list_brightness(hue, turn)

    assert len(brightness) == 256
    assert max(brightness[: SHADES + 1]) < brightness[PAPER] - 12
    assert (SHADES, ACCENT + 1) == (ACCENT, PAPER)
