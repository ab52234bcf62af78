"""Parts: a contract's families of calls in files of their own, read as one document."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.contract.lint import lint
from mockserver.contract.load import load
from mockserver.errors import ContractError

MAIN = """
openapi: 3.1.0
info: {title: acme, version: "1"}
security: [{bearer: []}]
x-parts: [apis/see.yaml]
x-provider:
  name: acme
  title: Acme
  lifecycle:
    - {state: new, phase: running, next: [done, broken]}
    - {state: done, phase: succeeded}
    - {state: broken, phase: failed}
  gates: [key, body, input, credits]
  http_status: code
  failures: [{name: too-odd, message: Too odd}]
  ids: "a{hex:8}"
paths:
  /make:
    post:
      operationId: make
      x-role: submit
      requestBody:
        content:
          application/json:
            schema:
              type: object
              x-price: 1
              x-yields: {media: image, takes: 1s, size: {default: 8x8}}
      responses:
        "200":
          description: taken
          content: {application/json: {schema: {$ref: "#/components/schemas/Taken"}}}
          links: {see: {operationId: see, parameters: {id: $response.body#/id}}}
        "400": {$ref: "#/components/responses/No"}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Taken: {type: object, required: [id], properties: {id: {type: string, x-fact: task.id}}}
    No:
      x-when: [invalid_request, unauthorized, not_found, insufficient_credits]
      type: object
      required: [no]
      properties: {no: {const: true}}
"""
SEE = """
paths:
  /see/{id}:
    get:
      operationId: see
      x-role: inspect
      parameters: [{name: id, in: path, required: true, schema: {type: string, x-fact: task.id}}]
      responses:
        "200":
          description: as it stands
          content: {application/json: {schema: {$ref: "#/components/schemas/Seen"}}}
        "404": {$ref: "#/components/responses/No"}
components:
  responses:
    No:
      description: no
      content: {application/json: {schema: {$ref: "#/components/schemas/No"}}}
  schemas:
    Seen:
      x-when: [running, succeeded, failed]
      type: object
      required: [state]
      properties: {state: {enum: [new, done, broken], x-fact: task.state}}
"""
OVERLAY = """
overlay: 1.0.0
actions:
  - target: $.paths['/see/{id}'].get
    description: seen so
    update: {summary: Look closely.}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the contract of acme, what is said of it changed, and gives its folder."""

    def write(*, names: object = ("apis/see.yaml",), see: str = SEE) -> Path:
        folder = tmp_path / "acme"
        (folder / "apis").mkdir(parents=True)
        main = MAIN.replace("[apis/see.yaml]", json.dumps(names))
        (folder / "contract.yaml").write_text(main)
        (folder / "apis" / "see.yaml").write_text(see)
        (folder / "seen.yaml").write_text(OVERLAY)
        return folder

    return write


def test_calls_of_a_part_are_calls_of_the_contract(write: Write) -> None:
    """Paths and components stand beside those of the main file, and refer to each other."""
    contract = load(write())

    assert list(contract.operations) == ["make", "see"]
    assert contract.operations["see"].shapes["not_found"].status == 404
    assert lint(contract.document.folder) == []


def test_an_overlay_changes_a_part_too(write: Write) -> None:
    """An edition's targets find what stands in a part."""
    folder = write()

    assert load(folder, "documented").operations["see"].summary == ""
    assert load(folder, "seen").operations["see"].summary == "Look closely."


def test_a_bundle_has_its_parts_inside(write: Write) -> None:
    """One document, which names no other file."""
    document = load(write()).bundle()

    assert list(document["paths"]) == ["/make", "/see/{id}"]
    assert "x-parts" not in document
    assert "see.yaml" not in str(document)


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("x-role: inspect", "x-role: look", "paths/~1see~1{id}/get/x-role", "one of"),
        ("[new, done, broken]", "[new, done]", "components/schemas/Seen", "breaks its own"),
        ("get:", "fetch:", "paths/~1see~1{id}", "fetch"),
    ],
)
def test_a_complaint_names_the_file_of_the_part(
    write: Write, old: str, new: str, place: str, problem: str
) -> None:
    """Whatever is wrong in a part is told with its own file, and the pointer in it."""
    findings = lint(write(see=SEE.replace(old, new)))

    assert any(f.where.startswith(f"acme/apis/see.yaml#/{place}") for f in findings), findings
    assert any(problem in f.problem for f in findings), findings


@pytest.mark.parametrize(
    ("names", "see", "where", "problem"),
    [
        (["apis/no.yaml"], SEE, "acme/contract.yaml#", "no file"),
        (["../see.yaml"], SEE, "acme/contract.yaml#", "outside its folder"),
        (["http://127.0.0.1:9/see.yaml"], SEE, "acme/contract.yaml#", "never fetched"),
        ("apis/see.yaml", SEE, "acme/contract.yaml#/x-parts", "no list of files"),
        ([7], SEE, "acme/contract.yaml#/x-parts", "no list of files"),
        (["apis/see.yaml"], "info: {}", "acme/apis/see.yaml#/info", "stands in a part"),
        (["apis/see.yaml"], "paths: [1]", "acme/apis/see.yaml#/paths", "no mapping"),
        (
            ["apis/see.yaml"],
            "components: {schemas: 1}",
            "acme/apis/see.yaml#/components/schemas",
            "",
        ),
        (["apis/see.yaml"], "paths: {/make: {}}", "acme/apis/see.yaml#/paths/~1make", "elsewhere"),
        (["apis/see.yaml", "apis/see.yaml"], SEE, "acme/apis/see.yaml#/paths", "elsewhere"),
    ],
)
def test_what_can_be_no_part_is_refused(
    write: Write, names: object, see: str, where: str, problem: str
) -> None:
    """A file that is not there or not ours, another key, and what stands somewhere already."""
    with pytest.raises(ContractError) as caught:
        load(write(names=names, see=see))

    assert caught.value.where.startswith(where)
    assert problem in caught.value.problem + caught.value.hint


@pytest.mark.parametrize("group", ["paths", "components"])
def test_a_main_file_that_has_no_room_for_a_part_is_refused(write: Write, group: str) -> None:
    """Where its paths or components are no mapping, that is said."""
    folder = write()
    main = folder / "contract.yaml"
    main.write_text(f"x-parts: [apis/see.yaml]\n{group}: 7\n")

    with pytest.raises(ContractError, match=f"acme/contract.yaml#/{group}: is no mapping"):
        load(folder)
