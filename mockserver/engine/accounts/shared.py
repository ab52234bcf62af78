"""What the accounts of an engine share: its clock, its settings, and who acts for them."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mockserver.clock import Clock
from mockserver.engine.accounts.agenda import Due
from mockserver.engine.accounts.shelf import Shelf
from mockserver.engine.events import Events
from mockserver.engine.files.uploads import Uploads
from mockserver.engine.settings import Settings
from mockserver.engine.task import Task

if TYPE_CHECKING:
    from mockserver.engine.accounts.account import Account


class Desk(Protocol):
    """Whoever sends callbacks."""

    def plan_callbacks(self, account: "Account", task: Task, first: int) -> None:
        """Plan what a task's client is to be told, from the step with a number on."""

    def take_due(self, account: "Account", due: Due) -> None:
        """Something that is to be sent has fallen due."""

    def watch(self, account: "Account") -> None:
        """The account's clock was moved: look anew when it is to be settled."""

    def drop(self, account: "Account") -> None:
        """The account is forgotten: nothing is to be sent for it any more."""


class Shared(NamedTuple):
    """What all accounts of an engine have in common."""

    clock: Clock
    settings: Settings
    desk: Desk
    events: Events
    uploads: Uploads
    shelf: Shelf
