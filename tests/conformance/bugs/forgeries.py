"""Bugs of forged callbacks: clients that act on what proves nothing."""

from tests.conformance.bugs.registry import Patch, bug, switch_on


@bug("acts-on-unsigned-callbacks")
def _(patch: Patch) -> None:
    switch_on("believes-unsigned-callbacks", patch)
    switch_on("believes-what-callbacks-say", patch)


@bug("acts-on-old-callbacks")
def _(patch: Patch) -> None:
    switch_on("believes-old-callbacks", patch)
    switch_on("believes-what-callbacks-say", patch)


@bug("acts-on-callbacks-without-a-secret")
def _(patch: Patch) -> None:
    switch_on("takes-an-empty-secret-for-one", patch)
    switch_on("believes-what-callbacks-say", patch)
