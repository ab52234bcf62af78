from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.contract.load import load
from mockserver.contract.openapi import check_form
from mockserver.errors import ContractError

WriteContract = Callable[..., Path]

RESPONSE = "/paths/~1make/post/responses/200"
LOST = "/paths/~1see~1{id}/get/responses/404"


@pytest.mark.parametrize(
    ("pointer", "value", "where"),
    [
        (RESPONSE, {"content": {"application/json": {}}}, f"{RESPONSE}/content/application~1json"),
        (RESPONSE, "taken", RESPONSE),
        (
            f"{LOST}/content/application~1json/schema",
            True,
            f"{LOST}/content/application~1json/schema",
        ),
        ("/paths/~1make/post/parameters/0/in", "cookie", "/paths/~1make/post/parameters/0/in"),
        ("/paths/~1make/servers", [], "/paths/~1make"),
        ("/security", ["bearer"], "/security/0"),
        ("/servers/0/url", None, "/servers/0"),
    ],
)
def test_a_contract_of_another_form_is_refused_with_its_place(
    write_contract: WriteContract, pointer: str, value: object, where: str
) -> None:
    """What is no OpenAPI, or a part of it that is not read, is named by its pointer."""
    folder = write_contract({f"#{pointer}": value})
    root: dict[str, Any] = yaml.safe_load((folder / "contract.yaml").read_text("utf-8"))

    assert where in [error.where for error in check_form(root, "")]


def test_a_contract_that_cannot_be_read_is_refused_by_its_form(
    write_contract: WriteContract,
) -> None:
    """Loading a contract with a hole in it ends with the hole's place, not with a bug's."""
    folder = write_contract({f"#{RESPONSE}": {"content": {"application/json": {}}}})

    with pytest.raises(ContractError, match='"schema" is a required property') as caught:
        load(folder)

    assert caught.value.where == f"acme/contract.yaml#{RESPONSE}/content/application~1json"


def test_a_part_is_checked_by_itself() -> None:
    """A model's file holds schemas, which have the form of a schema."""
    (error,) = check_form({"properties": 7}, "acme/models/all.yaml#/big", "schema")

    assert error.where == "acme/models/all.yaml#/big/properties"
