"""The catalogue of models that a provider tells of itself."""

from collections.abc import Callable

import httpx
import pytest

from mockserver.contract.load import load
from mockserver.data import contracts_dir

Ask = Callable[..., httpx.Response]

MODELS = "/kie/api/v1/models"


def test_every_model_is_listed(ask: Ask) -> None:
    """As many as can be asked for, each with the fields that were recorded."""
    body = load(contracts_dir() / "kie").operations["createTask"].body
    data = ask("GET", MODELS).json()["data"]

    assert body is not None
    assert [row["model"] for row in data["models"]] == list(body.models)
    assert data["total"] == len(body.models)
    assert list(data["models"][0]) == [
        *("model", "slug", "title", "provider", "taskType", "description", "pricingDesc")
    ]


def test_models_are_found_by_a_word(ask: Ask) -> None:
    """A word in any case; none has one that nobody has."""
    found = ask("GET", MODELS, params={"q": "GPT-image-2-5", "taskType": "x"}).json()["data"]
    none = ask("GET", MODELS, params={"q": "no such word"}).json()["data"]

    assert {row["model"][:13] for row in found["models"]} == {"gpt-image-2-5"}
    assert none == {"total": 0, "models": []}


@pytest.mark.parametrize("name", ["z-image", "google/nano-banana", "google%2Fnano-banana"])
def test_a_model_is_described_by_its_schema(ask: Ask, name: str) -> None:
    """The document is OpenAPI of the submit, without words of ours; slashes may be hidden."""
    reply = ask("GET", f"{MODELS}/{name}/schema").json()
    data, model = reply["data"], name.replace("%2F", "/")

    assert (reply["code"], data["model"]) == (200, model)
    call = data["openapi"]["paths"]["/api/v1/jobs/createTask"]["post"]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["model"]["const"] == model
    assert "prompt" in schema["properties"]["input"]["required"]
    assert "x-" not in "".join(schema)


def test_no_number_is_too_large_to_be_told_its_price(ask: Ask) -> None:
    """Whatever number a body may hold, it is answered in the words of the contract."""
    given = '{"model":"bytedance/seedance-2","input":{"prompt":"a red fox","duration":%s}}'
    json = {"content-type": "application/json"}
    replies = [
        ask("POST", "/kie/api/v1/jobs/createTask", content=given % number, headers=json)
        for number in ("5", "1.7e308", "9" * 400)
    ]

    assert [reply.json()["code"] for reply in replies][:2] == [200, 402]
    assert replies[2].json()["code"] in (402, 422)


def test_an_unknown_model_is_refused_with_404(ask: Ask) -> None:
    """With the text of createTask."""
    reply = ask("GET", f"{MODELS}/no/such/schema").json()

    assert (reply["code"], reply["data"]) == (404, None)
    assert reply["msg"].startswith("The model name you specified is not supported.")


def test_the_catalogue_needs_a_key(ask: Ask) -> None:
    """Without one: HTTP 200, code 401, and no data at all."""
    reply = ask("GET", MODELS, key=None)

    assert (reply.status_code, reply.json()["code"], "data" in reply.json()) == (200, 401, False)


@pytest.mark.parametrize("edition", ["documented", "2026-04", "2026-08"])
def test_the_catalogue_is_as_young_as_its_recordings(edition: str) -> None:
    """Editions before September 2026 have none."""
    assert "listModels" not in load(contracts_dir() / "kie", edition).operations
