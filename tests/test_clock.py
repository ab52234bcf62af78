import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock, SystemClock, format_span, parse_range, parse_span

SPANS = st.integers(0, 10**12 - 1)


@given(SPANS)
def test_a_span_is_read_as_it_was_written(span: int) -> None:
    """Parsing what was formatted gives the same number of milliseconds."""
    assert parse_span(format_span(span)) == span


@given(SPANS, SPANS)
def test_a_range_is_read_as_it_was_written(one: int, other: int) -> None:
    """A range holds its shorter span first."""
    low, high = sorted((one, other))

    assert parse_range(f"{format_span(low)}..{format_span(high)}") == (low, high)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("250ms", 250),
        ("30s", 30_000),
        ("1.5s", 1_500),
        ("2m", 120_000),
        ("1h", 3_600_000),
        ("14d", 1_209_600_000),
        ("0s", 0),
        ("0.001s", 1),
    ],
)
def test_each_unit_means_what_it_says(text: str, span: int) -> None:
    """Spans are read in milliseconds."""
    assert span == parse_span(text)


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1 s", "1.s", "1w", "٣s", "1e3s", 31, None])
def test_what_is_no_span_is_refused_with_an_example(text: object) -> None:
    """The error names the text and shows a span that would do."""
    with pytest.raises(ValueError, match=r"is no span of time; write .*'30s'"):
        parse_span(text)


def test_a_span_finer_than_a_millisecond_is_refused() -> None:
    """Nothing is rounded silently."""
    with pytest.raises(ValueError, match="finer than a millisecond"):
        parse_span("1.5ms")


def test_one_span_is_a_range_of_itself() -> None:
    """A range may be a single span."""
    assert parse_range("10s") == (10_000, 10_000)


@pytest.mark.parametrize("text", ["2s..1s", "1s..", "..1s", "1s..2s..3s", 5])
def test_what_is_no_range_is_refused(text: object) -> None:
    """A range that ends before it begins, or lacks an end, is an error."""
    with pytest.raises(ValueError, match=r"ends before it begins|is no span of time"):
        parse_range(text)


def test_a_span_is_written_in_its_largest_whole_unit() -> None:
    """Formatting is exact and short."""
    assert [format_span(span) for span in (90_000, 120_000, 86_400_000, 0, 1)] == [
        "90s",
        "2m",
        "1d",
        "0s",
        "1ms",
    ]


def test_a_manual_clock_moves_only_when_told() -> None:
    """It stands still, moves by what it is told, and never back."""
    clock = ManualClock(start=1_000)
    before = clock.now()
    clock.advance(500)

    assert (before, clock.now()) == (1_000, 1_500)
    with pytest.raises(ValueError, match="give 0 or more"):
        clock.advance(-1)


def test_the_system_clock_counts_milliseconds() -> None:
    """It shows a moment between 2020 and 2200 in milliseconds."""
    assert 1_577_836_800_000 < SystemClock().now() < 7_258_118_400_000
