"""Bugs of ends: clients that come to none, or to the wrong one."""

from dataclasses import replace
from typing import Any, Final

from imagejobs import calls, client
from imagejobs.deadline import Deadline
from imagejobs.errors import ImageError
from imagejobs.models import Phase, Task
from tests.conformance.bugs.registry import Patch, bug, switch_on

FOR_EVER: Final = 1e6  # seconds


@bug("waits-for-ever")
def _(patch: Patch) -> None:
    build = calls.Account.build_post
    patch(calls.Account, "build_post", lambda *given: _give_time(build(*given)))
    patch(Deadline, "left", property(lambda _: FOR_EVER))


def _give_time(request: Any) -> Any:
    return replace(request, timeout=FOR_EVER)


@bug("hides-refusals")
def _(patch: Patch) -> None:
    generate = client.Client.generate

    def generate_or_not(*given: Any, **words: Any) -> Task:
        try:
            return generate(*given, **words)
        except ImageError:
            return Task("", "none", Phase.SUCCEEDED)

    patch(client.Client, "generate", generate_or_not)


@bug("believes-half-files")
def _(patch: Patch) -> None:
    switch_on("believes-half-answers", patch)
    switch_on("takes-half-a-file", patch)
