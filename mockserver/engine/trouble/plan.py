"""The faults of an account: which are planned, whom they met, and how often they acted."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson

from mockserver.draw import Draw, draw
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.quota import Quota
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.scenarios.scenario import Scenario
from mockserver.engine.trouble.fault import FaultRule
from mockserver.engine.trouble.occasion import Occasion
from mockserver.engine.trouble.words import write_rule
from mockserver.errors import UsageError

MAX_RULES: Final = 1_000
_MAX_REQUESTS: Final = 100_000  # different ones whose repetitions are counted


class Planned:
    """A rule that was put to an account, and what became of it."""

    __slots__ = ("acted", "label", "met", "number", "put", "quota", "rule", "scenario")

    def __init__(self, number: int, rule: FaultRule, put: int, scenario: str | None = None) -> None:
        self.number = number  # counts the rules of an account, from 1
        self.rule = rule
        self.put = put  # milliseconds on the account's clock
        self.scenario = scenario  # that brought it; None if a control call did
        self.label = orjson.dumps(write_rule(rule), default=str, option=orjson.OPT_SORT_KEYS)
        self.met = 0  # occasions that it was meant for, its dose aside
        self.acted = 0
        self.quota = Quota()  # for a fault that counts calls in windows

    def takes(self, occasion: Occasion) -> bool:
        """Count an occasion that it is meant for; whether the dose allows it to act."""
        target = self.rule.target
        since = occasion.at - self.put
        if since < (target.after or 0) or (target.until is not None and since >= target.until):
            return False
        if not occasion.suits(self.rule.fault, target):
            return False
        self.met += 1
        if target.nth is not None and self.met not in target.nth:
            return False
        return target.count is None or self.acted < target.count


class Act(NamedTuple):
    """A rule's turn to act on an occasion, and what chance gives it for that."""

    planned: Planned
    chance: Draw
    at: int  # milliseconds on the account's clock

    @property
    def name(self) -> str:
        """The name of the fault."""
        return self.planned.rule.name


class FaultPlan:
    """The rules of one account: those of control calls first, then those of its scenarios."""

    __slots__ = ("_occurrences", "_of_scenarios", "_total", "overtaken", "rules")

    def __init__(self) -> None:
        self.rules: list[Planned] = []
        self.overtaken: list[Delivery] = []  # that wait until another one was sent
        self._of_scenarios: dict[str, list[Planned]] = {}
        self._occurrences: OrderedDict[bytes, int] = OrderedDict()
        self._total = 0

    def put(self, rule: FaultRule, now: int) -> Planned:
        """Plan a rule behind the others; raises UsageError if there are too many."""
        if len(self.rules) >= MAX_RULES:
            raise UsageError(f"the account has {MAX_RULES} faults already; clear them first")
        self._total += 1
        self.rules.append(Planned(self._total, rule, now))
        return self.rules[-1]

    def clear(self) -> list[Planned]:
        """Forget the rules of control calls; what became of them."""
        cleared, self.rules = self.rules, []
        return cleared

    def list_all(self) -> list[Planned]:
        """Every rule that was put or brought."""
        return [*self.rules, *(each for rows in self._of_scenarios.values() for each in rows)]

    def find_acts(self, seed: int, occasion: Occasion, scenario: Scenario) -> list[Act]:
        """The rules whose turn it is, in order; the first that does something is the only one.

        What chance decides depends on the seed, the rule, what is asked for and how often it was
        asked before: not on other requests, and not on the order in which they come.
        """
        rows = [*self.rules, *self._bring(scenario, occasion.at)]
        turns = [planned for planned in rows if planned.takes(occasion)]
        if not rows:
            return []
        occurrence = self._count(occasion.digest)
        acts = (
            Act(each, draw(seed, "fault", each.label, occasion.digest, occurrence), occasion.at)
            for each in turns
        )
        return [act for act in acts if act.chance.fraction() < act.planned.rule.target.probability]

    def _bring(self, scenario: Scenario, now: int) -> Iterable[Planned]:
        """The rules of a scenario, which are put when it is first met."""
        if not scenario.faults:
            return ()
        rows = self._of_scenarios.get(scenario.name)
        if rows is None:
            rows = [
                Planned(number, rule, now, scenario.name)
                for number, rule in enumerate(scenario.faults, self._total + 1)
            ]
            self._total += len(rows)
            self._of_scenarios[scenario.name] = rows
        return rows

    def _count(self, digest: bytes) -> int:
        """How often the same was asked before."""
        occurrence = self._occurrences.get(digest, 0)
        self._occurrences[digest] = occurrence + 1
        if len(self._occurrences) > _MAX_REQUESTS:
            self._occurrences.popitem(last=False)
        return occurrence


def open_plan(account: Account) -> FaultPlan:
    """The plan of an account, made if need be."""
    if account.faults is None:
        account.faults = FaultPlan()
    return account.faults
