"""Journals as the control API reads them: filtered, the latest last."""

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from mockserver.contract.model import Contract
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.journal import Entry
from mockserver.web.control.fields import ControlError, read_count
from mockserver.web.control.lookup import check_provider, find_operations
from mockserver.web.control.views import view_entry

DEFAULT_LIMIT: Final = 100
ENTRY_FILTERS: Final = ("provider", "operation", "condition", "violations", "since", "limit")

Row = tuple[Account | None, Entry]


def select_entries(
    rows: Iterable[Row],
    filters: Mapping[str, str],
    contracts: Mapping[str, Contract],
    count: str = "seq",
) -> dict[str, Any]:
    """The last entries that pass every filter, in order of arrival, and how many there are in all.

    `since` is the `count` of the last entry that is known already: its `seq` in a journal, its
    `number` over all of them. `operation` is the id or the role of one. `violations` asks for
    entries with (true) or without (false) any.
    """
    limit = read_count(filters, "limit", DEFAULT_LIMIT)
    since = read_count(filters, "since", -1)
    broken = _read_flag(filters, "violations")
    wanted = _read_wanted(filters, contracts)
    found = [
        row
        for row in rows
        if getattr(row[1], count) > since
        and (broken is None or bool(row[1].violations) == broken)
        and all(getattr(row[1], name) in values for name, values in wanted.items())
    ]
    found.sort(key=lambda row: row[1].number)
    shown = found[len(found) - limit :] if limit < len(found) else found
    return {"total": len(found), "requests": [view_entry(e, account) for account, e in shown]}


def _read_wanted(
    filters: Mapping[str, str], contracts: Mapping[str, Contract]
) -> dict[str, Container[str | None]]:
    """What entries may have, by name; what no entry could have is refused."""
    wanted: dict[str, Container[str | None]] = {}
    if (provider := filters.get("provider")) is not None:
        wanted["provider"] = (check_provider(contracts, provider),)
    if (operation := filters.get("operation")) is not None:
        wanted["operation"] = find_operations(contracts, operation)
    if (condition := filters.get("condition")) is not None:
        wanted["condition"] = (condition,)
    return wanted


def _read_flag(filters: Mapping[str, str], name: str) -> bool | None:
    text = filters.get(name)
    if text not in {None, "true", "false"}:
        raise ControlError(400, f"{name!r} must be true or false")
    return None if text is None else text == "true"
