"""An OpenAPI Overlay that makes a contract agree with what came, ready for review."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from mockserver.contract.document import escape, split_pointer
from mockserver.contract.model import Contract
from mockserver.contract.moments import Phase
from mockserver.record.drift.amendment import Action, Amendment
from mockserver.record.drift.finding import Finding
from mockserver.record.drift.kind import RATINGS, Kind
from mockserver.record.drift.site import Path, Site, find_site
from mockserver.record.drift.survey import Drift
from mockserver.record.redact import Redactor

_OF_PARENT: Final = frozenset({Kind.MISSING_FIELD, Kind.NEW_FIELD})


class Draft:
    """The overlay for one contract, made finding by finding."""

    def __init__(self, contract: Contract, redactor: Redactor) -> None:
        self._contract = contract
        self._redactor = redactor
        self._amendments: dict[Path, Amendment] = {}
        self._others: list[Action] = []
        self._states: set[object] = set()  # that were added
        self.unsaid: list[Finding] = []  # what no overlay can say, or this one does not

    def take(self, finding: Finding) -> None:
        """Add what a finding asks for."""
        if finding.place.side == "request" or not RATINGS[finding.kind].by_overlay:
            self.unsaid.append(finding)
        elif finding.kind in _OF_PARENT:
            self._amend_parent(finding)
        else:
            self._amend(finding)

    def write(self) -> dict[str, Any]:
        """The overlay; deep places come first, since what is above them may be removed."""
        deep = sorted(self._amendments.values(), key=lambda each: -len(each.site.path))
        actions = [action for each in deep for action in each.write("; ".join(each.reasons))]
        edition = self._contract.edition
        overlay = {
            "overlay": "1.0.0",
            "info": {
                "title": f"{self._contract.title}, as recorded",
                "version": "draft",
                "description": f"Made from a recording; applies to the edition {edition!r}.",
            },
            "actions": [*actions, *self._others],
        }
        copy: dict[str, Any] = orjson.loads(orjson.dumps(overlay))  # nothing in it twice
        return copy

    def _find_site(self, finding: Finding, pointer: str) -> Site | None:
        site = find_site(self._contract.document, finding.where, pointer)
        if site is None:
            self.unsaid.append(finding)
        return site

    def _open(self, site: Site, finding: Finding) -> Amendment:
        amendment = self._amendments.setdefault(site.path, Amendment(site))
        reason = describe_evidence(finding)
        if reason not in amendment.reasons:
            amendment.reasons.append(reason)
        return amendment

    def _amend(self, finding: Finding) -> None:
        clean = [value for value in finding.values if self._is_clean(value)]
        is_worded = finding.kind in (Kind.TEXT, Kind.NEW_STATE)
        site = self._find_site(finding, finding.place.pointer)
        if site is None:
            return
        if is_worded and not clean:
            self.unsaid.append(finding)
        elif finding.kind is Kind.TEXT:
            amendment = self._open(site, finding)
            amendment.put.setdefault("default", clean[0])
            others = [text for text in clean if text != amendment.put["default"]]
            told = [*amendment.put.get("examples", ()), *others]
            amendment.put |= {"examples": list(dict.fromkeys(told))} if told else {}
        else:
            self._open(site, finding).take(finding, clean)
        if finding.kind is Kind.NEW_STATE:
            for value in clean:
                self._add_state(value, finding)

    def _amend_parent(self, finding: Finding) -> None:
        *parents, name = split_pointer(finding.place.pointer)
        site = self._find_site(finding, "".join(f"/{escape(part)}" for part in parents))
        if site is None:
            return
        if not self._is_clean(name):
            self.unsaid.append(finding)
            return
        # Of JSON in a string, the fields stand one step further down.
        inner = site.node.get("contentSchema")
        if isinstance(inner, dict):
            site = Site((*site.path, "contentSchema"), inner)
        amendment = self._open(site, finding)
        if finding.kind is Kind.MISSING_FIELD:
            amendment.optional.add(name)
        else:
            amendment.fields.setdefault(name, []).append(finding)

    def _add_state(self, name: object, finding: Finding) -> None:
        """A further word for a phase, into which every open state may lead."""
        if name in self._states or name in self._contract.lifecycle.by_name:
            return
        self._states.add(name)
        states = self._contract.lifecycle.states
        moments = finding.place.moment.split("|")
        phase = next((p for p in reversed(Phase) if p in moments), Phase.RUNNING)
        state: dict[str, Any] = {"state": name, "phase": phase}
        if not phase.is_final:
            state["next"] = [each.name for each in states if each.phase.is_final]
        reason, target = describe_evidence(finding), "$['x-provider']['lifecycle']"
        for index, each in enumerate(states):
            if not each.phase.is_final:
                update = {"next": [name]}
                action = {"target": f"{target}[{index}]", "description": reason, "update": update}
                self._others.append(action)
        self._others.append({"target": target, "description": reason, "update": state})

    def _is_clean(self, value: object) -> bool:
        """Whether a value may stand in a file: it was not cut, and is no secret."""
        if not isinstance(value, str):
            return True
        return not value.endswith("…") and self._redactor.redact_text(value) == value


def suggest_overlay(drift: Drift, contract: Contract) -> tuple[dict[str, Any], list[Finding]]:
    """An overlay by which the contract agrees with its findings, and those that it cannot help."""
    draft = Draft(contract, drift.redactor)
    for finding in drift.findings:
        if finding.place.provider == contract.name:
            draft.take(finding)
    return draft.write(), draft.unsaid


def describe_evidence(finding: Finding) -> str:
    """By what an action is justified."""
    place, first = finding.place, datetime.fromtimestamp(finding.example.started / 1000, UTC)
    counted = f"{finding.count} of {finding.of}, first {first:%Y-%m-%d}"
    return f"{place.operation}, {place.moment}: {finding.kind} at {place.pointer} ({counted})"
