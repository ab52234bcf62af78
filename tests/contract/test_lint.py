import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.document import Document
from mockserver.contract.lint import Finding, lint, lint_document, list_assumed, list_rules
from mockserver.contract.load import load
from mockserver.contract.plain_yaml import read_yaml
from mockserver.data import contracts_dir
from mockserver.errors import ContractError

WriteContract = Callable[..., Path]

BUILT_IN = sorted(path.parent.name for path in contracts_dir().glob("*/contract.yaml"))

SCHEMAS = "#/components/schemas"
MAKE = "#/paths/~1make/post"
SEE = "#/paths/~1see~1{id}/get"
WORDS = "#/x-provider"
CALLBACK = f"{MAKE}/callbacks/ended/{{$request.body#~1hook}}"
STRAY = {"state": "stray", "phase": "running", "next": ["done"]}
CIRCLE = {"state": "circle", "phase": "running", "next": ["circle"]}
YIELDS = {"media": "image", "takes": "1s"}
REMOVED = None

# The rule that speaks, the edits that make it speak, where it speaks, and a part of what it says.
OFFENCES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "form-is-openapi",
        {f"{MAKE}/responses/200": {"content": {"application/json": {}}}},
        f"{MAKE}/responses/200/content/application~1json",
        '"schema" is a required property',
    ),
    ("form-is-openapi", {f"{MAKE}/operationId": 7}, f"{MAKE}/operationId", "not of type"),
    ("form-is-openapi", {f"{MAKE}/servers": [{}]}, f"{MAKE}/servers/0", '"url" is a required'),
    ("words-keep-the-grammar", {f"{WORDS}/gates/0": "kye"}, f"{WORDS}/gates/0", '"kye"'),
    (
        "words-keep-the-grammar",
        {f"{SCHEMAS}/Taken/properties/id/x-fact": "task.di"},
        f"{SCHEMAS}/Taken/properties/id/x-fact",
        "no fact 'task.di'",
    ),
    (
        "contract-can-be-read",
        {f"{SEE}/responses/404": {"$ref": "#/components/responses/Gone"}},
        "#/components/responses/Gone",
        "nothing at this pointer",
    ),
    (
        "contract-can-be-read",
        {f"{WORDS}/ids": "a{hex}"},
        f"{WORDS}/ids",
        "{hex} in 'a{hex}' is no field of an id",
    ),
    (
        "references-lead-somewhere",
        {"models/all.yaml#/spare": {"$ref": "#/nowhere"}},
        "models/all.yaml#/spare/$ref",
        "#/nowhere leads nowhere",
    ),
    (
        "models-have-the-form-of-schemas",
        {"models/all.yaml#/small/properties": 7},
        "models/all.yaml#/small/properties",
        "not of type",
    ),
    (
        "bodies-can-be-read",
        {"models/all.yaml#/big/x-price/rows/0/when": {"colour": "red"}},
        "models/all.yaml#/big/x-price/rows/0/when",
        "looks at 'colour'",
    ),
    (
        "bodies-can-be-read",
        {"models/all.yaml#/big/x-price/times": "$request.body#/model"},
        "models/all.yaml#/big/x-price/times",
        "no field of the input",
    ),
    (
        "bodies-can-be-read",
        {"models/all.yaml#/big/x-yields": {**YIELDS, "size": {"default": "1x1", "ratio": "a/b"}}},
        "models/all.yaml#/big/x-yields/size",
        "looks at 'a/b'",
    ),
    (
        "schemas-can-be-used",
        {f"{MAKE}/responses/429/headers": {"X-At": {"schema": {"x-fact": "call.time"}}}},
        f"{SCHEMAS}/TooFast, header X-At",
        "cannot have the format None",
    ),
    (
        "schemas-can-be-used",
        {"models/all.yaml#/input/properties/prompt/pattern": "(?=x)"},
        "models/all.yaml#/big",
        "not a usable JSON Schema",
    ),
    (
        "schemas-can-be-used",
        {f"{SCHEMAS}/Open/properties/made/format": "stardate"},
        f"{SCHEMAS}/Open/properties/made",
        "cannot have the format 'stardate'",
    ),
    (
        "each-submit-leads-to-an-inspect",
        {f"{MAKE}/responses/200/links": {}},
        f"{MAKE}/responses",
        "no link leads to an operation",
    ),
    (
        "links-find-their-ends",
        {f"{MAKE}/responses/200/links/see/parameters/id": "$response.body#/ident"},
        f"{MAKE}/responses/200/links/see/parameters/id",
        "finds nothing in make",
    ),
    (
        "links-find-their-ends",
        {f"{MAKE}/responses/200/links/see/requestBody": {"id": "$response.body#/ident"}},
        f"{MAKE}/responses/200/links/see/requestBody/id",
        "finds nothing in make",
    ),
    (
        "links-find-their-ends",
        {f"{MAKE}/responses/200/links/see/parameters": {"ident": "$response.body#/id"}},
        f"{MAKE}/responses/200/links/see",
        "leaves out 'id', which see requires",
    ),
    (
        "links-find-their-ends",
        {f"{MAKE}/responses/200/links/more": {"operationId": "look"}},
        f"{MAKE}/responses/200/links/more",
        "no operation 'look'",
    ),
    (
        "links-find-their-ends",
        {f"{MAKE}/responses/200/links/see/parameters/id": "$response.bdy#/id"},
        f"{MAKE}/responses/200/links/see/parameters/id",
        "is not a runtime expression",
    ),
    (
        "links-find-their-ends",
        {f"{MAKE}/responses/200/links/see/parameters/id": "$request.header.X-Twice"},
        f"{MAKE}/responses/200/links/see/parameters/id",
        "finds nothing in make",
    ),
    (
        "callbacks-find-their-address",
        {
            f"{SCHEMAS}/Make/properties/hook": REMOVED,
            f"{SCHEMAS}/Make/properties/x": {"x-fact": "callback.url"},
        },
        CALLBACK,
        "{$request.body#/hook} finds nothing",
    ),
    (
        "operations-are-told-what-they-need",
        {f"{SEE}/parameters/0/schema/x-fact": REMOVED},
        SEE,
        "carries task.id",
    ),
    ("security-schemes-exist", {"#/security": [{"basic": []}]}, "#/security", "scheme 'basic'"),
    (
        "idempotency-keys-are-parameters",
        {f"{MAKE}/parameters/0/name": "X-Twice"},
        MAKE,
        "no header parameter x-once",
    ),
    (
        "states-are-the-words-of-replies",
        {f"{SCHEMAS}/Open/properties/state/enum/-": "idle"},
        f"{SCHEMAS}/Open/properties/state",
        "says 'idle'",
    ),
    (
        "states-are-the-words-of-replies",
        {f"{SCHEMAS}/Done/properties/state/x-fact": REMOVED},
        f"{WORDS}/lifecycle/2",
        "can say 'done'",
    ),
    (
        "every-state-has-its-place",
        {f"{WORDS}/lifecycle/-": STRAY, f"{SCHEMAS}/Open/properties/state/enum/-": "stray"},
        f"{WORDS}/lifecycle/4",
        "no task comes to 'stray'",
    ),
    (
        "every-state-has-its-place",
        {f"{WORDS}/lifecycle/1/next": ["done"]},
        f"{WORDS}/lifecycle/3",
        "no task comes to 'broken'",
    ),
    (
        "every-path-ends",
        {
            f"{WORDS}/lifecycle/-": CIRCLE,
            f"{WORDS}/lifecycle/1/next/-": "circle",
            f"{SCHEMAS}/Open/properties/state/enum/-": "circle",
        },
        f"{WORDS}/lifecycle/4/next",
        "never ends",
    ),
    (
        "tasks-walk-through-open-states",
        {
            "models/all.yaml#/small/x-yields": {
                "media": "image",
                "takes": "1s",
                "through": ["done"],
                "size": {"default": "1x1"},
            }
        },
        "models/all.yaml#/small/x-yields/through/0",
        "'done' is no open state",
    ),
    (
        "each-refusal-has-a-shape",
        {f"{MAKE}/responses/429": REMOVED},
        f"{MAKE}/responses",
        "no shape for rate_limited, although there are limits of 'submit'",
    ),
    (
        "each-refusal-has-a-shape",
        {f"{SEE}/responses/404": REMOVED},
        f"{SEE}/responses",
        "no shape for not_found",
    ),
    (
        "each-outcome-has-a-shape",
        {f"{SCHEMAS}/Open/x-when": "queued"},
        f"{SEE}/responses",
        "no shape for running",
    ),
    (
        "each-delivery-has-a-shape",
        {f"{CALLBACK}/post/x-delivery/when/-": "running"},
        f"{MAKE}/callbacks/ended",
        "no shape for running",
    ),
    (
        "gates-stand-where-they-are-needed",
        {f"{WORDS}/gates/6": REMOVED},
        f"{WORDS}/gates",
        "active is missing",
    ),
    (
        "limits-name-what-they-limit",
        {f"{WORDS}/tiers/pro/0/of": "mkae"},
        f"{WORDS}/tiers/pro/0/of",
        "no operation or role 'mkae'",
    ),
    (
        "limits-name-what-they-limit",
        {f"{WORDS}/default_tier": "por"},
        f"{WORDS}/default_tier",
        "no tier 'por'",
    ),
    (
        "limits-name-what-they-limit",
        {f"{WORDS}/limits/-": {"of": "active", "max": 1, "per": "1s"}},
        f"{WORDS}/limits/1",
        "active tasks without one",
    ),
    (
        "failures-have-names-of-their-own",
        {f"{WORDS}/failures/0/name": "too-many-active"},
        f"{WORDS}/failures/0/name",
        "is a scenario already",
    ),
    (
        "failures-have-names-of-their-own",
        {f"{MAKE}/x-failures": [{"name": "fails", "message": "x"}]},
        f"{MAKE}/x-failures/0/name",
        "is a scenario already",
    ),
    (
        "failures-have-names-of-their-own",
        {f"{SEE}/x-failures": [{"name": "too-late", "message": "Too late."}]},
        f"{SEE}/x-failures",
        "stands on no submit",
    ),
    (
        "shapes-can-be-filled",
        {f"{SCHEMAS}/Open/properties/made": {"format": "unix-s", "x-fact": "task.finished"}},
        f"{SCHEMAS}/Open/properties/made",
        "stays empty at queued",
    ),
    (
        "shapes-can-be-filled",
        {f"{SCHEMAS}/Done/properties/files/contentSchema/properties/urls": {"type": "array"}},
        f"{SCHEMAS}/Done/properties/files/contentSchema/properties/urls",
        "stays empty at succeeded",
    ),
    (
        "shapes-keep-their-schema",
        {f"{SCHEMAS}/Taken/properties/id/type": "integer"},
        f"{SCHEMAS}/Taken",
        "breaks its own schema at /id",
    ),
    (
        "reading-undoes-rendering",
        {f"{SCHEMAS}/Missing/properties/text/x-fact": REMOVED},
        f"{SCHEMAS}/Missing",
        "does not render to it again: /text differs",
    ),
    (
        "replies-say-what-is",
        {
            f"{SCHEMAS}/Done/properties/state/const": "broken",
            f"{SCHEMAS}/Broken/properties/state/const": "done",
        },
        f"{SCHEMAS}/Done",
        "that task.state is 'broken', when it is 'done'",
    ),
    (
        "shapes-exclude-each-other",
        {f"{SCHEMAS}/Conflict/properties/text/const": "busy"},
        f"{SCHEMAS}/TooMany",
        "accepts what is sent at conflict",
    ),
    (
        "codes-are-statuses",
        {f"{SCHEMAS}/Lost/properties/code/const": 410},
        f"{SCHEMAS}/Lost",
        "has the code 410, but is declared under 404",
    ),
    (
        "texts-name-known-facts",
        {f"{SCHEMAS}/Lost/properties/text/default": "no {$task.di}"},
        f"{SCHEMAS}/Lost/properties/text/default",
        "no fact 'task.di'",
    ),
    (
        "models-are-the-branches",
        {f"{SCHEMAS}/Make/oneOf/1": REMOVED},
        f"{SCHEMAS}/Make/oneOf",
        "lacks models/all.yaml#/small",
    ),
    (
        "models-are-the-branches",
        {f"{SCHEMAS}/Make/discriminator/mapping/small": REMOVED},
        f"{SCHEMAS}/Make/discriminator/mapping",
        "lacks models/all.yaml#/small",
    ),
    (
        "catalogues-are-whole",
        {f"{SCHEMAS}/Make/discriminator/x-models/models~1all.yaml/-": "tiny"},
        f"{SCHEMAS}/Make/discriminator/x-models",
        "names 'tiny' twice",
    ),
    (
        "catalogues-are-whole",
        {f"{SCHEMAS}/Make/discriminator/x-models": {"models/all.yaml": []}},
        f"{SCHEMAS}/Make/discriminator/x-models",
        "lacks 'tiny', which stands in models/all.yaml",
    ),
    (
        "models-accept-their-names",
        {"models/all.yaml#/small/properties/model/const": "smal"},
        "models/all.yaml#/small/properties/model",
        "refuses 'small'",
    ),
    (
        "each-submit-says-what-it-makes",
        {"models/all.yaml#/small/x-yields": REMOVED},
        "models/all.yaml#/small",
        "has no x-yields",
    ),
    (
        "defaults-are-allowed",
        {"models/all.yaml#/input/properties/count/default": "one"},
        "models/all.yaml#/big",
        "the default 'one' of count",
    ),
    (
        "price-rows-can-count",
        {"models/all.yaml#/big/x-price/rows/0/when/grade": "9K"},
        "models/all.yaml#/big/x-price/rows/0/when/grade",
        "can never be '9K'",
    ),
    (
        "prices-are-multiplied-by-a-field",
        {"models/all.yaml#/big/x-price/times": "$request.body#/input/number"},
        "models/all.yaml#/big/x-price/times",
        "no field 'number'",
    ),
    (
        "price-rows-can-count",
        {"models/all.yaml#/big/x-price/rows/0/when/grade": ["1K", "9K"]},
        "models/all.yaml#/big/x-price/rows/0/when/grade",
        "can never be '9K'",
    ),
    (
        "bodies-can-be-read",
        {"models/all.yaml#/yields/data": {"of": "{$task.data}"}},
        "models/all.yaml#/big/x-yields/data",
        "no fact 'task.data' that a task tells",
    ),
    (
        "bodies-can-be-read",
        {"models/all.yaml#/big/x-price/per": "second"},
        "models/all.yaml#/big/x-price/per",
        "say nothing of a second",
    ),
    (
        "bodies-can-be-read",
        {"models/all.yaml#/big/x-price/plus": {"each": "imgs", "credits": 1}},
        "models/all.yaml#/big/x-price/plus",
        "looks at 'imgs', no field of the input",
    ),
    (
        "sizes-are-known",
        {"models/all.yaml#/yields/size/table/2K/2:1": REMOVED},
        "models/all.yaml#/big/x-yields/size/table/2K",
        "no size for '2:1'",
    ),
    (
        "sizes-are-known",
        {"models/all.yaml#/yields/size/table/2K": REMOVED},
        "models/all.yaml#/big/x-yields/size/table",
        "no row for the grade '2K'",
    ),
    (
        "examples-keep-their-schema",
        {f"{MAKE}/requestBody/content/application~1json/example/input/prompt": ""},
        f"{MAKE}/requestBody/content/application~1json/example/input/prompt",
        "breaks its schema",
    ),
    (
        "examples-keep-their-schema",
        {f"{MAKE}/requestBody/content/application~1json/example/model": "huge"},
        f"{MAKE}/requestBody/content/application~1json/example",
        "no model 'huge'",
    ),
    (
        "examples-keep-their-schema",
        {f"{SEE}/responses/200/content/application~1json/examples/soon/value/state": "odd"},
        f"{SEE}/responses/200/content/application~1json/examples/soon/value",
        "breaks its schema",
    ),
    (
        "examples-keep-their-schema",
        {"models/all.yaml#/input/properties/ratio/examples/0": 1},
        "models/all.yaml#/input/properties/ratio/examples/0",
        "not of type",
    ),
]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_contract_keeps_every_rule(name: str) -> None:
    """Nothing is found in a contract that comes with the package, in none of its editions."""
    assert lint(contracts_dir() / name) == []


def test_a_contract_that_keeps_every_rule_is_clean(write_contract: WriteContract) -> None:
    """Nothing is found in the small contract that the other tests damage."""
    assert lint(write_contract()) == []


@pytest.mark.parametrize(("rule", "edits", "where", "problem"), OFFENCES)
def test_a_damage_makes_its_rule_speak_and_no_other(
    write_contract: WriteContract, rule: str, edits: dict[str, Any], where: str, problem: str
) -> None:
    """What breaks one rule is told by that rule, at its place, in clear words."""
    findings = lint(write_contract(edits))
    place = f"acme/{where if '.yaml' in where else f'contract.yaml{where}'}"

    assert {finding.rule for finding in findings} == {rule}
    assert [f for f in findings if f.where == place and problem in f.problem]


def test_every_rule_is_broken_by_a_test() -> None:
    """There is no rule that nothing here breaks."""
    assert {offence[0] for offence in OFFENCES} == set(list_rules())


def test_every_rule_says_in_a_sentence_what_it_asks_for() -> None:
    """A rule's description is a sentence."""
    sentences = list_rules().values()

    assert [text for text in sentences if not (text[0].isupper() and text.endswith("."))] == []


def test_what_editions_share_is_told_once(write_contract: WriteContract) -> None:
    """A finding in two editions stands once in the list."""
    overlay = [{"target": "$.info", "update": {"title": "Acme as seen"}}]

    assert len(lint(write_contract({f"{WORDS}/default_tier": "por"}, overlay))) == 1


def test_what_only_an_edition_breaks_names_it(write_contract: WriteContract) -> None:
    """A finding that an overlay brings says in which edition it is found."""
    overlay = [{"target": "$['x-provider']", "update": {"default_tier": "por"}}]
    (finding,) = lint(write_contract(overlay=overlay))

    assert finding.problem == "in the edition observed, there is no tier 'por'"


def test_an_overlay_that_finds_nothing_is_a_finding(write_contract: WriteContract) -> None:
    """An overlay written for another contract is told, not raised."""
    overlay = [{"target": "$.nothing", "update": {}}]
    (finding,) = lint(write_contract(overlay=overlay))

    assert finding.where == "acme/observed.yaml#/actions/0/target"


def test_a_folder_without_a_contract_cannot_be_read(tmp_path: Path) -> None:
    """Where there is no contract, there is nothing to judge."""
    with pytest.raises(ContractError, match=r"has no contract\.yaml"):
        lint(tmp_path)


def test_a_key_that_is_no_text_is_named(write_contract: WriteContract) -> None:
    """A status that YAML reads as a number is told with its remedy."""
    folder = write_contract()
    main = folder / "contract.yaml"
    main.write_text(main.read_text("utf-8").replace('"404":', "404:"), encoding="utf-8")
    (finding,) = lint(folder)

    where = f"acme/contract.yaml{SEE}/responses"
    assert str(finding) == f'{where}: has the key 404, no text (write "404")'


def test_everything_assumed_is_listed_with_its_place(write_contract: WriteContract) -> None:
    """Marks on a node and marks by key are listed, in the main file and in those of models."""
    assert list_assumed(load(write_contract())) == [
        "acme/contract.yaml#/x-provider/idempotency/changed",
        "acme/contract.yaml#/components/schemas/TooMany",
        "acme/models/all.yaml#/yields",
    ]


def test_a_default_edition_lists_what_it_assumes(write_contract: WriteContract) -> None:
    """What an overlay has seen is not assumed any more."""
    seen = {"target": "$.components.schemas.TooMany", "update": {"x-basis": "observed"}}
    folder = write_contract(overlay=[seen])

    assert "acme/contract.yaml#/components/schemas/TooMany" not in list_assumed(load(folder))


def list_places(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything under a node."""
    children = node.items() if isinstance(node, dict) else enumerate(node)
    return [
        place
        for name, child in children
        for place in [
            (*path, name),
            *(list_places(child, (*path, name)) if isinstance(child, dict | list) else []),
        ]
    ]


@pytest.mark.parametrize("name", BUILT_IN)
def test_any_damage_is_told_and_never_raised(name: str) -> None:
    """Whatever stands at one place of a contract, its check ends with a list of findings."""
    folder = contracts_dir() / name
    root = read_yaml(folder / "contract.yaml", name)
    anything = st.sampled_from(["", "odd", 7, -1.5, True, None, [], ["odd"], {}, {"odd": 1}])

    @given(st.sampled_from(list_places(root)), anything)
    def law(place: tuple[str | int, ...], value: object) -> None:
        damaged = json.loads(json.dumps(root))
        *path, last = place
        parent = damaged
        for part in path:
            parent = parent[part]
        parent[last] = value

        findings = lint_document(Document(folder, damaged, "contract.yaml"))
        assert all(isinstance(finding, Finding) for finding in findings)

    law()
