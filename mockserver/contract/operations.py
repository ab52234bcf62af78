"""The operations of a contract: paths, parameters, shapes by moment, links and callbacks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from mockserver.clock import parse_span
from mockserver.contract.delivery import build_terms
from mockserver.contract.document import Document, escape
from mockserver.contract.expression import parse_source
from mockserver.contract.model import (
    CallbackForm,
    Failure,
    Operation,
    Parameter,
    Role,
    UploadTerms,
)
from mockserver.contract.moments import OK
from mockserver.contract.provider_words import build_failures
from mockserver.contract.request_body import BodyReader
from mockserver.contract.shape import Shape
from mockserver.errors import ContractError

METHODS: Final = ("get", "post", "put", "patch", "delete")
JSON: Final = "application/json"


class OperationReader:
    """Reads the operations of one contract whose references are still in place."""

    def __init__(
        self, document: Document, bodies: BodyReader, failures: Mapping[str, Failure]
    ) -> None:
        self._document = document
        self._bodies = bodies
        self._failures = failures  # of an operation that names none of its own

    def read_all(self) -> dict[str, Operation]:
        """Every operation that has a role, by its id."""
        found: dict[str, Operation] = {}
        for path, item in self._document.root.get("paths", {}).items():
            for method in METHODS:
                if method not in item:
                    continue
                pointer = f"/paths/{escape(path)}/{method}"
                operation = self._read(path, method, item, pointer)
                if operation.id in found:
                    raise ContractError(
                        self._document.where(pointer), f"operationId {operation.id!r} is taken"
                    )
                found[operation.id] = operation
        return found

    def _read(self, path: str, method: str, item: dict[str, Any], pointer: str) -> Operation:
        where, node = self._document.where(pointer), item[method]
        for word in ("operationId", "x-role", "responses"):
            if word not in node:
                raise ContractError(where, f"has no {word}")
        root = self._document.root
        body = node.get("requestBody")
        return Operation(
            id=node["operationId"],
            role=Role(node["x-role"]),
            method=method.upper(),
            path=path,
            parameters=self._read_parameters((node, item), pointer),
            body=None
            if body is None
            else self._bodies.read(
                self._document.resolve(body, pointer=f"{pointer}/requestBody"),
                f"{where}/requestBody",
            ),
            shapes=self._read_responses(node["responses"], f"{pointer}/responses"),
            links=self._read_links(node["responses"]),
            callbacks=tuple(self._read_callbacks(node, pointer)),
            keyed=bool(node.get("security", root.get("security", []))),
            summary=node.get("summary", ""),
            upload=_read_upload(node.get("x-upload")),
            servers=tuple(s["url"] for s in node.get("servers", item.get("servers", ()))),
            failures=build_failures(node["x-failures"]) if "x-failures" in node else self._failures,
        )

    def _read_parameters(
        self, nodes: Iterable[dict[str, Any]], pointer: str
    ) -> tuple[Parameter, ...]:
        """The parameters of an operation, and those of its path that it does not replace."""
        found: dict[tuple[str, str], Parameter] = {}
        for index, raw in enumerate(raw for node in nodes for raw in node.get("parameters", ())):
            given = self._document.resolve(raw, pointer=f"{pointer}/parameters/{index}")
            schema = given.get("schema", {})
            required = bool(given.get("required", False))
            parameter = Parameter(
                given["name"], given["in"], required, schema, schema.get("x-fact")
            )
            found.setdefault((parameter.where, parameter.name), parameter)
        return tuple(found.values())

    def _read_responses(self, node: dict[str, Any], pointer: str) -> dict[str, Shape]:
        shapes: dict[str, Shape] = {}
        for status, response in node.items():
            place = f"{pointer}/{status}"
            found, name, at = self._follow(response, self._document.name, place)
            headers = self._document.resolve(found.get("headers", {}), name, f"{at}/headers")
            for media, content in found.get("content", {}).items():
                spot = f"{at}/content/{escape(media)}/schema"
                for shape in self.read_shapes(content["schema"], int(status), media, name, spot):
                    shape.headers = {n: header.get("schema", {}) for n, header in headers.items()}
                    _register(shapes, shape)
        return shapes

    def read_shapes(
        self, node: dict[str, Any], status: int, media: str, file: str, pointer: str
    ) -> Iterator[Shape]:
        """The shapes in a body schema: its branches, if it is a `oneOf`, else itself."""
        here = self._document.where(pointer, file) if "$ref" in node and len(node) > 1 else None
        node, file, pointer = self._follow(node, file, pointer)
        if "oneOf" in node and "x-when" not in node:
            for index, branch in enumerate(node["oneOf"]):
                yield from self.read_shapes(branch, status, media, file, f"{pointer}/oneOf/{index}")
            return
        when = node.get("x-when", OK)
        moments = tuple(when) if isinstance(when, list) else (when,)
        schema = self._document.resolve(node, file, pointer)
        # A reference that has more to say is a shape of its own.
        yield Shape(moments, status, media, schema, here or self._document.where(pointer, file))

    def _follow(self, node: Any, file: str, pointer: str) -> tuple[Any, str, str]:
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node, file, pointer = self._document.find(node["$ref"], file)
            node = {**node, **beside} if beside and isinstance(node, Mapping) else node
        return node, file, pointer

    def _read_links(self, responses: dict[str, Any]) -> dict[str, Mapping[str, str]]:
        return {
            link["operationId"]: link.get("parameters", {})
            for response in responses.values()
            for link in self._follow(response, self._document.name, "")[0].get("links", {}).values()
            if "operationId" in link  # one with an operationRef is for other tools
        }

    def _read_callbacks(self, node: dict[str, Any], pointer: str) -> Iterator[CallbackForm]:
        for name, callback in node.get("callbacks", {}).items():
            for address, item in callback.items():
                post = item["post"]
                place = f"{pointer}/callbacks/{escape(name)}/{escape(address)}/post/requestBody"
                if "x-delivery" not in post:
                    raise ContractError(self._document.where(place), "has no x-delivery")
                shapes: dict[str, Shape] = {}
                for media, content in post["requestBody"]["content"].items():
                    spot = f"{place}/content/{escape(media)}/schema"
                    schema, file = content["schema"], self._document.name
                    for shape in self.read_shapes(schema, 200, media, file, spot):
                        _register(shapes, shape)
                yield CallbackForm(
                    name,
                    address,
                    build_terms(post["x-delivery"]),
                    self._parse_address(address, place),
                    shapes,
                )

    def _parse_address(self, address: str, pointer: str) -> tuple[str, tuple[str, ...]]:
        try:
            return parse_source(address)
        except ValueError as error:
            raise ContractError(self._document.where(pointer), str(error)) from error


def _read_upload(words: Mapping[str, Any] | None) -> UploadTerms | None:
    if words is None:
        return None
    return UploadTerms(words["max_bytes"], parse_span(words.get("within", "30s")))


def _register(shapes: dict[str, Shape], shape: Shape) -> None:
    for moment in shape.moments:
        if moment in shapes:
            raise ContractError(
                shape.where,
                f"is a second shape for {moment}",
                f"the first is {shapes[moment].where}",
            )
        shapes[moment] = shape
