from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.contract.load import load
from mockserver.contract.model import Contract, Role
from mockserver.contract.moments import Phase
from mockserver.errors import ContractError

ACME = """
openapi: 3.1.0
info: {title: acme, version: "1"}
servers: [{url: https://api.acme.example}]
security: [{bearer: []}]
x-provider:
  name: acme
  title: Acme
  lifecycle:
    - {state: new, phase: queued, next: [busy]}
    - {state: busy, phase: running, next: [done, broken]}
    - {state: done, phase: succeeded}
    - {state: broken, phase: failed}
  gates: [key, body, input, credits]
  http_status: code
  refund: [failed]
  limits: [{of: submit, max: 2, per: 1m}, {of: active, max: 3}]
  failures: [{name: too-odd, code: "7", message: Too odd}]
  retention: {links: 1d}
  idempotency: {key: $request.header.X-Once, changed: existing}
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
              required: [model, prompt]
              x-fact: task.input
              properties:
                model: {type: string, x-fact: task.model}
                prompt: {type: string, x-fact: input.prompt}
              discriminator: {propertyName: model, mapping: {big: 'models/all.yaml#/big'}}
              oneOf: [{$ref: 'models/all.yaml#/big'}]
      responses:
        "200":
          description: taken
          content: {application/json: {schema: {$ref: '#/components/schemas/Taken'}}}
          links: {see: {operationId: see, parameters: {id: $response.body#/id}}}
  /see/{id}:
    get:
      operationId: see
      x-role: inspect
      parameters: [{name: id, in: path, required: true, schema: {type: string, x-fact: task.id}}]
      responses:
        "200":
          description: as it stands
          content:
            application/json:
              schema:
                oneOf:
                  - {$ref: '#/components/schemas/Open'}
                  - {$ref: '#/components/schemas/Ended'}
components:
  schemas:
    Taken: {type: object, required: [id], properties: {id: {type: string, x-fact: task.id}}}
    Open:
      x-when: [queued, running]
      type: object
      required: [state]
      properties: {state: {enum: [new, busy], x-fact: task.state}}
    Ended:
      x-when: [succeeded, failed]
      type: object
      required: [state]
      properties: {state: {enum: [done, broken], x-fact: task.state}}
"""
MODELS = """
big:
  type: object
  properties:
    model: {const: big}
    prompt: {maxLength: 9}
    steps: {type: integer, default: 4}
  x-price: {rows: [{when: {steps: 8}, credits: 2.5}], else: 1}
  x-yields: {media: image, takes: 1s..3s, size: {default: 64x64}, through: [busy]}
"""
OVERLAY = """
overlay: 1.0.0
actions:
  - {target: "$['x-provider']", description: seen so, update: {walk: typical, ids: "z{hex:4}"}}
"""

Edit = Callable[[dict[str, Any]], object]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the contract of acme, edited, and gives its folder."""

    def write(edit: Edit | None = None, models: str = MODELS, overlay: str = OVERLAY) -> Path:
        document = yaml.safe_load(ACME)
        if edit is not None:
            edit(document)
        folder = tmp_path / "acme"
        (folder / "models").mkdir(parents=True)
        (folder / "contract.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
        (folder / "models" / "all.yaml").write_text(models)
        (folder / "seen.yaml").write_text(overlay)
        return folder

    return write


@pytest.fixture
def acme(write: Write) -> Contract:
    return load(write())


def test_rules_are_read_from_the_provider_word(acme: Contract) -> None:
    """Money, limits, failures and retention come out in the engine's units."""
    assert (acme.name, acme.edition) == ("acme", "documented")
    assert acme.editions == ("documented", "seen")
    assert acme.money.opening == 100_000_000
    assert acme.money.refund == frozenset({Phase.FAILED})
    assert [(limit.of, limit.max, limit.per) for limit in acme.limits] == [
        ("submit", 2, 60_000),
        ("active", 3, None),
    ]
    assert [limit.then for limit in acme.limits] == ["rate_limited", "too_many_active"]
    assert acme.retention.links == 86_400_000
    assert acme.idempotency is not None
    assert acme.idempotency.header == "x-once"


def test_a_lifecycle_knows_its_usual_walk(acme: Contract) -> None:
    """A task walks the open states from the entry on and ends in the state of its outcome."""
    assert [state.name for state in acme.lifecycle.walk] == ["new", "busy"]
    assert acme.lifecycle.find_final(Phase.FAILED).name == "broken"


def test_operations_have_shapes_by_moment(acme: Contract) -> None:
    """A branch's moments lead to it; roles, links and path parameters are there."""
    see, make = acme.operations["see"], acme.operations["make"]

    assert {"queued", "running", "succeeded", "failed"} == set(see.shapes)
    assert see.shapes["queued"] is see.shapes["running"]
    assert (make.role, dict(make.links)) == (Role.SUBMIT, {"see": {"id": "$response.body#/id"}})
    assert acme.find_role(Role.INSPECT) == (see,)


def test_a_model_is_the_general_schema_with_its_own_laid_over_it(acme: Contract) -> None:
    """A variant keeps the general marks and rules, adds its own, and knows price and yield."""
    body = acme.operations["make"].body
    assert body is not None
    variant = body.choose({"model": "big"})
    assert variant is not None
    assert variant.price is not None
    assert variant.yields is not None

    assert body.models == ("big",)
    assert variant.accepts({"model": "big", "prompt": "x"})
    assert not variant.accepts({"model": "big"})
    assert not variant.accepts({"model": "big", "prompt": "1234567890"})
    assert variant.read({"model": "big", "prompt": "x"})["input.prompt"] == "x"
    assert variant.find_undeclared({"model": "big", "hue": 1}) == ["/hue"]
    assert variant.price.compute({"steps": 8}, variant.defaults) == 2_500
    assert variant.yields.takes == (1_000, 3_000)


@pytest.mark.parametrize("value", [{"model": "small"}, {}, {"model": 7}, [], None, "big"])
def test_an_unknown_model_has_no_variant(acme: Contract, value: object) -> None:
    """Whatever names no known model is answered with None, never with an error."""
    body = acme.operations["make"].body
    assert body is not None
    assert body.choose(value) is None


def test_models_are_not_read_before_they_are_used(write: Write) -> None:
    """A broken model file breaks only the first use of that model, and names its place."""
    body = load(write(models="big: {x-price: -1}")).operations["make"].body
    assert body is not None

    with pytest.raises(ContractError, match="x-price") as caught:
        body.choose({"model": "big"})

    assert caught.value.where == "acme/models/all.yaml#/big/x-price"


def test_an_overlay_makes_another_edition(write: Write) -> None:
    """An edition is the contract with its overlay applied; the walk may become the typical one."""
    folder = write()
    documented, seen = load(folder), load(folder, "seen")

    assert (documented.ids, seen.ids) == ("a{hex:8}", "z{hex:4}")
    assert [v.yields.through for v in variants(documented) if v.yields] == [()]
    assert [v.yields.through for v in variants(seen) if v.yields] == [("busy",)]


def variants(contract: Contract) -> list[Any]:
    body = contract.operations["make"].body
    return [body.find_variant(model) for model in body.models] if body else []


def test_an_observed_edition_is_preferred(write: Write) -> None:
    """Without a choice the edition `observed` is taken where there is one."""
    folder = write()
    (folder / "seen.yaml").rename(folder / "observed.yaml")

    assert load(folder).edition == "observed"
    assert load(folder, "documented").edition == "documented"


def test_an_unknown_edition_is_refused_with_the_nearest(write: Write) -> None:
    """A misspelt edition is answered with the one that was meant."""
    with pytest.raises(ContractError, match=r"no edition 'sen' \(did you mean 'seen'\?\)"):
        load(write(), "sen")


def set_in(path: str, value: object) -> Edit:
    """An edit that sets, or with `...` removes, what stands at a dotted path."""

    def edit(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        node: Any = document
        for name in parents:
            node = node[int(name) if name.isdecimal() else name]
        key: Any = int(last) if last.isdecimal() else last
        if value is ...:
            del node[key]
        else:
            node[key] = value

    return edit


@pytest.mark.parametrize(
    ("path", "value", "place", "problem"),
    [
        ("openapi", "3.0.3", "#/openapi", "write 3.1.0"),
        ("x-provider", ..., "#", "has no x-provider"),
        ("x-provider.naem", "x", "#/x-provider", "did you mean 'name'"),
        ("x-provider.gates", ["key", "mood"], "#/x-provider/gates/1", "mood"),
        ("x-provider.retention.links", "a day", "#/x-provider/retention/links", "a day"),
        ("x-provider.limits.0.then", "angry", "#/x-provider/limits/0/then", "angry"),
        ("x-provider.lifecycle.0.next", ["gone"], "#/x-provider/lifecycle/0/next", "is no state"),
        ("x-provider.lifecycle.0.next", [], "#/x-provider/lifecycle/0", "needs next"),
        ("x-provider.lifecycle.1.state", "new", "#/x-provider/lifecycle", "twice"),
        ("x-provider.lifecycle.2.phase", "failed", "#/x-provider/lifecycle", "succeeded"),
        ("paths./make.post.x-role", ..., "#/paths/~1make/post", "has no x-role"),
        ("paths./make.post.x-role", "sumbit", "#/paths/~1make/post/x-role", "sumbit"),
        ("paths./make.post.operationId", "see", "#/paths/~1see~1{id}/get", "is taken"),
        ("components.schemas.Open.x-when", "soon", "#/components/schemas/Open/x-when", "soon"),
        ("components.schemas.Ended.x-when", "queued", "#/components/schemas/Ended", "second shape"),
        (
            "components.schemas.Taken.properties.id.x-fact",
            "task.idd",
            "#/components/schemas/Taken/properties/id/x-fact",
            "did you mean 'task.id'",
        ),
        ("components.schemas.Open.x-wen", "ok", "#/components/schemas/Open/x-wen", "mean 'x-when'"),
    ],
)
def test_a_broken_contract_is_refused_with_its_place(
    write: Write, path: str, value: object, place: str, problem: str
) -> None:
    """What a contract says wrongly is one error with file, pointer, problem and hint."""
    with pytest.raises(ContractError) as caught:
        load(write(set_in(path, value)))

    assert caught.value.where == f"acme/contract.yaml{place}"
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("models", "place", "problem"),
    [
        (MODELS.replace("steps: 8", "stepz: 8"), "x-price/rows/0/when", "did you mean 'steps'"),
        (MODELS.replace("default: 64x64", "default: 64x64, ratio: r"), "x-yields/size", "'r'"),
        (MODELS.replace("1s..3s", "soon"), "x-yields/takes", "soon"),
        (MODELS.replace("[busy]", "[{}]"), "x-yields/through/0", "{}"),
    ],
)
def test_a_broken_model_is_refused_with_its_place(
    write: Write, models: str, place: str, problem: str
) -> None:
    """A model that looks at fields it does not have, or is malformed, is named."""
    body = load(write(models=models)).operations["make"].body
    assert body is not None

    with pytest.raises(ContractError) as caught:
        body.choose({"model": "big"})

    assert caught.value.where == f"acme/models/all.yaml#/big/{place}"
    assert problem in str(caught.value)


def test_a_folder_without_a_contract_is_refused(tmp_path: Path) -> None:
    """A folder that holds no contract.yaml says so."""
    with pytest.raises(ContractError, match=r"has no contract\.yaml"):
        load(tmp_path)


def test_a_bundle_stands_alone(write: Write) -> None:
    """The bundled document has every model inside it and refers to nothing outside."""
    document = load(write()).bundle()
    schema = document["paths"]["/make"]["post"]["requestBody"]["content"]["application/json"]

    assert schema["schema"]["oneOf"] == [{"$ref": "#/components/schemas/big"}]
    assert schema["schema"]["discriminator"]["mapping"] == {"big": "#/components/schemas/big"}
    assert document["components"]["schemas"]["big"]["properties"]["model"] == {"const": "big"}
    assert "all.yaml" not in str(document)


def test_an_overlay_may_extend_another(write: Write) -> None:
    """The overlay that is extended is applied first."""
    folder = write()
    text = (
        "overlay: 1.0.0\nextends: seen.yaml\nactions:\n  - {target: $.info, update: {title: Old}}"
    )
    (folder / "2026-04.yaml").write_text(text)
    old, seen = load(folder, "2026-04"), load(folder, "seen")

    assert old.document.root["info"]["title"] == "Old"
    assert {**old.document.root, "info": {}} == {**seen.document.root, "info": {}}
    assert old.editions == ("documented", "2026-04", "seen")


@pytest.mark.parametrize("extended", ["2026-04.yaml", "no-such.yaml"])
def test_an_overlay_that_extends_nothing_is_refused(write: Write, extended: str) -> None:
    """An overlay cannot extend itself, or what is not there."""
    folder = write()
    (folder / "2026-04.yaml").write_text(f"overlay: 1.0.0\nextends: {extended}\nactions: []")

    with pytest.raises(ContractError, match=r"extends itself|is no file"):
        load(folder, "2026-04")
