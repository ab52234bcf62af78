"""What has to hold before anything else can be judged: words, files and schemas are sound."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.lint.files import list_files, list_refs
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.subject import Subject
from mockserver.contract.openapi import check_form
from mockserver.contract.shape import Shape
from mockserver.contract.validate import Validator, find_content
from mockserver.errors import ContractError


def complain(error: ContractError) -> Complaint:
    """The complaint that an error is."""
    return Complaint(error.where, error.problem, error.hint)


def check_references_lead_somewhere(subject: Subject) -> Iterator[Complaint]:
    """Each reference leads to something inside the contract's folder, used or not."""
    for file, root in list_files(subject.document):
        for pointer, ref in list_refs(root):
            try:
                subject.document.find(ref, file)
            except ContractError as error:
                where = subject.document.where(pointer, file)
                yield Complaint(where, f"{ref} leads nowhere: {error.problem}", error.hint)


def check_models_have_the_form_of_schemas(subject: Subject) -> Iterator[Complaint]:
    """What a discriminator's mapping leads to is a JSON Schema."""
    for pointer, ref in list_refs(subject.document.root):
        if "/discriminator/mapping/" in pointer:
            node, file, place = subject.document.find(ref, subject.document.name)
            for error in check_form(node, subject.document.where(place, file), "schema"):
                yield complain(error)


def check_bodies_can_be_read(subject: Subject) -> Iterator[Complaint]:
    """Each model's file is found, and its x-price and x-yields look at fields that exist."""
    for operation in subject.contract.operations.values():
        body = operation.body
        for model in (body.models or (None,)) if body else ():
            try:
                body and body.find_variant(model)
            except ContractError as error:
                yield complain(error)


def check_schemas_can_be_used(subject: Subject) -> Iterator[Complaint]:
    """Each schema compiles; its patterns match in linear time, its facts have a known format."""
    schemas: list[tuple[str, Mapping[str, Any]]] = [
        (shape.where, shape.schema) for shape in subject.shapes
    ]
    schemas += [(body.where, body.variant.schema) for body in subject.bodies]
    schemas += [
        (f"{shape.where}, header {name}", schema)
        for shape in subject.shapes
        for name, schema in shape.headers.items()
    ]
    for operation in subject.contract.operations.values():
        for index, parameter in enumerate(operation.parameters):
            where = subject.place(operation, f"/parameters/{index}/schema")
            schemas.append((where, parameter.schema))
    broken = False
    for where, schema in schemas:
        for complaint in _check_schema(schema, where):
            broken = True
            yield complaint
    for shape in () if broken else subject.shapes:
        yield from _check_lens(shape)


def _check_schema(schema: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    try:
        Validator(schema, where).accepts(None)
    except ContractError as error:
        yield complain(error)
        return
    for path, inner in find_content(schema):
        pointer = "".join(f"/properties/{name}" for name in path)
        yield from _check_schema(inner, f"{where}{pointer}/contentSchema")


def _check_lens(shape: Shape) -> Iterator[Complaint]:
    try:
        _ = shape.lens, shape.header_lenses
    except ContractError as error:
        yield complain(error)
