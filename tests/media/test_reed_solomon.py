"""Repair of damaged bytes."""

from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.media.reed_solomon import add_parity, repair

messages = st.binary(min_size=1, max_size=90)
parities = st.integers(2, 34)


def count_differences(one: bytes, other: bytes) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


@given(data=st.data(), message=messages, parity=parities)
def test_half_as_many_errors_as_parity_bytes_are_repaired(
    data: st.DataObject, message: bytes, parity: int
) -> None:
    """Any damage to at most half as many bytes as there are parity bytes is undone."""
    damaged = bytearray(add_parity(message, parity))
    errors = data.draw(
        st.dictionaries(st.integers(0, len(damaged) - 1), st.integers(1, 255), max_size=parity // 2)
    )
    for place, error in errors.items():
        damaged[place] ^= error

    assert message == repair(bytes(damaged), parity)


@example(noise=b",\xfeS\xaf\xdf", parity=4)  # its errors seem to have places, but cannot be undone
@given(noise=st.binary(min_size=40, max_size=120), parity=parities)
def test_a_repair_never_changes_more_than_it_may(noise: bytes, parity: int) -> None:
    """Noise is given up, or it was within reach of a true codeword; nothing else is made of it."""
    message = repair(noise, parity)

    assert message is None or count_differences(noise, add_parity(message, parity)) <= parity // 2


@given(message=messages, parity=parities)
def test_the_message_stands_first(message: bytes, parity: int) -> None:
    """A codeword is the message, unchanged, and as many bytes more as were asked for."""
    codeword = add_parity(message, parity)

    assert (message, parity) == (codeword[: len(message)], len(codeword) - len(message))
