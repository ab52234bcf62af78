"""Whatever callbacks arrive, only what is signed and fresh is believed, and only once."""

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.deliveries import POSTS, Post, judge_deliveries, judge_unsigned


@given(st.lists(POSTS, max_size=12))
def test_only_what_is_signed_and_fresh_is_believed_and_once(posts: list[Post]) -> None:
    """Forged, old and repeated callbacks change nothing; the first end of a task stays."""
    judge_deliveries(posts)


@given(st.lists(POSTS, max_size=12))
def test_without_a_secret_nothing_is_believed(posts: list[Post]) -> None:
    """An unsigned callback is no more than a reason to poll."""
    judge_unsigned(posts)
