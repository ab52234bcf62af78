"""The models of KIE.AI's catalogue are what is known of them: fields, limits, media and prices."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.body import Body, Variant
from mockserver.contract.load import load
from mockserver.contract.model import Contract

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "contracts" / "kie"
KNOWN: dict[str, Any] = json.loads((ROOT / "fixtures/models/kie.json").read_text("utf-8"))
CONTRACT: Contract = load(FOLDER, "documented")
TEXTS = "".join(path.read_text("utf-8") for path in (FOLDER / "models").glob("*.yaml"))
URL = "https://files.example/a.png"

PAGE = (ROOT / "contracts" / "README.md").read_text("utf-8")
LATE = {  # what an edition lacks
    "2026-04": ["gpt-image-2-5-flare-text-to-image", "qwen3/text-to-image", "pixverse-v6/extend"],
    "2026-08": ["gpt-image-2-5-flare-text-to-image", "sora-2-text-to-video"],
    "2026-09": [],
}

every_model = pytest.mark.parametrize("model", KNOWN)


def find_body() -> Body:
    body = CONTRACT.operations["createTask"].body
    assert body is not None
    return body


def find_variant(model: str) -> Variant:
    variant = find_body().find_variant(model)
    assert variant is not None
    return variant


def strip(node: Any) -> Any:
    """A schema without our words, its descriptions, and what it does not have from the page."""
    if isinstance(node, list):
        return [strip(child) for child in node]
    if not isinstance(node, dict):
        return node
    basis = node.get("x-basis")
    ours = {"description", *(basis if isinstance(basis, dict) else ())}
    kept = {k: v for k, v in node.items() if k not in ours and not k.startswith("x-")}
    if "properties" in kept:
        fields = {name: strip(child) for name, child in kept.pop("properties").items()}
        return {**strip(kept), "properties": fields}
    return {k: v if k in ("enum", "const", "default") else strip(v) for k, v in kept.items()}


def test_the_catalogue_has_every_model_that_is_known() -> None:
    """All models that are known can be asked for, and no others."""
    assert sorted(find_body().models) == sorted(KNOWN)


@pytest.mark.parametrize(
    ("edition", "count"), [("2026-04", 109), ("2026-08", 136), ("2026-09", 157)]
)
def test_a_dated_edition_has_the_models_of_its_time(edition: str, count: int) -> None:
    """Models that came later, or were gone by then, cannot be asked for."""
    body = load(FOLDER, edition).operations["createTask"].body
    assert body is not None

    assert len(body.models) == count
    assert not {*LATE[edition]} & {*body.models}


@pytest.mark.parametrize(
    ("edition", "lacking"),
    [
        ("2026-04", {"creditsConsumed", "operationType", "successFlag", "response", "paramJson"}),
        ("2026-08", {"operationType", "successFlag", "response", "paramJson"}),
        ("2026-09", set()),
    ],
)
def test_a_dated_edition_has_the_records_of_its_time(edition: str, lacking: set[str]) -> None:
    """A record has the fields that were seen at that time."""
    now, then = (load(FOLDER, name).operations["recordInfo"] for name in ("observed", edition))
    fields = [
        op.shapes["succeeded"].schema["properties"]["data"]["properties"] for op in (now, then)
    ]

    assert {*fields[0]} - {*fields[1]} == lacking
    assert {*fields[1]} <= {*fields[0]}


def test_the_page_lists_the_menu() -> None:
    """Each entry of the documentation's menu stands on the page with a model that there is."""
    table = PAGE.partition("## KIE.AI's menu")[2]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    models = [entry.split("`")[1] for row in rows for entry in row[2].split("; ")]

    assert len(models) == len(set(models)) == 84
    assert set(models) <= KNOWN.keys()
    assert {KNOWN[model]["basis"] for model in models} == {"documented"}


@every_model
def test_the_input_is_the_one_of_the_page(model: str) -> None:
    """A model's fields, their limits and which of them are needed are those of its page."""
    known, schema = KNOWN[model]["input"], strip(find_variant(model).input_schema)
    own = find_variant(model).input_schema.get("x-basis", {})

    assert {word: schema.get(word) for word in known if word not in own} == {
        word: value for word, value in known.items() if word not in own
    }
    assert (f"# {KNOWN[model]['page']}\n" in TEXTS) == (KNOWN[model]["page"] is not None)


@every_model
def test_the_result_is_of_the_known_kind(model: str) -> None:
    """A model makes the media that its page says, and is marked where no page was read."""
    variant, known = find_variant(model), KNOWN[model]
    assert variant.yields is not None

    answers_data = known["media"] in ("json", "text")
    assert (variant.yields.data is not None) == answers_data
    if known["media"] != "json":
        assert variant.yields.media == known["media"]
    assert variant.schema.get("x-basis", "documented") == known["basis"]


@pytest.mark.parametrize("model", [name for name, known in KNOWN.items() if "prices" in known])
def test_the_price_is_the_known_one(model: str) -> None:
    """Each row of the public price list is what a request with these fields costs."""
    variant = find_variant(model)
    assert variant.price is not None

    for fields, credits in KNOWN[model]["prices"]:
        given = {**SPOKEN, **fields}
        quantity = measure(KNOWN[model]["unit"], given, variant)

        assert variant.price.compute(given, variant.defaults) == round(credits * 1000 * quantity)


SPOKEN = {"text": "x" * 1500, "dialogue": [{"text": "x" * 1000}, {"text": "x" * 500}]}


def measure(unit: str, given: dict[str, Any], variant: Variant) -> float:
    """How many units an input makes or asks for."""
    yields, defaults = variant.yields, variant.defaults
    assert yields is not None
    if unit == "second":
        assert yields.seconds is not None
        return yields.seconds.compute(given, defaults)
    if unit == "megapixel":
        assert yields.size is not None
        width, height = yields.size.compute(given, defaults)
        return width * height / 1_000_000
    return {"task": 1, "1000 characters": 1.5}.get(unit) or yields.count_results(given, defaults)


TWO = {"image_urls": [URL, URL], "prompt": "a red fox"}
RULES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [  # model, what is taken, what is not
    ("gpt-image-2-text-to-image", {"resolution": "1K"}, {"resolution": "2K"}),
    ("gpt-image-2-text-to-image", {"aspect_ratio": "1:1", "resolution": "2K"},
     {"aspect_ratio": "1:1", "resolution": "4K"}),
    ("gpt-image-2-text-to-image", {"aspect_ratio": "3:1", "resolution": "1K"},
     {"aspect_ratio": "3:1", "resolution": "2K"}),
    ("gpt-image-2-image-to-image", {"aspect_ratio": "3:1", "resolution": "2K"},
     {"aspect_ratio": "auto", "resolution": "2K"}),
    ("gpt-image-2-5-flare-text-to-image", {"aspect_ratio": "auto", "resolution": "4K"},
     {"aspect_ratio": "27:16", "resolution": "2K"}),
    ("qwen2-1/text-to-image", {"background": "transparent"},
     {"background": "transparent", "output_format": "jpeg"}),
    ("qwen2-1/image-to-image", {"mask_url": URL, "image_urls": [URL]}, {"mask_url": URL, **TWO}),
    ("wan/2-7-image", {"n": 12, "enable_sequential": True}, {"n": 5}),
    ("wan/2-7-image-pro", {"n": 4}, {"n": 5, "enable_sequential": False}),
    ("kling-3.0/video", {"multi_shots": False}, {"multi_shots": True}),
    ("kling-3.0-omni/image-to-video", TWO, {"image_urls": [URL] * 3}),
    ("kling-3.0-omni/reference-to-video", {"video_urls": [URL], "audio": False},
     {"video_urls": [URL], "audio": True}),
    ("kling-3.0-omni/reference-to-video", {"image_urls": [URL] * 7},
     {"video_urls": [URL], "audio": False, "image_urls": [URL] * 5}),
    ("kling-3.0-omni/transformation", {"image_urls": [URL], "aspect_ratio": "16:9"},
     {"aspect_ratio": "16:9"}),
    ("minimax-h3/image-to-video", {"last_frame_url": URL}, {"first_frame_url": None}),
    ("pixverse-v6/extend", {"taskId": "a"}, {"taskId": None}),
    ("grok-imagine-image-2-0/segment-map", {"image_url": URL}, {"image_url": URL, "task_id": "a"}),
]  # fmt: skip
NEEDED: dict[str, Any] = {
    "prompt": "a red fox", "sound": False, "duration": "5", "aspect_ratio": "16:9", "mode": "pro",
    "input_urls": [URL], "image_urls": [URL], "video_urls": [URL], "multi_shots": False,
    "quality": "720p",
}  # fmt: skip


@pytest.mark.parametrize(("model", "taken", "refused"), RULES)
def test_fields_may_exclude_each_other(
    model: str, taken: dict[str, Any], refused: dict[str, Any]
) -> None:
    """What the pages say of several fields together decides whether a request is taken."""
    variant = find_variant(model)
    fields = variant.input_schema["properties"]
    needed = {name: NEEDED[name] for name in variant.input_schema.get("required", ())}
    if fields.get("duration", {}).get("type") == "integer" and "duration" in needed:
        needed["duration"] = 5
    if model == "kling-3.0-omni/reference-to-video" and "image_urls" not in taken:
        taken = {**taken, "aspect_ratio": "auto"}

    assert variant.accepts({"model": model, "input": {**needed, **taken}})
    assert not variant.accepts({"model": model, "input": {**needed, **refused}})
