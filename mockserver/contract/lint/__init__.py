"""Checks contracts: everything that the words promise, rule by rule, over every edition."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mockserver.contract.document import Document
from mockserver.contract.grammar import check_words
from mockserver.contract.lint import bodies, lifecycle, links, refusals, schemas, shapes
from mockserver.contract.lint.assumed import list_assumed
from mockserver.contract.lint.examples import check_examples_keep_their_schema
from mockserver.contract.lint.finding import Check, Finding, describe_rule, name_rule
from mockserver.contract.lint.subject import Subject
from mockserver.contract.load import DOCUMENTED, build, list_editions, read_document
from mockserver.contract.openapi import check_form
from mockserver.errors import ContractError

__all__ = ["RULES", "Finding", "describe_rule", "lint", "list_assumed", "name_rule"]

FORM: Final = "form-is-openapi"
GRAMMAR: Final = "words-keep-the-grammar"
READABLE: Final = "contract-can-be-read"

# Each row rests on those before it: where one finds something, the later ones are not asked.
RULES: Final[tuple[tuple[Check, ...], ...]] = (
    (schemas.check_references_lead_somewhere,),
    (schemas.check_models_have_the_form_of_schemas,),
    (schemas.check_bodies_can_be_read,),
    (schemas.check_schemas_can_be_used,),
    (
        links.check_each_submit_leads_to_an_inspect,
        links.check_links_find_their_ends,
        links.check_callbacks_find_their_address,
        links.check_idempotency_keys_are_parameters,
        lifecycle.check_states_are_the_words_of_replies,
        lifecycle.check_every_state_has_its_place,
        lifecycle.check_every_path_ends,
        lifecycle.check_both_outcomes_are_reached,
        lifecycle.check_tasks_walk_through_open_states,
        refusals.check_each_refusal_has_a_shape,
        refusals.check_each_outcome_has_a_shape,
        refusals.check_each_delivery_has_a_shape,
        refusals.check_gates_stand_where_they_are_needed,
        refusals.check_limits_name_what_they_limit,
        refusals.check_failures_have_names_of_their_own,
        shapes.check_shapes_can_be_filled,
        shapes.check_shapes_keep_their_schema,
        shapes.check_reading_undoes_rendering,
        shapes.check_shapes_exclude_each_other,
        shapes.check_codes_are_statuses,
        shapes.check_texts_name_known_facts,
        bodies.check_models_are_the_branches,
        bodies.check_models_accept_their_names,
        bodies.check_each_submit_says_what_it_makes,
        bodies.check_price_rows_can_count,
        bodies.check_prices_are_multiplied_by_a_field,
        bodies.check_sizes_are_known,
        check_examples_keep_their_schema,
    ),
)


def lint(folder: Path) -> list[Finding]:
    """Every finding in a contract's folder, over all its editions; what two share is told once.

    Raises ContractError if there is no contract, or its main file is no YAML.
    """
    read_document(folder, DOCUMENTED)
    findings: dict[Finding, None] = {}
    for edition in list_editions(folder):
        for finding in lint_edition(folder, edition):
            if finding not in findings:
                told = f"in the edition {edition}, {finding.problem}"
                own = finding if edition == DOCUMENTED else replace(finding, problem=told)
                findings[own] = None
    return list(findings)


def lint_edition(folder: Path, edition: str) -> list[Finding]:
    """Every finding in one edition of a contract."""
    try:
        document = read_document(folder, edition)
        if found := [*_check_form(document)] or [*_check_grammar(document)]:
            return found
        subject = Subject(build(document, edition, list_editions(folder)))
    except ContractError as error:
        return [Finding(error.where, READABLE, error.problem, error.hint)]
    for row in RULES:
        if found := list(_check_row(subject, row)):
            return found
    return []


def _check_form(document: Document) -> Iterator[Finding]:
    for error in check_form(document.root, document.where()):
        yield Finding(error.where, FORM, error.problem, error.hint)


def _check_grammar(document: Document) -> Iterator[Finding]:
    for error in check_words(document.root, document.where(), document.resolve):
        yield Finding(error.where, GRAMMAR, error.problem, error.hint)


def _check_row(subject: Subject, row: Sequence[Check]) -> Iterator[Finding]:
    told: set[Finding] = set()
    for check in row:
        for where, problem, hint in check(subject):
            finding = Finding(where, name_rule(check), problem, hint)
            if finding not in told:
                told.add(finding)
                yield finding
