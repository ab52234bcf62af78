"""The rule for examples: what a contract shows is what it allows."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.catalogue import list_models, name_model
from mockserver.contract.document import Document, escape, walk
from mockserver.contract.leaf import Schema
from mockserver.contract.lint.files import list_files
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.subject import Subject
from mockserver.contract.request_body import merge
from mockserver.contract.validate import Validator, Violation


def check_examples_keep_their_schema(subject: Subject) -> Iterator[Complaint]:
    """Each example of a body, a parameter or a field is one that its schema accepts."""
    document = subject.document
    for file, root in list_files(document):
        for pointer, node in walk(root):
            examples = list(_list_examples(document, node, file))
            if not examples:
                continue
            schema = document.resolve(node.get("schema", node), file, pointer)
            for place, value in examples:
                for found in _find_violations(document, file, schema, value):
                    where = document.where(f"{pointer}{place}{found.pointer}", file)
                    yield Complaint(where, f"breaks its schema: {found.message}")


def _list_examples(
    document: Document, node: Mapping[str, Any], file: str
) -> Iterator[tuple[str, Any]]:
    """Pointer and value of each example beside a schema, or of a field's own list."""
    examples = node.get("examples")
    if isinstance(node.get("schema"), Mapping):
        if "example" in node:
            yield "/example", node["example"]
        if isinstance(examples, Mapping):
            for name, example in document.resolve(examples, file).items():
                if "value" in example:
                    yield f"/examples/{escape(name)}/value", example["value"]
    elif isinstance(examples, list):
        for index, value in enumerate(examples):
            yield f"/examples/{index}", value


def _find_violations(
    document: Document, file: str, schema: Schema, value: Any
) -> Iterator[Violation]:
    chooser = schema.get("discriminator")
    if chooser is not None:
        name = value.get(chooser["propertyName"]) if isinstance(value, Mapping) else None
        ref = list_models(chooser).get(str(name))
        if ref is None or name is None:
            yield Violation("", "discriminator", f"there is no model {name!r}", "body", False)
            return
        found, place, pointer = document.find(ref, file)
        own = name_model(document.resolve(found, place, pointer), chooser["propertyName"], name)
        schema = merge(schema, own)
    branches = schema.get("oneOf") if len(schema) == 1 else None
    if branches and any(Validator(branch, file).accepts(value) for branch in branches):
        return
    yield from Validator(schema, file).find_violations(value)
