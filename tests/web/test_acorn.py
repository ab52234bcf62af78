"""A whole life at acorn, the provider that does not exist and uses every word of a contract."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.media.decode import decode

Ask = Callable[..., httpx.Response]

PLANTINGS = "/acorn/v1/plantings"
KEY = "sk-mock-test"
ACCOUNT = f"/_mock/accounts/{KEY}"
JOB = {"wish": "an old oak in the mist", "duration": 10}
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
LONGEST = 9 * SECOND  # that a quick oak takes


@pytest.fixture(scope="session")
def contracts() -> Sequence[Contract]:
    """Acorn alone."""
    return [load(Path(__file__).parents[2] / "fixtures" / "acorn")]


def order(species: str = "quick-oak", /, **job: Any) -> dict[str, Any]:
    """The body of a submit."""
    needed = JOB if species == "quick-oak" else {"wish": JOB["wish"]}
    return {"species": species, "job": {**needed, **job}}


class Garden:
    """Acorn as one client sees it, and a clock to move."""

    def __init__(self, ask: Ask, clock: ManualClock) -> None:
        self.ask = ask
        self.wait = clock.advance

    def plant(self, species: str = "quick-oak", /, key: str = KEY, **job: Any) -> str:
        """Plant something that should be taken; the address of the planting."""
        reply = self.ask("POST", PLANTINGS, key=key, json=order(species, **job))
        assert reply.status_code == 201, reply.text
        return f"{PLANTINGS}/{reply.json()['planting']}"

    def order(self, body: dict[str, Any], once: str | None = None) -> httpx.Response:
        """Send an order, perhaps under a key for once."""
        headers = {} if once is None else {"Idempotency-Key": once}
        return self.ask("POST", PLANTINGS, json=body, headers=headers)

    def look(self, place: str, **given: Any) -> dict[str, Any]:
        """What stands at an address."""
        found: dict[str, Any] = self.ask("GET", place, **given).json()
        return found

    def read_purse(self, **given: Any) -> str:
        """The balance as it is spelled on the wire."""
        return self.ask("GET", "/acorn/v1/purse", **given).text


@pytest.fixture
def garden(ask: Ask, clock: ManualClock) -> Garden:
    """A garden in which nothing was planted."""
    return Garden(ask, clock)


def tell_kind(reply: httpx.Response) -> tuple[int, str]:
    """Status and kind of a refusal."""
    return reply.status_code, reply.json()["error"]["kind"]


def test_a_submit_answers_201_and_says_where_to_look(garden: Garden) -> None:
    """The reply holds the id, a numeric state and a spaced date; a header leads to the task."""
    reply = garden.order(order())
    body = reply.json()

    assert reply.status_code == 201
    assert body["state"] == 0
    assert body["planted_at"] == "2026-01-01 00:00:00"
    assert reply.headers["location"] == f"/v1/plantings/{body['planting']}"
    assert garden.look(f"/acorn{reply.headers['location']}")["planting"] == body["planting"]


def test_a_key_for_once_gives_the_first_planting_again(garden: Garden) -> None:
    """Under one Idempotency-Key there is one task, whatever the body asks for the second time."""
    first = garden.order(order(), once="spring")
    same = garden.order(order(), once="spring")
    other = garden.order(order("slow-elm"), once="spring")

    assert first.json() == same.json() == other.json()
    assert garden.order(order()).json() != first.json()


def test_a_key_for_once_that_is_too_long_is_refused(garden: Garden) -> None:
    """The declared length of the header counts."""
    assert tell_kind(garden.order(order(), once="x" * 64 + "y")) == (400, "wont_grow")
    assert garden.order(order(), once="x" * 64).status_code == 201


def test_a_planting_walks_through_its_numbers(garden: Garden) -> None:
    """Sown, sprouting, oak: each state tells since when, in its own format."""
    place = garden.plant()
    sown = garden.look(place)
    garden.wait(4 * SECOND)
    sprouting = garden.look(place)
    garden.wait(LONGEST)
    oak = garden.look(place)

    assert [sown["state"], sprouting["state"], oak["state"]] == [0, 1, 2]
    assert sown["changed_at"] == 1_767_225_600 < sprouting["changed_at"] < oak["changed_at"]
    assert {seen["planted_at"] for seen in (sown, sprouting, oak)} == {"2026-01-01 00:00:00"}
    assert oak["grown_at"].startswith("2026-01-01T00:00:0")
    assert oak["grown_at"].endswith("Z")
    assert 6 <= oak["grew_for"] <= 9


def test_an_elm_skips_the_sprout(garden: Garden) -> None:
    """A model walks through the states that it names, here from the first to the last."""
    place = garden.plant("slow-elm")
    garden.wait(59 * SECOND)
    before = garden.look(place)["state"]
    garden.wait(SECOND)

    assert (before, garden.look(place)["state"]) == (0, 2)


def test_the_order_is_json_in_json(garden: Garden) -> None:
    """The order stands as a text in a text, as it was sent."""
    text = garden.look(garden.plant(look={"bark": "smooth"}))["order"]

    assert json.loads(text)["species"] == "quick-oak"
    assert json.loads(json.loads(text)["job"]) == {**JOB, "look": {"bark": "smooth"}}


def test_fruit_is_collected_at_another_address(garden: Garden) -> None:
    """Before its time the fruit is unripe; then it is told as one, as objects and in a string."""
    place = garden.plant()
    early = garden.ask("GET", f"{place}/fruit")
    garden.wait(LONGEST)
    ripe = garden.look(f"{place}/fruit")
    leaves = json.loads(ripe["basket"])["leaves"]

    assert tell_kind(early) == (425, "unripe")
    assert early.json()["error"]["text"] == f"{place.rpartition('/')[2]} is not ripe."
    assert len(leaves) == 2
    assert ripe["fruit"] == [{"address": leaf} for leaf in leaves]
    assert ripe["best"] == leaves[0]
    assert ripe["order"] == order()


@pytest.mark.parametrize(
    ("species", "job", "size", "kind"),
    [
        ("quick-oak", {}, (64, 64), "WEBP"),
        ("quick-oak", {"look": {"outline": "tall", "paper": "png"}}, (48, 96), "PNG"),
        ("quick-oak", {"look": {"outline": "wide", "bark": "smooth"}}, (128, 64), "WEBP"),
        ("slow-elm", {"measure": "90*40"}, (90, 40), "JPEG"),
        ("slow-elm", {}, (80, 60), "JPEG"),
        ("wild-nut", {}, (32, 32), "PNG"),
    ],
)
def test_fruit_is_an_image_as_ordered(
    garden: Garden, species: str, job: dict[str, Any], size: tuple[int, int], kind: str
) -> None:
    """Its size and its format follow the order, nested fields and defaults included."""
    place = garden.plant(species, **job)
    garden.wait(MINUTE)
    reply = garden.ask("GET", urlsplit(garden.look(f"{place}/fruit")["best"]).path, key=None)
    image = Image.open(io.BytesIO(reply.content))

    assert (image.size, image.format) == (size, kind)
    assert decode(reply.content).task_id == place.rpartition("/")[2]


@pytest.mark.parametrize(
    ("species", "job", "price", "left"),
    [
        ("quick-oak", {"duration": 10}, "5.0", "245.5"),
        ("quick-oak", {"duration": 3, "look": {"bark": "smooth"}}, "3.75", "246.75"),
        (
            "quick-oak",
            {"duration": 2, "look": {"bark": "smooth", "outline": "wide"}},
            "3.5",
            "247.0",
        ),
        (
            "quick-oak",
            {"duration": 2, "look": {"bark": "rough", "outline": "wide"}},
            "1.0",
            "249.5",
        ),
        ("slow-elm", {}, "6.0", "244.5"),
        ("wild-nut", {}, "0.0", "250.5"),
    ],
)
def test_an_oak_is_paid_by_the_second_when_it_stands(
    garden: Garden, species: str, job: dict[str, Any], price: str, left: str
) -> None:
    """Nothing is taken at the submit; at success the row of the table times the duration is."""
    place = garden.plant(species, **job)
    growing = garden.read_purse()
    garden.wait(MINUTE)

    assert growing == '{"acorns":250.5}'
    assert garden.read_purse() == f'{{"acorns":{left}}}'
    assert f'"price":{price},' in garden.ask("GET", place).text


def test_the_purse_has_to_cover_what_still_grows(garden: Garden) -> None:
    """The price of an open task is kept back, so that the balance is never overdrawn."""
    garden.ask("POST", f"{ACCOUNT}/credits", json={"provider": "acorn", "set": 8.5})
    garden.plant("slow-elm")
    refused = garden.order(order("slow-elm"))
    garden.wait(MINUTE)

    assert tell_kind(refused) == (402, "light_purse")
    assert refused.json()["error"]["text"] == "Your purse holds 8.5 acorns."
    assert garden.read_purse() == '{"acorns":2.5}'


@pytest.mark.parametrize(
    ("method", "tail", "status"), [("DELETE", "", 200), ("POST", "/fell", 202)]
)
def test_a_felled_planting_costs_nothing(
    garden: Garden, method: str, tail: str, status: int
) -> None:
    """Canceled on its way it stays felled, is not paid, and cannot be felled again."""
    place = garden.plant()
    garden.wait(3 * SECOND)
    felled = garden.ask(method, place + tail)
    garden.wait(MINUTE)
    seen = garden.look(place)

    assert (felled.status_code, felled.json()["state"]) == (status, 5)
    assert (seen["state"], seen["cost"], seen["lived_for"]) == (5, 0, 3_000)
    assert seen["died_at"] == 1_767_225_603_000
    assert seen["reason"] == {"code": None, "text": None}
    assert tell_kind(garden.ask(method, place + tail)) == (409, "too_late")
    assert tell_kind(garden.ask("GET", f"{place}/fruit")) == (422, "barren")
    assert garden.read_purse() == '{"acorns":250.5}'


@pytest.mark.parametrize(
    ("failure", "code", "text"),
    [
        ("fails", "E-BLIGHT", "The blight took it."),
        ("blight", "E-BLIGHT", "The blight took it."),
        ("drought", None, "Nobody watered it."),
    ],
)
def test_a_withered_planting_tells_why(
    garden: Garden, failure: str, code: str | None, text: str
) -> None:
    """A failure comes with its code, if it has one, and its message; it costs nothing."""
    key = f"sk-mock-test.{failure}"
    place = garden.plant(key=key)
    garden.wait(LONGEST)
    seen = garden.look(place, key=key)
    fruit = garden.ask("GET", f"{place}/fruit", key=key)

    assert (seen["state"], seen["cost"]) == (9, 0)
    assert seen["reason"] == {"code": code, "text": text}
    assert (tell_kind(fruit), fruit.json()["error"]["text"]) == ((422, "barren"), text)
    assert garden.read_purse(key=key) == '{"acorns":250.5}'


def test_too_many_submits_have_to_wait(garden: Garden) -> None:
    """The seventh in ten seconds is told how long, in a header and in milliseconds."""
    for _ in range(6):
        garden.order(order("wild-nut"))
    garden.wait(4 * SECOND)
    refused = garden.order(order("wild-nut"))
    garden.wait(6 * SECOND)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
    assert refused.headers["x-reply"] == "429"
    assert refused.json()["error"] == {
        "kind": "too_fast",
        "text": "6 in 10 seconds.",
        "wait": 6_000,
        "span": 10,
    }
    assert garden.order(order("wild-nut")).status_code == 201


def test_a_tier_has_so_many_plantings_at_a_time(garden: Garden) -> None:
    """The default tier grows two, another one twenty."""
    garden.plant()
    garden.plant()
    refused = garden.order(order())
    garden.ask("PATCH", ACCOUNT, json={"tier": "grove"})

    assert tell_kind(refused) == (429, "bed_is_full")
    assert refused.json()["error"]["text"] == "2 plants at a time."
    assert (refused.json()["error"]["most"], refused.json()["error"]["tier"]) == (2, "seedling")
    assert garden.order(order()).status_code == 201


def test_one_operation_has_a_limit_of_its_own(garden: Garden) -> None:
    """Felling by POST is limited, by DELETE it is not."""
    place = garden.plant()
    for _ in range(2):
        garden.ask("POST", f"{place}/fell")

    assert tell_kind(garden.ask("POST", f"{place}/fell")) == (429, "too_fast")
    assert tell_kind(garden.ask("DELETE", place)) == (409, "too_late")


def test_a_key_can_be_spent_for_the_day(garden: Garden) -> None:
    """A limit answers with the condition that it names, in its own window."""
    for _ in range(40):
        garden.order(order("wild-nut"))
        garden.wait(2 * SECOND)
    refused = garden.order(order("wild-nut"))

    assert tell_kind(refused) == (403, "key_is_spent")
    assert refused.json()["error"]["text"] == "This key plants 40 acorns in 86400 seconds."


def test_a_planting_is_forgotten_after_a_day(garden: Garden) -> None:
    """Whatever is asked of it then is answered with 410; what never was, with 404."""
    place = garden.plant()
    garden.wait(LONGEST + 24 * HOUR)

    assert tell_kind(garden.ask("GET", place)) == (410, "rotted")
    assert tell_kind(garden.ask("GET", f"{place}/fruit")) == (410, "rotted")
    assert tell_kind(garden.ask("DELETE", place)) == (410, "rotted")
    assert tell_kind(garden.ask("GET", f"{PLANTINGS}/pl-0")) == (404, "never_planted")


def test_addresses_end_before_files_do(garden: Garden) -> None:
    """A result's own address is good for an hour; a signpost leads to it for 20 minutes more."""
    place = garden.plant("wild-nut")
    garden.wait(SECOND)
    address = garden.look(f"{place}/fruit")["best"]
    garden.wait(59 * MINUTE)
    good = garden.ask("GET", address, key=None).status_code
    garden.wait(MINUTE)
    gone = garden.ask("GET", address, key=None).status_code
    post = garden.ask("POST", "/acorn/v1/signposts", json={"fruit": address})
    garden.wait(20 * MINUTE - 1)
    led = garden.ask("GET", post.json()["address"], key=None).status_code
    garden.wait(1)

    assert (good, gone, post.status_code, led) == (200, 404, 201, 200)
    assert garden.ask("GET", post.json()["address"], key=None).status_code == 404


def test_a_signpost_leads_to_fruit_only(garden: Garden) -> None:
    """An address that is none of the account's is refused."""
    reply = garden.ask("POST", "/acorn/v1/signposts", json={"fruit": "https://files.example/1.png"})

    assert tell_kind(reply) == (400, "not_understood")


def test_a_lent_picture_is_acknowledged(garden: Garden) -> None:
    """An upload is answered from what it says."""
    lent = {"picture": "https://pictures.example/1.png"}
    reply = garden.ask("POST", "/acorn/v1/pots", json=lent)

    assert (reply.status_code, reply.json()) == (201, lent)


@pytest.mark.parametrize(
    ("sent", "kind", "text"),
    [
        ({"content": b"{"}, "gibberish", "This is no JSON."),
        (
            {"json": {"species": "quick-oak", "job": {"wish": "x"}}},
            "something_is_missing",
            "duration is missing.",
        ),
        ({"json": order(duration=61)}, "wont_grow", "duration will not grow here."),
        ({"json": order("stone-pine")}, "unknown_species", "We have no such acorn."),
    ],
)
def test_a_bad_order_is_told_what_is_wrong(
    garden: Garden, sent: dict[str, Any], kind: str, text: str
) -> None:
    """Each way to be wrong has a shape of its own."""
    reply = garden.ask("POST", PLANTINGS, **sent)

    assert tell_kind(reply) == (400, kind)
    assert reply.json()["error"]["text"] == text


@pytest.mark.parametrize(
    ("condition", "method", "tail", "answer"),
    [
        ("unauthorized", "POST", "", (401, "stranger")),
        ("malformed", "POST", "", (400, "gibberish")),
        ("missing-field", "POST", "", (400, "something_is_missing")),
        ("bad-value", "POST", "", (400, "wont_grow")),
        ("unknown-model", "POST", "", (400, "unknown_species")),
        ("invalid-request", "POST", "", (400, "not_understood")),
        ("insufficient-credits", "POST", "", (402, "light_purse")),
        ("key-limit-reached", "POST", "", (403, "key_is_spent")),
        ("feature-disabled", "POST", "", (403, "not_for_you")),
        ("no-such-resource", "POST", "", (404, "bare_ground")),
        ("conflict", "POST", "", (409, "taken")),
        ("rate-limited", "POST", "", (429, "too_fast")),
        ("too-many-active", "POST", "", (429, "bed_is_full")),
        ("server-error", "POST", "", (500, "storm")),
        ("maintenance", "POST", "", (503, "winter")),
        ("not-found", "GET", "/pl-0", (404, "never_planted")),
        ("not-yet-visible", "GET", "/pl-0", (404, "underground")),
        ("expired", "GET", "/pl-0", (410, "rotted")),
        ("generation-failed", "GET", "/pl-0/fruit", (422, "barren")),
    ],
)
def test_a_key_alone_brings_every_refusal(
    garden: Garden, condition: str, method: str, tail: str, answer: tuple[int, str]
) -> None:
    """Each condition is a scenario, answered in its shape and under its status."""
    body = {"json": order()} if method == "POST" else {}
    reply = garden.ask(method, PLANTINGS + tail, key=f"sk-mock-test.{condition}", **body)

    assert tell_kind(reply) == answer


def test_a_pretended_limit_is_the_one_that_says_so(garden: Garden) -> None:
    """A refusal that a key asks for tells of the limit which would answer that way."""
    key = "sk-mock-test.key-limit-reached"
    reply = garden.ask("POST", PLANTINGS, key=key, json=order())

    assert reply.json()["error"]["text"] == "This key plants 40 acorns in 86400 seconds."


def test_a_wrong_scenario_is_named(garden: Garden) -> None:
    """A key with a slip is refused in acorn's own shape, with the name that was meant."""
    reply = garden.ask("POST", PLANTINGS, key="sk-mock-test.drougth", json=order())

    assert tell_kind(reply) == (401, "stranger")
    assert "'drought'" in reply.json()["error"]["text"]


def test_without_a_code_in_the_body_the_status_stays(garden: Garden) -> None:
    """An account that wants codes in envelopes still gets the status, the only code there is."""
    garden.ask("PATCH", ACCOUNT, json={"http_status": "envelope"})

    assert tell_kind(garden.ask("GET", f"{PLANTINGS}/pl-0")) == (404, "never_planted")


def test_a_path_that_is_none_is_named(garden: Garden) -> None:
    """The provider's own reply to a lost call tells which path it was."""
    reply = garden.ask("GET", "/acorn/v1/shrubs")

    assert tell_kind(reply) == (404, "no_such_path")
    assert reply.json()["error"]["path"].endswith("/v1/shrubs")
