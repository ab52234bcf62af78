"""Uploads: a file that is lent, named, kept for a while, and within bounds."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.files.media_type import find_extension, find_media_type
from mockserver.engine.files.results import FileMissing
from mockserver.engine.files.upload import clean_path
from mockserver.engine.files.uploads import Upload, Uploads, parse_place
from mockserver.engine.settings import Settings

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

PNG = b"\x89PNG\r\n\x1a\n and so on"
MINUTE = 60_000
NO_FILE = FileMissing("there is no such file")


def lend(world: "World", content: bytes = PNG, **fields: Any) -> dict[str, Any]:
    """Lend a file; what was answered."""
    key = fields.pop("key", "sk-mock-me")
    return world.read("lend", key=key, body={"file": b64encode(content).decode(), **fields})


def find(world: "World", address: str) -> Upload | FileMissing:
    place = parse_place(address)
    return NO_FILE if place is None else world.engine.find_upload(place)


def read(world: "World", address: str) -> bytes | None:
    found = find(world, address)
    return None if isinstance(found, FileMissing) else found.content


def test_a_file_that_was_lent_lies_at_an_address(world: "World") -> None:
    """The answer says where it lies, how large it is and what it is."""
    told = lend(world, folder="pictures/mine", name="nut.png")

    assert read(world, told["address"]) == PNG
    assert told["address"].endswith("/walnut/uploads/pictures/mine/nut.png")
    assert (told["path"], told["name"]) == ("pictures/mine/nut.png", "nut.png")
    assert (told["folder"], told["size"], told["type"]) == ("pictures/mine", len(PNG), "image/png")
    assert told["until"] - told["since"] == 30 * MINUTE


def test_a_file_is_kept_as_long_as_the_contract_says(world: "World") -> None:
    """On the account's clock, and not a millisecond longer."""
    address = lend(world)["address"]
    world.account().advance(30 * MINUTE - 1)
    assert read(world, address) == PNG

    world.account().advance(1)
    assert find(world, address) == FileMissing("the file is no longer kept")


def test_a_name_is_made_up_where_none_is_given(world: "World") -> None:
    """It has the extension of what the bytes are, and none is given twice."""
    names = [lend(world)["name"] for _ in range(3)]

    assert len(set(names)) == 3
    assert all(name.endswith(".png") for name in names)


def test_a_file_of_the_same_name_is_replaced(world: "World") -> None:
    """The address stays, the file behind it is the new one."""
    first = lend(world, b"one", name="nut.txt")["address"]
    assert lend(world, b"two", name="nut.txt")["address"] == first

    assert read(world, first) == b"two"
    assert len(world.engine.accounts.uploads) == 1


def test_equal_worlds_make_up_equal_names(new_world: "NewWorld") -> None:
    """Same seed, same moment, same key: same name; another seed or key: another one."""
    one, two, three = (new_world(seed=seed) for seed in (1, 1, 2))

    assert lend(one)["name"] == lend(two)["name"] != lend(three)["name"]
    assert lend(one, key="sk-mock-you")["name"] != lend(two)["name"]


def test_files_of_one_account_are_not_those_of_another(world: "World") -> None:
    """The same path is another file for another key, and goes with its account."""
    mine, yours = lend(world, b"1", name="a"), lend(world, b"2", name="a", key="sk-mock-you")
    world.engine.forget_account(world.account())

    assert mine["address"] != yours["address"]
    assert (read(world, mine["address"]), read(world, yours["address"])) == (None, b"2")


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("data:image/png;base64,AAEC", b"\0\1\2"),
        ("data:;base64,AAEC", b"\0\1\2"),
        ("AA\r\nEC\n", b"\0\1\2"),
        (" AAECAw== ", b"\0\1\2\3"),
    ],
)
def test_base64_comes_in_several_forms(world: "World", text: str, content: bytes) -> None:
    """As it is, in lines, or as a data URL."""
    told = world.read("lend", body={"file": text})

    assert read(world, told["address"]) == content


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"file": "AAE"}, "file"),
        ({"file": "!!!!"}, "file"),
        ({"file": "AAEC-_"}, "file"),
        ({"file": "ÄÖ=="}, "file"),
        ({"file": ""}, "file"),
        ({"file": "data:image/png;base64,"}, "file"),
        ({"file": "A" * 136}, "file"),  # 102 bytes of 100
        ({"file": 5}, "file"),
        ({"file": "AAEC", "folder": []}, "folder"),
        ({"name": "nut.png"}, "file"),
        (None, "body"),
    ],
)
def test_what_is_no_file_is_refused(world: "World", body: Any, field: str) -> None:
    """Bad base64, nothing, too much, or no text: refused with the field, and nothing is kept."""
    told = world.read("lend", body=body)

    assert told["http"] == 400
    (entry,) = world.account().journal.entries
    assert [violation.field for violation in entry.violations][:1] == [field]
    assert not world.engine.accounts.uploads.bytes


@given(st.text(max_size=400))
def test_no_path_leads_elsewhere(text: str) -> None:
    """Whatever a folder or a name holds: no part is empty, a point, or controls anything."""
    parts = clean_path(text)

    assert len(parts) <= 16
    for part in parts:
        assert part.strip(".")
        assert 0 < len(part) <= 100
        assert "/" not in part
        assert "\\" not in part
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in part)


@given(folder=st.text(max_size=60), name=st.text(max_size=60))
def test_every_name_can_be_fetched(new_world: "NewWorld", folder: str, name: str) -> None:
    """An address is plain ASCII without gaps, and leads back to the file."""
    world = new_world()
    address = lend(world, b"x", folder=folder, name=name)["address"]

    assert address.isascii()
    assert not set(' "<>\\^`{|}?#\n') & set(address.partition("/_files/")[2])
    assert "/../" not in address
    assert read(world, address) == b"x"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("../../etc/passwd", ["etc", "passwd"]),
        ("/images//mine/", ["images", "mine"]),
        ("..\\..\\boot.ini", ["boot.ini"]),
        ("a\0b\nc\x7f\u202egnp.exe", ["a_b_c__gnp.exe"]),
        ("...", []),
        (". /x", ["x"]),
        ("\ud800", ["_"]),
        ("x" * 300, ["x" * 100]),
        ("/".join("abcdefghijklmnopqrstuvwxyz"), list("abcdefghijklmnop")),
    ],
)
def test_paths_are_made_safe(text: str, parts: list[str]) -> None:
    """What leads upwards is left out, what controls is replaced, what is long is cut."""
    assert clean_path(text) == parts


def test_the_store_forgets_what_was_used_least(world: "World") -> None:
    """Within so many bytes and files, whoever's they are; a file that was fetched is used."""
    store = Uploads(Settings(max_upload_bytes=30, max_uploads=3))
    for path in "abc":
        store.put("me", "walnut", Upload(path, "x/y", b"0123456789", "", 0, None))
    store.find("me", "walnut", "a")
    store.put("you", "walnut", Upload("d", "x/y", b"01234", "", 0, None))

    kept = [path for path in "abc" if store.find("me", "walnut", path)]
    assert (kept, len(store), store.bytes, store.evicted) == (["a", "c"], 3, 25, 1)
    store.put("me", "walnut", Upload("e", "x/y", b"0" * 31, "", 0, None))
    assert (len(store), store.bytes) == (0, 0)


@pytest.mark.parametrize(
    ("content", "said", "names", "media_type"),
    [
        (PNG, "image/jpeg", ["a.jpg"], "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", None, [], "image/webp"),
        (b"\0\0\0\x20ftypisom", None, [], "video/mp4"),
        (b"ID3\x04", None, [], "audio/mpeg"),
        (b"<html>", "text/html", ["a.png"], "text/html"),
        (b"hello", "application/octet-stream", ["a.TXT"], "text/plain"),
        (b"hello", "text/html\r\nX: y", ["a.nope", "b.pdf"], "application/pdf"),
        (b"hello", None, ["txt."], "application/octet-stream"),
    ],
)
def test_a_media_type_is_found(
    content: bytes, said: str | None, names: list[str], media_type: str
) -> None:
    """By the bytes, else by what was said if that is a media type, else by the names."""
    assert find_media_type(content, said, names) == media_type
    assert find_extension(media_type).startswith(".")


@pytest.mark.parametrize(
    "address", ["", "/_files/a/b/uploads", "/_files/a/b/w-1/1.png", "/x/a/b/uploads/c", "http://[x"]
)
def test_other_addresses_are_none_of_an_upload(address: str) -> None:
    """Only what has an account, a provider and a path is one."""
    assert parse_place(address) is None
