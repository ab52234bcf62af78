"""What people may order: any prompt, and options as a contract's schemas have them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from faker import Faker
from hypothesis import strategies as st

from imagejobs.dialects import DIALECTS
from mockserver.contract.body import Variant
from mockserver.contract.model import Contract, Operation, Role
from tests.laws.values import draw_value

LANGUAGES: Final = ["en_US", "de_DE", "ja_JP", "ar_EG", "hi_IN", "zh_CN", "el_GR"]


@dataclass(frozen=True)
class Wanted:
    """An order, as it is given to a client."""

    provider: str
    prompt: str
    words: Mapping[str, Any] = field(default_factory=dict)  # of imagejobs.Order
    variant: Variant | None = field(default=None, repr=False, compare=False)

    def build_body(self) -> Any:
        """The body that the client sends."""
        return DIALECTS[self.provider].build_submit(self.prompt, self.words)[1]  # type: ignore[arg-type]  # it is one


@cache
def open_faker() -> Faker:
    return Faker(LANGUAGES)


def invent_prompt(seed: int) -> str:
    """A prompt as somebody might write it, in one language or another."""
    faker = open_faker()
    faker.seed_instance(seed)
    return str(faker.sentence(nb_words=8))


PROMPTS: Final = st.one_of(
    st.integers(0, 10**6).map(invent_prompt),
    st.text(min_size=1, max_size=60),
    st.sampled_from(
        ["a red fox", " ", "\x00", "\u202e\u2066", "'\"\\", "🦊" * 40, "{{7*7}}", "\r\n"]
    ),
)


def find_submit(contract: Contract, provider: str) -> Operation:
    """The operation by which a dialect submits."""
    path = DIALECTS[provider].build_submit("", {})[0]
    return next(op for op in contract.find_role(Role.SUBMIT) if op.path == path)


def list_variants(contract: Contract, provider: str) -> list[Variant]:
    """What makes images from a prompt, and perhaps from images."""
    body = find_submit(contract, provider).body
    assert body is not None
    variants = [body.find_variant(model) for model in body.models or (None,)]
    return [v for v in variants if v is not None and makes_images(v)]


def makes_images(variant: Variant) -> bool:
    has_prompt = "prompt" in variant.input_schema.get("properties", {})
    return has_prompt and variant.yields is not None and variant.yields.media == "image"


def draw_orders(
    contract: Contract, provider: str, *, cheap: bool = False
) -> st.SearchStrategy[Wanted]:
    """Orders that the contract accepts; cheap ones say no more than they must."""
    variants = list_variants(contract, provider)
    if cheap:
        variants = [min(variants, key=find_price)]
    known: dict[str | None, st.SearchStrategy[Wanted]] = {}

    def draw(variant: Variant) -> st.SearchStrategy[Wanted]:
        if variant.model not in known:
            known[variant.model] = draw_for(variant, provider, cheap=cheap)
        return known[variant.model]

    return st.sampled_from(variants).flatmap(draw)


def find_price(variant: Variant) -> float:
    """What the least order costs, without images to start from."""
    needs_images = set(variant.input_schema.get("required", ())) - {"prompt", "aspect_ratio"}
    if variant.price is None or needs_images:
        return math.inf
    return variant.price.compute({"prompt": "a fox"}, variant.defaults)


def draw_for(variant: Variant, provider: str, *, cheap: bool) -> st.SearchStrategy[Wanted]:
    schema = strip_optional(variant.input_schema) if cheap else variant.input_schema
    options = draw_value(without_words(schema)).map(
        lambda value: {k: v for k, v in value.items() if k not in LEFT_OUT}
    )

    def build(prompt: str, given: dict[str, Any]) -> Wanted:
        words: dict[str, Any] = {"options": given}
        if variant.model is not None:
            words["model"] = variant.model
        return Wanted(provider, prompt, words, variant)

    prompts = st.integers(0, 10**6).map(invent_prompt) if cheap else PROMPTS
    orders = st.builds(build, prompts, options)
    return orders.filter(lambda order: variant.fits(order.build_body()))


LEFT_OUT: Final = {"prompt", "callback_url", "callBackUrl"}


def without_words(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema's own fields; the prompt is drawn apart, and callbacks are asked for otherwise."""
    fields = {k: v for k, v in schema["properties"].items() if k not in LEFT_OUT}
    required = [name for name in schema.get("required", ()) if name in fields]
    return {"type": "object", "properties": fields, "required": required}


def strip_optional(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what may be left out."""
    required = schema.get("required", ())
    fields = {name: node for name, node in schema["properties"].items() if name in required}
    return {**schema, "properties": fields}
