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

__all__ = ["Finding", "lint", "lint_document", "list_assumed", "list_rules"]

# What is asked before there is a contract to look at.
FORM: Final = "form-is-openapi"
GRAMMAR: Final = "words-keep-the-grammar"
READABLE: Final = "contract-can-be-read"
FIRST: Final = {
    FORM: "A contract has the form of OpenAPI 3.1, as far as it is read.",
    GRAMMAR: "Each of our words is known and well formed.",
    READABLE: "The contract can be read, each reference that it uses leads somewhere.",
}

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
        links.check_operations_are_told_what_they_need,
        links.check_security_schemes_exist,
        links.check_idempotency_keys_are_parameters,
        lifecycle.check_states_are_the_words_of_replies,
        lifecycle.check_every_state_has_its_place,
        lifecycle.check_every_path_ends,
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
        shapes.check_replies_say_what_is,
        shapes.check_shapes_exclude_each_other,
        shapes.check_codes_are_statuses,
        shapes.check_texts_name_known_facts,
        bodies.check_models_are_the_branches,
        bodies.check_catalogues_are_whole,
        bodies.check_models_accept_their_names,
        bodies.check_each_submit_says_what_it_makes,
        bodies.check_defaults_are_allowed,
        bodies.check_price_rows_can_count,
        bodies.check_prices_are_multiplied_by_a_field,
        bodies.check_sizes_are_known,
        check_examples_keep_their_schema,
    ),
)


def lint(folder: Path) -> list[Finding]:
    """Every finding in a contract's folder, over all its editions; what two share is told once.

    Raises ContractError if there is no contract, its main file is no YAML, or a part is none.
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
    except ContractError as error:
        return [_find(READABLE, error)]
    return lint_document(document, edition)


def lint_document(document: Document, edition: str = DOCUMENTED) -> list[Finding]:
    """Every finding in a contract's document, an overlay applied to it or not."""
    where, root = document.where(), document.root
    if found := [_find(FORM, document.locate(error)) for error in check_form(root, where)]:
        return found
    try:
        words = check_words(root, where, document.resolve)
        if found := [_find(GRAMMAR, document.locate(error)) for error in words]:
            return found
        subject = Subject(build(document, edition, (edition,)))
        rows = (list(dict.fromkeys(_ask(subject, row))) for row in RULES)
        return next((found for found in rows if found), [])
    except ContractError as error:
        return [_find(READABLE, error)]


def list_rules() -> dict[str, str]:
    """Every rule's name, in the order in which they are asked, and what it says in a sentence."""
    return FIRST | {name_rule(check): describe_rule(check) for row in RULES for check in row}


def _find(rule: str, error: ContractError) -> Finding:
    return Finding(error.where, rule, error.problem, error.hint)


def _ask(subject: Subject, row: Sequence[Check]) -> Iterator[Finding]:
    for check in row:
        for where, problem, hint in check(subject):
            yield Finding(where, name_rule(check), problem, hint)
