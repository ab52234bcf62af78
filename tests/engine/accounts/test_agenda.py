"""An account's agenda against the plainest one that there can be: a sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.accounts.agenda import CALLBACK, END, Agenda, DueKind

MOMENTS = st.integers(0, 3) | st.integers(998, 1_002) | st.integers(4_000, 4_001)
PLANS = st.tuples(st.just("plan"), MOMENTS, st.sampled_from([END, CALLBACK]))
TAKES = st.tuples(st.just("take"), MOMENTS, st.just(END))


@given(st.lists(PLANS | TAKES, max_size=40))
def test_the_earliest_is_taken_first_and_of_equals_the_first_planned(
    steps: list[tuple[str, int, DueKind]],
) -> None:
    """Whatever is planned between, what is taken is the earliest of all that is left."""
    agenda, left = Agenda(), []
    for number, (step, at, kind) in enumerate(steps):
        if step == "plan":
            agenda.plan(at, kind, "hazel", "task", number)
            left.append((at, number, kind))
            left.sort()
        else:
            due = agenda.take(at)
            wanted = left.pop(0) if left and left[0][0] <= at else None
            assert wanted == (due and (due.at, due.detail, due.kind))
        assert len(agenda) == len(left)
        assert agenda.next_at == (left[0][0] if left else None)
        assert agenda.callbacks == sum(kind != END for *_, kind in left)
