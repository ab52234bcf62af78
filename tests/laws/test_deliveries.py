"""Whatever callbacks arrive, only what is signed and fresh is news, once, and none is believed."""

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.deliveries import POSTS, Post, judge_deliveries, judge_unsigned


@given(st.lists(POSTS, max_size=12), st.booleans())
def test_only_what_is_signed_and_fresh_is_news_and_once(posts: list[Post], is_async: bool) -> None:
    """Forged, old and repeated callbacks change nothing; a changed one is not believed."""
    judge_deliveries(posts, is_async)


@given(st.lists(POSTS, max_size=12), st.booleans())
def test_without_a_secret_nothing_is_believed(posts: list[Post], is_async: bool) -> None:
    """An unsigned callback is no more than a reason to poll."""
    judge_unsigned(posts, is_async)
