"""Rules for what is sent: shapes can be filled, keep their schemas, and can be told apart."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any, Final

from mockserver.contract.document import escape, walk
from mockserver.contract.expression import list_names
from mockserver.contract.facts import FACTS, Facts, Kind
from mockserver.contract.leaf import MISSING
from mockserver.contract.lens import compile_lens
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.samples import Sample
from mockserver.contract.lint.subject import Subject
from mockserver.contract.shape import Shape
from mockserver.hint import suggest

EXACT: Final = (Kind.TEXT, Kind.TEXTS, Kind.WORD, Kind.JSON)  # kinds that every encoding keeps


def check_shapes_can_be_filled(subject: Subject) -> Iterator[Complaint]:
    """Each required key has a const, a default, null, or a fact that exists at its moment."""
    for sample in _list_samples(subject):
        if sample.body is MISSING:
            pointer = _find_empty(sample.shape.schema, sample.facts, "")
            where = sample.shape.where + pointer
            yield Complaint(where, f"stays empty at {sample.moment}, but is required")


def _find_empty(schema: Mapping[str, Any], facts: Facts, pointer: str) -> str:
    """The deepest required node that stays empty."""
    if "contentSchema" in schema:
        return _find_empty(schema["contentSchema"], facts, f"{pointer}/contentSchema")
    for name in schema.get("required", ()):
        child = schema.get("properties", {}).get(name)
        if child is not None and compile_lens(child, name).render(facts) is MISSING:
            return _find_empty(child, facts, f"{pointer}/properties/{escape(name)}")
    return pointer


def check_shapes_keep_their_schema(subject: Subject) -> Iterator[Complaint]:
    """What a shape renders, it accepts."""
    for sample in _list_filled(subject):
        for violation in sample.shape.find_violations(sample.body):
            where = sample.shape.where
            place = f" at {violation.pointer}" if violation.pointer else ""
            yield Complaint(where, f"breaks its own schema{place}: {violation.message}")


def check_reading_undoes_rendering(subject: Subject) -> Iterator[Complaint]:
    """What was read from a rendered body renders to the same body again."""
    for sample in _list_filled(subject):
        again = sample.shape.lens.render(sample.shape.read(sample.body))
        if again != sample.body:
            name = "" if again is MISSING else _find_difference(sample.body, again)
            yield Complaint(
                sample.shape.where,
                f"what was read from it at {sample.moment} does not render to it again" + name,
                "a field that varies needs an x-fact",
            )


def check_replies_say_what_is(subject: Subject) -> Iterator[Complaint]:
    """A fact that is read from a rendered body is the one that was rendered."""
    for sample in _list_filled(subject):
        read = sample.shape.read(sample.body)
        for fact in sorted(read.keys() & sample.facts.keys()):
            if FACTS[fact] in EXACT and not _agree(read[fact], sample.facts[fact]):
                yield Complaint(
                    sample.shape.where,
                    f"says at {sample.moment} that {fact} is {read[fact]!r}, "
                    f"when it is {sample.facts[fact]!r}",
                )


def _agree(read: object, told: object) -> bool:
    """Whether a fact is what was told; of several texts, a body may tell the first alone."""
    return read == told or (isinstance(told, list) and read == told[:1])


def _find_difference(body: object, again: object, pointer: str = "") -> str:
    if isinstance(body, Mapping) and isinstance(again, Mapping):
        for name in body:
            if body[name] != again.get(name):
                return _find_difference(body[name], again.get(name), f"{pointer}/{escape(name)}")
    return f": {pointer} differs" if pointer else ""


def check_shapes_exclude_each_other(subject: Subject) -> Iterator[Complaint]:
    """No body of one moment is accepted by the shape of another."""
    for sender, samples in subject.samples:
        shapes = {shape.where: shape for shape in sender.shapes.values()}
        for here, there in permutations(shapes.values(), 2):
            if _differ_by_status(here, there):
                continue
            mixed = [s.moment for s in samples if s.shape.where == here.where and _fits(s, there)]
            if mixed:
                yield Complaint(
                    there.where,
                    f"accepts what is sent at {mixed[0]}, {here.where}",
                    "tell them apart by a const, an enum, a pattern or a not",
                )


def _differ_by_status(here: Shape, there: Shape) -> bool:
    """Whether the HTTP status tells two shapes apart even where codes stand in bodies."""
    return here.status != there.status and here.code is None and there.code is None


def _fits(sample: Sample, other: Shape) -> bool:
    return sample.body is not MISSING and other.accepts(sample.body)


def check_codes_are_statuses(subject: Subject) -> Iterator[Complaint]:
    """Where `http_status` is `code`, a shape is declared under the HTTP status of its code."""
    for shape in subject.shapes if subject.contract.http_status == "code" else ():
        if shape.code is not None and shape.code != shape.status:
            problem = f"has the code {shape.code}, but is declared under {shape.status}"
            yield Complaint(shape.where, problem)


def check_texts_name_known_facts(subject: Subject) -> Iterator[Complaint]:
    """Each expression in a default text is a fact."""
    for shape in subject.shapes:
        for pointer, node in walk({**shape.schema, "headers": dict(shape.headers)}):
            for name in list_names(str(node.get("default", ""))):
                if name not in FACTS:
                    where = f"{shape.where}{pointer}/default"
                    yield Complaint(where, f"there is no fact {name!r}", suggest(name, FACTS))


def _list_samples(subject: Subject) -> Iterator[Sample]:
    for _, samples in subject.samples:
        yield from samples


def _list_filled(subject: Subject) -> Iterator[Sample]:
    return (sample for sample in _list_samples(subject) if sample.body is not MISSING)
