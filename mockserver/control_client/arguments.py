"""What calls of the control API can be given, by name."""

from collections.abc import Mapping
from typing import TypedDict


class AccountSettings(TypedDict, total=False):
    """What can be changed of an account; None goes back to the default."""

    scenario: str | None
    seed: int
    tier: str | None
    webhook_secret: str | None
    http_status: str | None


class RequestFilters(TypedDict, total=False):
    """Which entries of a journal are wanted."""

    provider: str
    operation: str
    condition: str
    violations: bool  # with, or without any
    since: int  # the `seq` of the last one that is known already
    limit: int  # the latest so many


class Criteria(TypedDict, total=False):
    """Which requests are meant; a value may also be {"contains": …}, {"one_of": […]}, …."""

    provider: object
    operation: object  # its id or its role
    method: object
    path: object  # as sent
    task: object
    status: object
    condition: object
    scenario: object
    fault: object
    violations: object
    headers: Mapping[str, object]
    facts: Mapping[str, object]  # such as input.prompt
    body: Mapping[str, object]  # by JSON pointer


class Expected(Criteria, total=False):
    """How many requests that meet the criteria are expected; at least one if nothing is said."""

    exactly: int
    at_least: int
    at_most: int
