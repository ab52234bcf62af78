"""Counts for people."""


def say_count(number: int, thing: str) -> str:
    """A number of things: "1 task", "2,000 tasks"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
