"""Every dialect by the name that `Client(name)` takes."""

from difflib import get_close_matches
from typing import Final

from imagejobs.dialects.dialect import Dialect
from imagejobs.dialects.generate import Generate
from imagejobs.dialects.jobs import Jobs
from imagejobs.errors import Misused

DIALECTS: Final[dict[str, Dialect]] = {
    "kie": Jobs(
        name="kie",
        prefix="KIE",
        home="https://api.kie.ai",
        text_model="gpt-image-2-text-to-image",
        image_model="gpt-image-2-image-to-image",
        callback_field="callBackUrl",
        balance_path="/api/v1/chat/credit",
        signs_callbacks=True,
    ),
    "aigptimage": Jobs(
        name="aigptimage",
        prefix="AIGPTIMAGE",
        home="https://aigptimage.com",
        text_model="gpt-image-2-text-to-image",
        image_model="gpt-image-2-image-to-image",
        idempotency_header="X-Request-ID",
    ),
    "gptimage15": Generate(
        name="gptimage15",
        prefix="GPTIMAGE15",
        home="https://gptimage15.ai",
        root="/api",
        callback_field="callback_url",
    ),
    "gptimage15-v2": Generate(
        name="gptimage15-v2",
        prefix="GPTIMAGE15",
        home="https://gptimage15.ai",
        root="/api/v2",
    ),
}


def choose_dialect(name: str) -> Dialect:
    """The dialect of a name; Misused if there is none."""
    if name in DIALECTS:
        return DIALECTS[name]
    near = get_close_matches(name.lower(), DIALECTS, n=1)
    hint = f"do you mean {near[0]!r}?" if near else f"there are: {', '.join(DIALECTS)}"
    raise Misused(f"there is no provider {name!r}; {hint}")
