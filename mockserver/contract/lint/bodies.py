"""Rules for request bodies: their models, prices, sizes and examples."""

from collections.abc import Iterator, Mapping

from mockserver.contract.body import find_node
from mockserver.contract.catalogue import INDEX
from mockserver.contract.document import escape, walk
from mockserver.contract.leaf import Schema
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.subject import Subject
from mockserver.contract.load import DOCUMENTED
from mockserver.contract.model import Role
from mockserver.contract.price import PriceRow
from mockserver.contract.validate import Validator


def check_models_are_the_branches(subject: Subject) -> Iterator[Complaint]:
    """A discriminator's mapping and the oneOf beside it name the same schemas."""
    for pointer, node in walk(subject.document.root):
        if "discriminator" not in node:
            continue
        mapped = set(node["discriminator"].get("mapping", {}).values())
        branches = {branch.get("$ref") for branch in node.get("oneOf", ())}
        for ref in sorted(mapped - branches):
            where = subject.document.where(f"{pointer}/oneOf")
            yield Complaint(where, f"lacks {ref}, which the mapping names")
        for ref in sorted(map(str, branches - mapped)):
            where = subject.document.where(f"{pointer}/discriminator/mapping")
            yield Complaint(where, f"lacks {ref}, which is a branch of oneOf")


def check_catalogues_are_whole(subject: Subject) -> Iterator[Complaint]:
    """Each model that stands in a file of `x-models` is listed there, and none is listed twice."""
    for pointer, node in walk(subject.document.root):
        index = node["discriminator"].get(INDEX, {}) if "discriminator" in node else {}
        where = subject.document.where(f"{pointer}/discriminator/{INDEX}")
        listed = [name for names in index.values() for name in names]
        for name in sorted({name for name in listed if listed.count(name) > 1}):
            yield Complaint(where, f"names {name!r} twice")
        for file in index if subject.contract.edition == DOCUMENTED else ():
            models, _, _ = subject.document.find(f"{file}#/models", subject.document.name)
            for name in sorted(set(models) - set(listed)):
                yield Complaint(where, f"lacks {name!r}, which stands in {file}")


def check_models_accept_their_names(subject: Subject) -> Iterator[Complaint]:
    """The schema of a model accepts the name under which the mapping lists it."""
    for body in subject.bodies:
        chooser = body.operation.body.discriminator if body.operation.body else None
        if chooser is None:
            continue
        node = find_node(body.variant.schema, chooser)
        if node is not None and not Validator(node, body.where).accepts(body.variant.model):
            where = f"{body.where}/properties/{escape(chooser)}"
            yield Complaint(where, f"refuses {body.variant.model!r}, its name in the mapping")


def check_each_submit_says_what_it_makes(subject: Subject) -> Iterator[Complaint]:
    """Each submit has a body, and each form of it has x-price and x-yields."""
    for operation in subject.contract.find_role(Role.SUBMIT):
        if operation.body is None:
            yield Complaint(subject.place(operation), "has no requestBody")
    for body in subject.bodies:
        for word in ("x-price", "x-yields"):
            if body.operation.role is Role.SUBMIT and word not in body.variant.schema:
                yield Complaint(body.where, f"has no {word}")


def check_defaults_are_allowed(subject: Subject) -> Iterator[Complaint]:
    """A field's default is a value that it accepts."""
    for body in subject.bodies:
        for name, value in body.variant.defaults.items():
            node = find_node(body.variant.input_schema, name)
            if node is not None and not Validator(node, body.where).accepts(value):
                yield Complaint(body.where, f"the default {value!r} of {name} is not allowed")


def check_price_rows_can_count(subject: Subject) -> Iterator[Complaint]:
    """Each value that a row of x-price waits for is one that its field accepts."""
    for body in subject.bodies:
        rows = body.variant.price.rows if body.variant.price else ()
        for index, row in enumerate(rows):
            for name, value in _list_wanted(row):
                node = find_node(body.variant.input_schema, name)
                if node is not None and not Validator(node, body.where).accepts(value):
                    where = f"{body.where}/x-price/rows/{index}/when/{escape(name)}"
                    yield Complaint(where, f"the field {name} can never be {value!r}")


def _list_wanted(row: PriceRow) -> Iterator[tuple[str, object]]:
    """Each value that a row waits for, with its field; what a schema allows is left aside."""
    for name, wanted in row.when.items():
        if not isinstance(wanted, Mapping):
            yield from (
                (name, value) for value in (wanted if isinstance(wanted, list) else [wanted])
            )


def check_prices_are_multiplied_by_a_field(subject: Subject) -> Iterator[Complaint]:
    """What `times` of x-price points at is a field of the input."""
    for body in subject.bodies:
        times = body.variant.price.times if body.variant.price else None
        if times is not None and find_node(body.variant.input_schema, times) is None:
            yield Complaint(f"{body.where}/x-price/times", f"the input has no field {times!r}")


def check_sizes_are_known(subject: Subject) -> Iterator[Complaint]:
    """A table of sizes has a row for each grade, and in it a size for each ratio it can have."""
    for body in subject.bodies:
        size = body.variant.yields.size if body.variant.yields else None
        if size is None or size.table is None:
            continue
        where = f"{body.where}/x-yields/size/table"
        fields = body.variant.input_schema
        for grade in _list_values(fields, size.grade):
            if not {grade, "*"} & size.table.keys():
                yield Complaint(where, f"has no row for the grade {grade!r}")
        for grade, row in size.table.items():
            for ratio in _list_values(fields, size.ratio):
                asked = {size.grade: grade, size.ratio: ratio}
                if not {ratio, "*"} & row.keys() and _accepts_part(fields, asked):
                    yield Complaint(f"{where}/{escape(grade)}", f"has no size for {ratio!r}")


def _list_values(schema: Schema, name: str | None) -> list[str]:
    """Every text that a field names: those of its enum, or its examples."""
    node = find_node(schema, name) if name else None
    values = [] if node is None else node.get("enum", node.get("examples", ()))
    return [value for value in values if isinstance(value, str)]


def _accepts_part(schema: Schema, part: Mapping[str | None, object]) -> bool:
    """Whether an input may have these fields together; what else it needs is left aside."""
    alone = {word: value for word, value in schema.items() if word != "required"}
    return Validator(alone, "the input").accepts({k: v for k, v in part.items() if k})
