from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.engine.files.address import Address, list_addresses, parse_address
from mockserver.engine.files.results import FileMissing, ResultFile

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

HOUR = 3_600_000
NO_FILE = FileMissing("there is no such file")


def find(world: "World", address: str) -> ResultFile | FileMissing:
    parsed = parse_address(address)
    return NO_FILE if parsed is None else world.engine.find_file(parsed)


def make_result(world: "World", **fields: Any) -> str:
    """The address of the first result of a task that has ended."""
    results: list[str] = world.end(world.submit(**fields)["id"])["results"]
    return results[0]


def make_link(world: "World", address: str) -> Mapping[str, Any]:
    return world.read("link", body={"address": address})


def test_a_result_says_all_that_drawing_it_needs(world: "World") -> None:
    """What was asked for, which of how many, how large and in which format."""
    images = ["https://a.example/1.png", "https://a.example/2.png"]
    address = make_result(world, prompt="two nuts", model="fine", images=images, format="JPG")
    file = find(world, address)

    assert address.endswith("/1.jpg")
    assert isinstance(file, ResultFile)
    assert (file.provider, file.model, file.prompt) == ("walnut", "fine", "two nuts")
    assert (file.number, file.of, file.inputs) == (1, 2, tuple(images))
    assert (file.width, file.height, file.format, file.media) == (96, 64, "jpeg", "image")
    assert len(file.digest) == 32


def test_equal_submits_have_equal_digests_under_every_key(new_world: "NewWorld") -> None:
    """The picture depends on seed, submit and occurrence, not on whose it is."""
    world = new_world()
    digests = []
    for key in ("sk-mock-a", "sk-mock-a", "sk-mock-b"):
        file = find(world, world.end(world.submit(key=key)["id"], key=key)["results"][0])
        digests.append(file.digest if isinstance(file, ResultFile) else "")

    assert digests[0] == digests[2] != digests[1]


@pytest.mark.parametrize(
    ("size", "found"),
    [
        ("32x16", (32, 16)),
        ("0x9", (64, 64)),
        ("90000x1", (64, 64)),
        ("16000x16000", (64, 64)),
        pytest.param("9" * 5_000 + "x1", (64, 64), id="huge"),
    ],
)
def test_a_size_that_cannot_be_drawn_is_the_default(
    world: "World", size: str, found: tuple[int, int]
) -> None:
    """Whatever passes the contract, a file can be made of it."""
    file = find(world, make_result(world, size=size))

    assert isinstance(file, ResultFile)
    assert found == (file.width, file.height)


def test_a_format_that_cannot_be_drawn_is_the_default(world: "World") -> None:
    """What a provider passes through unchecked ends in a file all the same."""
    assert make_result(world, model="fine", format="../exe").endswith("/1.png")


def test_an_address_is_good_for_its_time(world: "World") -> None:
    """The address ends before the file, the file before the record."""
    address = make_result(world)
    found = [find(world, address)]
    for _ in range(2):
        world.account().advance(HOUR)
        found.append(find(world, address))

    assert isinstance(found[0], ResultFile)
    assert found[1:] == [
        FileMissing("the address is no longer good"),
        FileMissing("the file is no longer kept"),
    ]


def test_a_temporary_address_is_good_for_its_time(world: "World") -> None:
    """It opens a file whose own address is no longer good, until its own time is over."""
    address = make_result(world)
    world.account().advance(HOUR)
    link = make_link(world, address)["link"]
    before = find(world, link)
    world.account().advance(300_000)

    assert link.startswith(f"{address}?until=")
    assert isinstance(before, ResultFile)
    assert FileMissing("the temporary address is no longer good") == find(world, link)


@pytest.mark.parametrize("change", ["until=9", "number", "sign=0"])
def test_a_temporary_address_cannot_be_changed(world: "World", change: str) -> None:
    """Its sign covers the file and the time."""
    link = make_link(world, make_result(world, model="fine"))["link"]
    changed = {
        "until=9": link.replace("until=", "until=9"),
        "number": link.replace("/1.png", "/2.png"),
        "sign=0": link.partition("sign=")[0] + "sign=0",
    }[change]

    assert FileMissing("the sign of the address is wrong") == find(world, changed)


@pytest.mark.parametrize(
    "source",
    ["", "nowhere", "https://elsewhere.example/1.png", "http://[", "/_files/a/b/c/1.png", "{}x"],
)
def test_a_link_is_made_only_for_an_own_result(world: "World", source: str) -> None:
    """Anything else is a bad value of the field that held it."""
    reply = make_link(world, source.replace("{}", make_result(world)))

    assert (reply["code"], reply["text"]) == (400, "address is bad")


def test_a_link_is_not_made_for_another_account_or_what_is_gone(world: "World") -> None:
    """Neither for a stranger, nor when the file is no longer kept, nor before it is made."""
    address = make_result(world)
    early = f"{address.rpartition('/w-')[0]}/{world.submit('another')['id']}/1.png"
    stranger = world.read("link", key="sk-mock-you", body={"address": address})
    unfinished = make_link(world, early)
    world.account().advance(2 * HOUR)

    assert [
        stranger["code"], unfinished["code"], make_link(world, address)["code"]
    ] == [400, 400, 400]  # fmt: skip


def test_there_is_no_file_before_the_end_or_after_a_failure(world: "World") -> None:
    """An address can be guessed, but nothing lies there."""
    task_id = world.submit()["id"]
    failed = world.submit(key="sk-mock-me.fails")["id"]
    world.end(failed, key="sk-mock-me.fails")
    mine = Address(world.account().id, "walnut", task_id, 1)
    theirs = Address(world.account("sk-mock-me.fails").id, "walnut", failed, 1)

    assert FileMissing("the task has not ended yet") == world.engine.find_file(mine)
    assert FileMissing("the task made no file") == world.engine.find_file(theirs)


def test_an_id_can_hold_any_character(world: "World") -> None:
    """It is quoted in an address, and found again."""
    task = replace(world.task(world.submit()["id"]), id="a/b ?ü.1")
    address = parse_address(list_addresses(world.account(), task)[0])

    assert address == Address(world.account().id, "walnut", "a/b ?ü.1", 1)


@pytest.mark.parametrize("part", ["account_id", "provider", "task_id", "number"])
def test_an_address_with_a_wrong_part_leads_nowhere(world: "World", part: str) -> None:
    """Every part of an address counts."""
    address = parse_address(make_result(world))
    assert address is not None
    wrong: dict[str, Any] = {part: 2 if part == "number" else "x"}

    assert world.engine.find_file(address._replace(**wrong)) == NO_FILE


@given(
    st.text()
    | st.text(alphabet="/_files0123456789.?&=until%[", max_size=40).map("/_files/".__add__)
)
def test_any_text_can_be_asked_for(address: str) -> None:
    """What is no address is told apart without fuss."""
    parsed = parse_address(address)

    assert parsed is None or address.count("/") >= 4


@pytest.mark.parametrize(
    ("asked", "size", "seconds"),
    [
        ({}, (96, 64), 4),
        ({"length": 7.5, "shape": "tall"}, (64, 96), 7.5),
        ({"length": "10s"}, (96, 64), 10),
        ({"length": 5_000}, (96, 64), 600),
        ({"length": 0}, (96, 64), 4),
        ({"length": -1}, (96, 64), 4),
        ({"shape": "huge"}, (96, 64), 4),
    ],
)
def test_a_video_is_as_large_and_long_as_asked(
    world: "World", asked: Mapping[str, Any], size: tuple[int, int], seconds: float
) -> None:
    """Within what can be made: larger frames have the usual size, ten minutes are the longest."""
    file = find(world, make_result(world, model="film", **asked))

    assert isinstance(file, ResultFile)
    assert (file.media, file.format, file.seconds) == ("video", "mp4", seconds)
    assert (file.width, file.height) == size


@pytest.mark.parametrize(
    ("asked", "extension"),
    [
        (None, "mp3"),
        ("WAV", "wav"),
        ("mp3_44100_128", "mp3"),
        ("pcm_16000", "wav"),
        ("opus_48000", "mp3"),
        ("png", "mp3"),
    ],
)
def test_a_sound_has_the_asked_format(world: "World", asked: str | None, extension: str) -> None:
    """A word that names no sound counts as none."""
    fields = {} if asked is None else {"format": asked}
    address = make_result(world, model="tune", **fields)
    file = find(world, address)

    assert isinstance(file, ResultFile)
    assert address.endswith(f"/1.{extension}")
    assert (file.media, file.format, file.seconds) == ("audio", extension, 3)


def test_a_task_makes_as_many_results_as_asked(world: "World") -> None:
    """Each has an address, and the one behind the last is none."""
    results = world.end(world.submit(model="film", takes=6)["id"])["results"]
    files = [find(world, address) for address in results]

    assert [file.number for file in files if isinstance(file, ResultFile)] == [1, 2, 3, 4, 5, 6]
    assert find(world, results[0].replace("/1.mp4", "/7.mp4")) == NO_FILE


def test_data_is_told_instead_of_addresses(world: "World") -> None:
    """Facts stand in it, addresses of files too; an open task tells nothing."""
    task = world.submit("hello", model="word")["id"]
    assert "told" not in world.inspect(task)

    ended = world.end(task)

    assert "results" not in ended
    assert ended["told"]["text"] == "You said hello"
    (address,) = ended["told"]["urls"]
    file = find(world, address)
    assert isinstance(file, ResultFile)
    assert (file.media, file.format, file.seconds) == ("text", "txt", None)
