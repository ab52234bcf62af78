"""What the control API shows, as values; moments are milliseconds on the account's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HealthView:
    """That the server serves."""

    status: str
    version: str


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation of a provider."""

    id: str
    role: str
    method: str
    path: str
    summary: str


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A provider: where it is served, and what it knows."""

    name: str
    title: str
    edition: str  # the one that is served
    editions: tuple[str, ...]
    base_url: str  # here
    servers: tuple[str, ...]  # the provider's own addresses
    tiers: tuple[str, ...]
    failures: tuple[str, ...]
    operations: tuple[OperationView, ...]


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """What a key can ask for."""

    name: str
    sentence: str
    source: str  # "contract", "built-in", or the file of a user


@dataclass(frozen=True, slots=True)
class WishView:
    """A scenario that waits for the next submits."""

    scenario: str
    count: int  # submits that it is still for
    provider: str | None  # whose submits; None for those of any


@dataclass(frozen=True, slots=True)
class ClockView:
    """What an account's clock shows."""

    now: int
    time: str  # the same as ISO 8601
    frozen: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account; what is counted or paid is counted by provider."""

    id: str  # the hash that stands for the key
    key: str  # shortened if it may be real
    scenario: str | None
    seed: int
    tier: str | None
    webhook_secret: str | None
    http_status: str | None  # where refusals carry their code: envelope or code
    balances: Mapping[str, float]  # credits
    tasks: Mapping[str, int]
    active: Mapping[str, int]  # tasks that have not ended
    clock: ClockView


@dataclass(frozen=True, slots=True)
class CreditsView:
    """The balance at a provider."""

    provider: str
    balance: float


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as it stands, and where it is heading."""

    id: str
    provider: str
    operation: str
    model: str | None
    scenario: str  # the one in which it was submitted
    state: str | float | bool  # the provider's word
    phase: str
    outcome: str  # the phase in which it ends
    failure: str | None
    created: int
    ends: int | None  # None if no clock brings the end
    ended: bool
    price: float  # credits
    request: Any  # the body of the submit


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try to deliver a callback."""

    at: int
    headers: Mapping[str, str]
    status: int | None  # of the answer; None if there was none
    answer: str
    problem: str | None  # why there was no answer


@dataclass(frozen=True, slots=True)
class CallbackView:
    """A delivery of a callback."""

    number: int
    provider: str
    task: str
    callback: str
    moment: str  # the phase that it tells of
    url: str
    standing: str  # waiting, delivered, exhausted or held
    held: str | None  # why it was never sent
    due: int
    body: Any
    attempts: tuple[AttemptView, ...]
    copy_of: int | None  # the number of the one that it repeats
    fault: str | None  # the one that acted on it


@dataclass(frozen=True, slots=True)
class FaultView:
    """A fault that is planned, and what became of it."""

    number: int
    rule: Mapping[str, Any]  # in the words in which it was planned
    scenario: str | None  # that brought it, if no control call did
    put: int
    met: int  # requests that it was meant for
    acted: int


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting of a kind of fault."""

    name: str
    type: str
    default: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FaultKindView:
    """A kind of fault."""

    name: str
    sentence: str
    meets: tuple[str, ...]
    settings: tuple[SettingView, ...]


@dataclass(frozen=True, slots=True)
class ClockMoved:
    """What an account's clock shows after it was moved, and what could not be delivered."""

    now: int
    time: str
    frozen: bool
    undelivered: tuple[CallbackView, ...]


@dataclass(frozen=True, slots=True)
class ViolationView:
    """A place where a request breaks its schema."""

    pointer: str
    keyword: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class RequestView:
    """An entry of a journal: a request and its reply."""

    number: int  # counts all requests of the server, from 1
    seq: int  # counts those of a journal, from 0
    at: int
    time: str
    account: str | None
    provider: str | None
    operation: str | None
    task: str | None
    scenario: str | None
    fault: str | None  # the one that acted
    method: str
    target: str
    headers: Mapping[str, str]
    request: Any  # as JSON, else as text; None if there was no body
    status: int
    reply: Any
    condition: str | None  # why it was refused
    violations: tuple[ViolationView, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountName:
    """How an account is called."""

    id: str
    key: str


Subject = RequestView | TaskView | CallbackView | AccountView | ClockView | FaultView | None


@dataclass(frozen=True, slots=True)
class EventView:
    """Something that happened."""

    number: int
    kind: str
    at: int
    time: str
    account: AccountName | None
    subject: Subject  # what it is about, as it stood then
