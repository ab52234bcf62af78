"""A small contract that keeps every rule, to be damaged in one place at a time."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

MAIN = """
openapi: 3.1.0
info: {title: Acme, version: "1"}
servers: [{url: "https://api.acme.example"}]
security: [{bearer: []}]
x-provider:
  name: acme
  title: Acme
  lifecycle:
    - {state: new, phase: queued, next: [busy]}
    - {state: busy, phase: running, next: [done, broken]}
    - {state: done, phase: succeeded}
    - {state: broken, phase: failed}
  walk: typical
  gates: [key, rate, body, replay, model, input, active, credits]
  http_status: code
  limits: [{of: submit, max: 9, per: 1m}]
  tiers: {pro: [{of: make, max: 2, per: 1s}, {of: active, max: 3}]}
  default_tier: pro
  failures: [{name: too-odd, code: "7", message: Too odd}]
  idempotency: {key: $request.header.X-Once, changed: conflict, x-basis: {changed: assumed}}
  ids: "a{hex:8}"
  unknown_path:
    status: 404
    schema: {properties: {code: {const: 404, x-fact: reply.code}}}
paths:
  /make:
    post:
      operationId: make
      x-role: submit
      parameters: [{name: X-Once, in: header, schema: {type: string}}]
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Make"}
            example: {model: big, input: {prompt: a red fox}}
      responses:
        "200":
          content: {application/json: {schema: {$ref: "#/components/schemas/Taken"}}}
          links: {see: {operationId: see, parameters: {id: $response.body#/id}}}
        "400":
          content:
            application/json:
              schema:
                oneOf:
                  - {$ref: "#/components/schemas/Missing"}
                  - {$ref: "#/components/schemas/Invalid"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "402":
          content: {application/json: {schema: {$ref: "#/components/schemas/OutOfCredits"}}}
        "409":
          content:
            application/json:
              schema:
                oneOf:
                  - {$ref: "#/components/schemas/Conflict"}
                  - {$ref: "#/components/schemas/TooMany"}
        "429":
          content: {application/json: {schema: {$ref: "#/components/schemas/TooFast"}}}
      callbacks:
        ended:
          "{$request.body#/hook}":
            post:
              x-delivery: {when: [succeeded, failed], within: 5s, attempts: 2}
              requestBody:
                content:
                  application/json:
                    schema:
                      oneOf:
                        - {$ref: "#/components/schemas/Done"}
                        - {$ref: "#/components/schemas/Broken"}
  /see/{id}:
    get:
      operationId: see
      x-role: inspect
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, x-fact: task.id}}
      responses:
        "200":
          content:
            application/json:
              schema:
                oneOf:
                  - {$ref: "#/components/schemas/Open"}
                  - {$ref: "#/components/schemas/Done"}
                  - {$ref: "#/components/schemas/Broken"}
              examples: {soon: {value: {id: "1", state: new, made: 0}}}
        "400":
          content: {application/json: {schema: {$ref: "#/components/schemas/Missing"}}}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "404":
          content: {application/json: {schema: {$ref: "#/components/schemas/Lost"}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  responses:
    Unauthorized:
      content: {application/json: {schema: {$ref: "#/components/schemas/Unauthorized"}}}
  schemas:
    Make:
      type: object
      required: [model, input]
      properties:
        model: {type: string, x-fact: task.model}
        input: {type: object, x-fact: task.input}
        hook: {type: string, x-fact: callback.url}
      discriminator:
        propertyName: model
        mapping: {big: "models/all.yaml#/big", small: "models/all.yaml#/small"}
        x-models: {models/all.yaml: [tiny]}
      oneOf: [{$ref: "models/all.yaml#/big"}, {$ref: "models/all.yaml#/small"}]
    Taken:
      required: [id]
      properties: {id: {type: string, x-fact: task.id}}
    Open:
      x-when: [queued, running]
      required: [id, state, made]
      properties:
        id: {type: string, x-fact: task.id}
        state: {enum: [new, busy], x-fact: task.state}
        made: {type: integer, format: unix-s, x-fact: task.created}
    Done:
      x-when: succeeded
      required: [id, state, files]
      properties:
        id: {type: string, x-fact: task.id}
        state: {const: done, x-fact: task.state}
        files:
          type: string
          contentMediaType: application/json
          contentSchema:
            required: [urls]
            properties: {urls: {type: array, x-fact: task.results}}
    Broken:
      x-when: failed
      required: [id, state, why]
      properties:
        id: {type: string, x-fact: task.id}
        state: {const: broken, x-fact: task.state}
        why: {type: string, x-fact: task.failure.message}
    Missing:
      x-when: missing_field
      required: [code, text]
      properties:
        code: {const: 400, x-fact: reply.code}
        text:
          type: string
          pattern: "^give "
          default: "give {$refusal.field}"
          x-fact: reply.message
    Invalid:
      x-when: invalid_request
      required: [code, text]
      properties: {code: {const: 400, x-fact: reply.code}, text: {const: bad}}
    Unauthorized:
      x-when: unauthorized
      required: [code]
      properties: {code: {const: 401, x-fact: reply.code}}
    OutOfCredits:
      x-when: insufficient_credits
      required: [code]
      properties: {code: {const: 402, x-fact: reply.code}}
    Conflict:
      x-when: conflict
      required: [code, text]
      properties: {code: {const: 409, x-fact: reply.code}, text: {const: again}}
    TooMany:
      x-when: too_many_active
      x-basis: assumed
      required: [code, text]
      properties: {code: {const: 409, x-fact: reply.code}, text: {const: busy}}
    TooFast:
      x-when: rate_limited
      required: [code, wait]
      properties:
        code: {const: 429, x-fact: reply.code}
        wait: {type: integer, x-fact: refusal.retry_after}
    Lost:
      x-when: not_found
      required: [code, text]
      properties:
        code: {const: 404, x-fact: reply.code}
        text: {type: string, default: nothing there, x-fact: reply.message}
"""

MODELS = """
big:
  required: [model, input]
  properties:
    model: {const: big}
    input: {$ref: "#/input"}
  x-price:
    rows: [{when: {grade: 2K}, credits: 5}]
    times: $request.body#/input/count
    else: 3
  x-yields: {$ref: "#/yields"}
small:
  required: [model, input]
  properties:
    model: {const: small}
    input: {$ref: "#/input"}
  x-price: 1
  x-yields: {$ref: "#/yields"}
models:
  tiny:
    properties: {input: {$ref: "#/input"}}
    x-price: {else: 1, per: result}
    x-yields: {$ref: "#/yields"}
input:
  required: [prompt]
  properties:
    prompt: {type: string, minLength: 1, x-fact: input.prompt}
    count: {type: integer, default: 1}
    grade: {enum: [1K, 2K], default: 1K}
    ratio: {type: string, examples: ["1:1", "2:1"]}
yields:
  media: image
  takes: 1s..2s
  through: [busy]
  size:
    default: 10x10
    grade: grade
    ratio: ratio
    table: {1K: {"1:1": 10x10, "*": 20x10}, 2K: {"1:1": 20x20, "2:1": 40x20}}
  x-basis: assumed
"""

Edits = Mapping[str, object]


def change(document: dict[str, Any], pointer: str, value: object) -> None:
    """Put a value at a JSON pointer; None takes away what is there."""
    *path, last = (p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:])
    parent: Any = document
    for part in path:
        parent = parent[int(part) if isinstance(parent, list) else part]
    place: Any = int(last) if isinstance(parent, list) and last != "-" else last
    if value is None:
        del parent[place]
    elif place == "-":
        parent.append(value)
    else:
        parent[place] = value


WriteContract = Callable[..., Path]


@pytest.fixture
def write_contract(tmp_path: Path) -> WriteContract:
    """Write the contract into a folder, with edits of its main file (`#/…`) and its models."""

    def write(edits: Edits | None = None, overlay: Sequence[object] | None = None) -> Path:
        folder = tmp_path / "acme"
        (folder / "models").mkdir(parents=True)
        main, models = yaml.safe_load(MAIN), yaml.safe_load(MODELS)
        for pointer, value in (edits or {}).items():
            file, _, path = pointer.partition("#")
            change(models if file else main, path, value)
        (folder / "contract.yaml").write_text(json.dumps(main), encoding="utf-8")
        (folder / "models" / "all.yaml").write_text(json.dumps(models), encoding="utf-8")
        if overlay is not None:
            text = json.dumps({"overlay": "1.0.0", "actions": overlay})
            (folder / "observed.yaml").write_text(text, encoding="utf-8")
        return folder

    return write
