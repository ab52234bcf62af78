"""The budget of a recording: a ceiling in credits, kept by prices and by replies."""

from typing import Final

from mockserver.contract.model import Contract, Operation, Role
from mockserver.record.exchange import Exchange
from mockserver.record.sight import find_texts, read_facts, read_json

THOUSAND: Final = 1000


class Purse:
    """Counts thousandths of a credit; a submit is paid for before it is sent.

    What a reply says that a task cost takes the place of the contract's price.
    """

    def __init__(self, contract: Contract, ceiling: int | None = None) -> None:
        self._contract = contract
        self._ceiling = ceiling
        self._held = 0  # for submits that are under way
        self._tasks: dict[str, int] = {}
        self._lost = 0  # for submits of which nobody knows what became of them

    @property
    def spent(self) -> int:
        """Thousandths of a credit, as far as is known."""
        return self._lost + self._held + sum(self._tasks.values())

    def price(self, operation: Operation, body: bytes) -> int | None:
        """What a submit costs by the contract; 0 for other calls, None if it does not say."""
        if operation.role is not Role.SUBMIT:
            return 0
        value = read_json(body)
        if operation.body is None or not isinstance(value, dict):
            return None
        variant = operation.body.choose(value)
        if variant is None or variant.price is None:
            return None
        return variant.price.compute(variant.find_input(value), variant.defaults)

    def reserve(self, price: int | None) -> str | None:
        """Set the price of a call aside; or why it may not be made."""
        if self._ceiling is not None and price is None:
            return "the contract has no price for this submit, so the ceiling could not be kept"
        if self._ceiling is not None and price and self.spent + price > self._ceiling:
            return (
                f"{format_credits(self.spent)} of {format_credits(self._ceiling)} credits are "
                f"spent, and this submit costs {format_credits(price)}"
            )
        self._held += price or 0
        return None

    def settle(self, price: int | None, exchange: Exchange) -> None:
        """A call that was paid for has ended."""
        self._held -= price or 0
        operation = self._contract.operations.get(exchange.operation or "")
        if operation is None:
            return
        reply = read_json(exchange.response_body)
        task = next(find_texts(operation.shapes.values(), "task.id", reply), None)
        if operation.role is Role.SUBMIT and task is not None:
            self._tasks[task] = price or 0
        elif operation.role is Role.SUBMIT and (exchange.status is None or exchange.error):
            self._lost += price or 0  # it may have arrived
        facts = read_facts(operation.shapes.values(), reply)
        cost = facts.get("task.cost")
        if task in self._tasks and isinstance(cost, int):
            self._tasks[task] = cost


def format_credits(thousandths: int) -> str:
    """Credits for people: 12, 0.5."""
    return f"{thousandths / THOUSAND:,.3f}".rstrip("0").rstrip(".")
