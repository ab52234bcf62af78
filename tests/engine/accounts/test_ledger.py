from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.accounts.ledger import MAX_ENTRIES, Ledger

MOVES = st.lists(
    st.tuples(st.sampled_from(["charge", "refund", "add", "set"]), st.integers(-9_999, 9_999)),
    max_size=60,
)


def move(ledger: Ledger, kind: str, amount: int) -> None:
    if kind == "charge":
        ledger.charge(0, amount, "t")
    elif kind == "refund":
        ledger.refund(0, amount, "t")
    elif kind == "add":
        ledger.add(0, amount)
    else:
        ledger.set_balance(0, amount)


@given(opening=st.integers(), moves=MOVES, repeat=st.integers(1, 60))
def test_the_balance_is_the_sum_of_the_entries(
    opening: int, moves: list[tuple[str, int]], repeat: int
) -> None:
    """Also when the oldest entries were folded into the opening."""
    ledger = Ledger(0, opening)
    for kind, amount in moves * repeat:
        move(ledger, kind, amount)

    assert sum(entry.amount for entry in ledger.entries) == ledger.balance
    assert len(ledger.entries) <= MAX_ENTRIES
    assert ledger.entries[0].kind == "opening"


def test_the_oldest_entries_are_folded_into_the_opening() -> None:
    """However many there were, the sum stays and the list ends."""
    ledger = Ledger(0, 7)
    for _ in range(MAX_ENTRIES + 50):
        ledger.add(0, 3)

    assert sum(entry.amount for entry in ledger.entries) == ledger.balance
    assert (len(ledger.entries), ledger.entries[0].kind) == (MAX_ENTRIES, "opening")


def test_each_movement_is_written_down() -> None:
    """An entry tells when, what, how much and for which task."""
    ledger = Ledger(1, 100)
    ledger.charge(2, 30, "t")
    ledger.refund(3, 30, "t")
    ledger.add(4, 5)
    ledger.set_balance(5, 50)

    assert [tuple(entry) for entry in ledger.entries] == [
        (1, "opening", 100, None),
        (2, "charge", -30, "t"),
        (3, "refund", 30, "t"),
        (4, "add", 5, None),
        (5, "set", -55, None),
    ]
    assert ledger.balance == 50
