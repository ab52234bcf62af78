"""Rules for the states of a task: every word has its use, every path its end."""

from collections.abc import Iterator

from mockserver.contract.document import walk
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.subject import Subject
from mockserver.contract.model import Lifecycle, Scalar
from mockserver.contract.shape import Shape


def check_states_are_the_words_of_replies(subject: Subject) -> Iterator[Complaint]:
    """The states of the lifecycle are the words that fields with the fact task.state can hold."""
    fields = [field for shape in subject.shapes for field in _list_state_fields(shape)]
    states = list(subject.contract.lifecycle.by_name)
    for where, words in fields:
        for word in words:
            if word not in states:
                yield Complaint(where, f"says {word!r}, which is no state of the lifecycle")
    if not fields or any(not words for _, words in fields):
        return
    said = [word for _, words in fields for word in words]
    for index, name in enumerate(states):
        if name not in said:
            where = subject.place_word(f"/lifecycle/{index}")
            yield Complaint(where, f"no field with the fact task.state can say {name!r}")


def _list_state_fields(shape: Shape) -> Iterator[tuple[str, list[object]]]:
    """Place and words of each field that carries the state; no words if it takes any."""
    for pointer, node in walk(dict(shape.schema)):
        if node.get("x-fact") == "task.state":
            words = [node["const"]] if "const" in node else list(node.get("enum", ()))
            yield shape.where + pointer, words


def check_every_state_has_its_place(subject: Subject) -> Iterator[Complaint]:
    """Each state, each outcome thereby, can be reached from the entry, or leads to it."""
    lifecycle = subject.contract.lifecycle
    after_entry = _find_reachable(lifecycle, lifecycle.entry)
    for index, state in enumerate(lifecycle.states):
        if state.name not in after_entry and lifecycle.entry not in _find_reachable(
            lifecycle, state.name
        ):
            where = subject.place_word(f"/lifecycle/{index}")
            yield Complaint(where, f"no task comes to {state.name!r}", "name it in a state's next")


def check_every_path_ends(subject: Subject) -> Iterator[Complaint]:
    """From each open state a task can come to a final one."""
    lifecycle = subject.contract.lifecycle
    for index, state in enumerate(lifecycle.states):
        reached = _find_reachable(lifecycle, state.name)
        if not any(lifecycle.by_name[name].phase.is_final for name in reached):
            where = subject.place_word(f"/lifecycle/{index}/next")
            yield Complaint(where, f"a task in {state.name!r} never ends")


def _find_reachable(lifecycle: Lifecycle, start: Scalar) -> set[Scalar]:
    reached: set[Scalar] = set()
    open_names = [start]
    while open_names:
        name = open_names.pop()
        if name not in reached:
            reached.add(name)
            open_names += lifecycle.by_name[name].next
    return reached


def check_tasks_walk_through_open_states(subject: Subject) -> Iterator[Complaint]:
    """What `through` of x-yields names are open states of the lifecycle."""
    known = subject.contract.lifecycle.by_name
    for body in subject.bodies:
        yields = body.variant.schema.get("x-yields", {})
        for index, name in enumerate(yields.get("through", ())):
            if name not in known or known[name].phase.is_final:
                where = f"{body.where}/x-yields/through/{index}"
                yield Complaint(where, f"{name!r} is no open state of the lifecycle")
