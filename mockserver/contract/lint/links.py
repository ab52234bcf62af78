"""Rules for expressions: each link and each callback finds what it points at."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mockserver.contract.document import escape, walk
from mockserver.contract.expression import parse_source
from mockserver.contract.leaf import Schema
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.subject import Subject
from mockserver.contract.model import Operation, Role
from mockserver.contract.moments import OK

NEEDS: Final = {
    Role.INSPECT: "task.id",
    Role.COLLECT: "task.id",
    Role.CANCEL: "task.id",
    Role.LINK: "link.source",
    Role.MODEL: "catalogue.model",
}


def check_each_submit_leads_to_an_inspect(subject: Subject) -> Iterator[Complaint]:
    """A contract has a submit, and each one has a link to an operation that inspects."""
    submits = subject.contract.find_role(Role.SUBMIT)
    if not submits:
        yield Complaint(subject.document.where("/paths"), "no operation has the x-role submit")
    inspects = {operation.id for operation in subject.contract.find_role(Role.INSPECT)}
    for submit in submits:
        if not inspects & submit.links.keys():
            where = subject.place(submit, "/responses")
            yield Complaint(where, "no link leads to an operation with the x-role inspect")


def check_links_find_their_ends(subject: Subject) -> Iterator[Complaint]:
    """A link's operation and parameters exist, none is left out, its expressions find a node."""
    for operation in subject.contract.operations.values():
        for pointer, link in _list_links(subject, operation):
            where = subject.place(operation, pointer)
            target = subject.contract.operations.get(link["operationId"])
            if target is None:
                yield Complaint(where, f"there is no operation {link['operationId']!r}")
                continue
            given: Mapping[str, Any] = link.get("parameters", {})
            yield from _check_parameters(target, given, where)
            for part in ("parameters", "requestBody"):
                for name, value in _list_told_by_link(link, part):
                    place = f"{where}/{part}/{escape(name)}"
                    yield from _check_expression(subject, operation, value, place)


def _list_told_by_link(link: Mapping[str, Any], part: str) -> Iterator[tuple[str, Any]]:
    told = link.get(part)
    yield from told.items() if isinstance(told, Mapping) else ()


def _list_links(subject: Subject, operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for status, raw in subject.find_raw(operation)["responses"].items():
        response = subject.document.resolve(raw)
        for name, link in response.get("links", {}).items():
            yield f"/responses/{status}/links/{escape(name)}", link


def _check_parameters(
    target: Operation, given: Mapping[str, Any], where: str
) -> Iterator[Complaint]:
    names = {name.rpartition(".")[2] if "." in name else name for name in given}
    known = {parameter.name for parameter in target.parameters}
    for name in names - known:
        yield Complaint(f"{where}/parameters", f"{target.id} has no parameter {name!r}")
    for parameter in target.parameters:
        if parameter.required and parameter.name not in names:
            yield Complaint(where, f"leaves out {parameter.name!r}, which {target.id} requires")


def _check_expression(
    subject: Subject, operation: Operation, text: Any, where: str
) -> Iterator[Complaint]:
    if not isinstance(text, str) or not text.startswith(("$", "{$")):
        return
    try:
        source, path = parse_source(text)
    except ValueError as error:
        yield Complaint(where, str(error))
        return
    if source.startswith("request."):
        found = _finds_in_request(subject, operation, source, path)
    else:
        shape = operation.shapes.get(OK)
        found = source != "response.body" or (shape is not None and finds(shape.schema, path))
    if not found:
        yield Complaint(where, f"{text} finds nothing in {operation.id}")


def _finds_in_request(
    subject: Subject, operation: Operation, source: str, path: tuple[str, ...]
) -> bool:
    if source != "request.body":
        place = source.partition(".")[2]
        return any((place, path) == (p.where, (p.name,)) for p in operation.parameters)
    schemas = [b.variant.schema for b in subject.bodies if b.operation is operation]
    return bool(schemas) and all(finds(schema, path) for schema in schemas)


def finds(schema: Schema, path: tuple[str, ...]) -> bool:
    """Whether a path of names leads to a node of a schema."""
    for name in path:
        children = schema.get("properties", {})
        if name not in children:
            return False
        schema = children[name]
    return True


def check_callbacks_find_their_address(subject: Subject) -> Iterator[Complaint]:
    """The expression of a callback's address finds a node in every form of the request body."""
    for operation in subject.contract.operations.values():
        for form in operation.callbacks:
            pointer = f"/callbacks/{escape(form.name)}/{escape(form.address)}"
            where = subject.place(operation, pointer)
            yield from _check_expression(subject, operation, form.address, where)


def check_operations_are_told_what_they_need(subject: Subject) -> Iterator[Complaint]:
    """Whoever looks for a task is told its id, a link its source, a callback its address."""
    for operation in subject.contract.operations.values():
        needed = [NEEDS[operation.role]] if operation.role in NEEDS else []
        needed += ["callback.url"] if operation.callbacks else []
        told = _list_told(subject, operation) if needed or operation.upload else set()
        if operation.upload and not told & {"upload.content", "upload.source"}:
            needed.append("upload.content")
        for fact in needed:
            if fact not in told:
                where = subject.place(operation)
                problem = f"no parameter and no field of its body carries {fact}"
                yield Complaint(where, problem, f"write x-fact: {fact}")


def _list_told(subject: Subject, operation: Operation) -> set[object]:
    """The facts that a call carries, whichever form its body has."""
    told: set[object] = {parameter.fact for parameter in operation.parameters}
    schemas = [body.variant.schema for body in subject.bodies if body.operation is operation]
    carried = [{node.get("x-fact") for _, node in walk(schema)} for schema in schemas]
    return told | (set.intersection(*carried) if carried else set())


def check_security_schemes_exist(subject: Subject) -> Iterator[Complaint]:
    """Each scheme that `security` names is declared under components."""
    root = subject.document.root
    declared = root.get("components", {}).get("securitySchemes", {})
    asked = {subject.document.where("/security"): root.get("security", ())}
    for operation in subject.contract.operations.values():
        own = subject.find_raw(operation).get("security", ())
        asked[subject.place(operation, "/security")] = own
    for where, schemes in asked.items():
        for name in sorted({name for scheme in schemes for name in scheme} - set(declared)):
            yield Complaint(where, f"there is no security scheme {name!r}")


def check_idempotency_keys_are_parameters(subject: Subject) -> Iterator[Complaint]:
    """The header that names a submit is a parameter of each submit."""
    words = subject.contract.idempotency
    for operation in subject.contract.find_role(Role.SUBMIT) if words else ():
        headers = {p.name.lower() for p in operation.parameters if p.where == "header"}
        if words and words.header not in headers:
            where = subject.place(operation)
            yield Complaint(where, f"has no header parameter {words.header}, the idempotency key")
