"""
Reed-Solomon code over GF(256): parity bytes that repair half as many damaged bytes.

The field is the one of QR codes (polynomial 0x11D, generator 2). A codeword is the message followed
by its parity, at most 255 bytes; read as a polynomial, highest power first, it is zero at the first
`parity` powers of 2. What it is not zero there, the syndromes, tells where and how it was damaged.
"""

from functools import lru_cache
from typing import Final

__all__ = ["add_parity", "repair"]


def _tabulate_powers() -> tuple[bytes, bytes]:
    """Powers of 2 (twice over, so that sums of two logarithms need no modulo), and logarithms."""
    powers, logs = bytearray(512), bytearray(256)
    value = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return bytes(powers), bytes(logs)


_POWERS, _LOGS = _tabulate_powers()
_ORDER: Final = 255


def _multiply(a: int, b: int) -> int:
    return _POWERS[_LOGS[a] + _LOGS[b]] if a and b else 0


def _divide(a: int, b: int) -> int:
    return _POWERS[_LOGS[a] - _LOGS[b] + _ORDER] if a else 0


def _evaluate(polynomial: bytes | list[int], exponent: int) -> int:
    """Value of a polynomial, highest power first, at 2 ** exponent."""
    value = 0
    for coefficient in polynomial:
        if value:
            value = _POWERS[_LOGS[value] + exponent]
        value ^= coefficient
    return value


@lru_cache
def _generator(parity: int) -> tuple[int, ...]:
    """Product of (x - 2 ** i) for i below `parity`, highest power first, without the leading 1."""
    product = [1]
    for exponent in range(parity):
        shifted = [0, *(_multiply(c, _POWERS[exponent]) for c in product)]
        product = [a ^ b for a, b in zip([*product, 0], shifted, strict=True)]
    return tuple(product[1:])


def add_parity(message: bytes, parity: int) -> bytes:
    """Return the message with `parity` bytes behind it, so that half as many can be repaired."""
    generator = _generator(parity)
    remainder = [0] * parity
    for byte in message:
        factor = byte ^ remainder[0]
        remainder = [*remainder[1:], 0]
        if factor:
            product = [_multiply(coefficient, factor) for coefficient in generator]
            remainder = [a ^ b for a, b in zip(remainder, product, strict=True)]
    return message + bytes(remainder)


def repair(codeword: bytes, parity: int) -> bytes | None:
    """Return the message of a codeword of which `parity // 2` bytes may be wrong, else None."""
    syndromes = [_evaluate(codeword, exponent) for exponent in range(parity)]
    if not any(syndromes):
        return codeword[:-parity]
    locator = _find_locator(syndromes)
    if len(locator) - 1 > parity // 2:
        return None
    powers = [p for p in range(len(codeword)) if not _evaluate(locator, (_ORDER - p) % _ORDER)]
    if len(powers) != len(locator) - 1:
        return None
    repaired = _subtract_errors(codeword, syndromes, locator, powers)
    if any(_evaluate(repaired, exponent) for exponent in range(parity)):
        return None
    return repaired[:-parity]


def _find_locator(syndromes: list[int]) -> list[int]:
    """Find the shortest polynomial, highest power first, whose roots tell where the errors are."""
    # Berlekamp-Massey, written with the lowest power first and turned round at the end.
    locator, previous = [1], [1]
    length, gap, last = 0, 1, 1
    for step, syndrome in enumerate(syndromes):
        discrepancy = syndrome
        for i in range(1, min(length, len(locator) - 1) + 1):
            discrepancy ^= _multiply(locator[i], syndromes[step - i])
        if discrepancy == 0:
            gap += 1
            continue
        factor = _divide(discrepancy, last)
        correction = [0] * gap + [_multiply(factor, c) for c in previous]
        size = max(len(locator), len(correction))
        padded = locator + [0] * (size - len(locator))
        correction += [0] * (size - len(correction))
        if 2 * length <= step:
            previous, last, gap = locator, discrepancy, 1
            length = step + 1 - length
        else:
            gap += 1
        locator = [a ^ b for a, b in zip(padded, correction, strict=True)]
    while len(locator) > 1 and not locator[-1]:
        locator.pop()
    return locator[::-1]


def _subtract_errors(
    codeword: bytes, syndromes: list[int], locator: list[int], powers: list[int]
) -> bytes:
    """Take the error at each of the given powers out of the codeword (Forney's formula)."""
    rising = locator[::-1]
    evaluator = [0] * len(syndromes)
    for i, syndrome in enumerate(syndromes):
        for j, coefficient in enumerate(rising[: len(syndromes) - i]):
            evaluator[i + j] ^= _multiply(syndrome, coefficient)
    # In a field where 1 + 1 = 0 only the odd powers survive the derivative.
    derivative = [c if i % 2 else 0 for i, c in enumerate(rising)][1:]
    repaired = bytearray(codeword)
    for power in powers:
        at = (_ORDER - power) % _ORDER
        # As many roots were found as there can be, so none is double and the slope is not zero.
        error = _divide(_evaluate(evaluator[::-1], at), _evaluate(derivative[::-1], at))
        repaired[-1 - power] ^= _multiply(error, _POWERS[power])
    return bytes(repaired)
