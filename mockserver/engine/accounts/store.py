"""The store of accounts: found by key or by id, the idlest forgotten first."""

from collections import OrderedDict
from collections.abc import Iterator

from mockserver.clock import Clock
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.key import Key, identify
from mockserver.engine.accounts.shared import Desk, Shared
from mockserver.engine.accounts.shelf import Shelf
from mockserver.engine.events import EventKind, Events
from mockserver.engine.files.uploads import Uploads
from mockserver.engine.settings import Settings


class Accounts:
    """At most so many accounts as the settings allow, in order of their last use."""

    def __init__(self, clock: Clock, settings: Settings, desk: Desk, events: Events) -> None:
        self.uploads = Uploads(settings)
        self.shelf = Shelf(settings.max_kept_bytes, self._make_room)
        self._shared = Shared(clock, settings, desk, events, self.uploads, self.shelf)
        self._max = settings.max_accounts
        self._by_id: OrderedDict[str, Account] = OrderedDict()
        self.evicted = 0  # accounts that had to make room

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, key: str) -> Account | None:
        """The account of a key, if there is one; it counts as used."""
        account = self._by_id.get(identify(key))
        if account is not None:
            self._by_id.move_to_end(account.id)
        return account

    def find_by_id(self, name: str) -> Account | None:
        """The account with an id, if there is one."""
        return self._by_id.get(name)

    def open(self, key: Key) -> Account:
        """Make the account of a key; if there are too many, the idlest is forgotten."""
        account = Account(key, self._shared)
        self._by_id[account.id] = account
        account.tell(EventKind.ACCOUNT_OPENED)
        if len(self._by_id) > self._max:
            _, idlest = self._by_id.popitem(last=False)
            self.evicted += 1
            idlest.forget()
            idlest.tell(EventKind.ACCOUNT_FORGOTTEN)
        return account

    def forget(self, account: Account) -> None:
        """Forget an account and everything it has."""
        if self._by_id.pop(account.id, None) is not None:
            account.forget()
            account.tell(EventKind.ACCOUNT_FORGOTTEN)

    def clear(self) -> None:
        """Forget every account."""
        for account in self:
            account.forget()
        self._by_id.clear()
        self.evicted = 0
        self.shelf.emptied = 0

    def _make_room(self) -> None:
        """Let accounts give way until there is room, the idlest first; tasks go last.

        The one that was used last keeps its journal, and the task that room is made for.
        """
        accounts = [*self._by_id.values()]
        for account in accounts:
            if not self.shelf.is_crowded:
                return
            account.forget_replies()
            if account is not accounts[-1] and account.journal.entries:
                account.journal.clear()
                account.tell(EventKind.JOURNAL_CLEARED)
                self.shelf.emptied += 1
        for account in accounts:
            kept = 1 if account is accounts[-1] else 0
            while self.shelf.is_crowded and account.task_count > kept:
                account.evict_task()
