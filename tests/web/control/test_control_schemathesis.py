"""The control API as schemathesis sees it: calls made up from its own document, in process."""

from typing import Any

import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import Emulator, build_app
from mockserver.web.options import Options

ORIGIN = "http://127.0.0.1:8787"
TOKEN = "the-token"

# Names that only the running server knows (a scenario, a tier, a provider, a failure) are strings
# in the document, so that a valid call may be refused all the same; and 417 is the valid answer to
# an expectation that is not met.
CONFIG = {
    "base-url": ORIGIN,
    "headers": {"X-Mock-Token": TOKEN},
    "generation": {"database": "none"},
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 400, 404, 409, 417]}},
}


def build_emulator() -> Emulator:
    """Every contract that comes with the package, behind a token."""
    contracts = [load(file.parent) for file in sorted(contracts_dir().glob("*/contract.yaml"))]
    engine = Engine(contracts, ManualClock(), Settings(speed=1))
    return build_app(engine, Options(admin_token=TOKEN))


def load_schema() -> schemathesis.BaseSchema:
    """The document as the server gives it."""
    return schemathesis.openapi.from_asgi(
        "/_mock/openapi.json",
        build_emulator(),
        config=SchemathesisConfig.from_dict(CONFIG),
        headers={"X-Mock-Token": TOKEN, "Host": "127.0.0.1:8787"},
    )


def end_stream(case: Case[Any]) -> None:
    """Ask for no event where some were asked for: the stream would go on until they come."""
    if case.operation.path == "/_mock/events" and str(case.query.get("limit", 1)).isdecimal():
        case.query["limit"] = 0


SCHEMA = load_schema()


@SCHEMA.parametrize()
@settings(max_examples=10)
def test_every_call_keeps_the_document(case: Case[Any]) -> None:
    """What is valid is done, what is not is refused in the documented form, and nothing breaks."""
    end_stream(case)

    case.call_and_validate()
