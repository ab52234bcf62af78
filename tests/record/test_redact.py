"""Secrets: in no form, in no place, and without breaking what is around them."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import HarWriter, read_har
from mockserver.record.redact import Redactor, SecretRemains
from mockserver.record.secret_shapes import SHAPES

KEY = "kq7f/Zt+Canary=88&Birds_ü"  # with everything that an encoding changes
CODED = base64.b64encode(f"user:{KEY}".encode()).decode()
JSON = (("content-type", "application/json"),)


def call(**given: object) -> Exchange:
    """An exchange that carries the key in its Authorization header."""
    start = Exchange(0, 5, "POST", "https://api.example.test/v1/tasks", status=200)
    headers = (("Authorization", f"Bearer {KEY}"), *JSON)
    return replace(start, request_headers=headers, **given)  # type: ignore[arg-type]  # a table


def body(value: object) -> bytes:
    return json.dumps(value).encode()


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n'
    + KEY.encode()
    + b"\r\n--x--\r\n"
)

PLACES = {
    "authorization header": call(),
    "another header": call(response_headers=(("X-Debug-Echo", KEY), *JSON)),
    "an allowed header": call(response_headers=(("Via", KEY), *JSON)),
    "query": call(url=f"https://api.example.test/v1?api_key={quote(KEY, safe='')}&page=2"),
    "query of another name": call(url=f"https://api.example.test/v1?q={quote(KEY)}"),
    "query, encoded twice": call(url=f"https://api.example.test/?u={quote(quote(KEY, safe=''))}"),
    "path": call(url=f"https://api.example.test/{quote(KEY, safe='')}/tasks"),
    "user and password": call(url=f"https://user:{quote(KEY, safe='')}@api.example.test/"),
    "JSON": call(response_body=body({"note": f"key {KEY}"}), response_headers=JSON),
    "JSON without escapes": call(response_body=json.dumps([KEY], ensure_ascii=False).encode()),
    "JSON in JSON": call(response_body=body({"param": json.dumps({"note": KEY})})),
    "form": call(request_body=f"a=1&token={quote(KEY, safe='')}".encode()),
    "multipart": call(request_body=MULTIPART),
    "cookie": call(response_headers=(("Set-Cookie", f"k={KEY}; Path=/"), *JSON)),
    "Basic": call(response_body=body({"sent": f"Basic {CODED}"})),
    "base64 in a text": call(response_body=body({"dump": CODED.rstrip("=")})),
    "hexadecimal": call(response_body=body({"dump": KEY.encode().hex().upper()})),
    "upper case": call(response_body=body({"error": KEY.upper()})),
    "lower case": call(response_body=body({"error": KEY.lower()})),
    "error": call(status=None, error=f"could not reach https://{KEY}@host"),
    "note": call(notes=(f"the client sent {KEY}",)),
    "redirect": call(status=302, response_headers=(("Location", f"/login?k={quote(KEY)}"),)),
    "events": call(
        response_body=f"event: x\ndata: {KEY}\n\n".encode(),
        response_headers=(("content-type", "text/event-stream"),),
    ),
    "binary": call(
        response_body=b"\x89PNG\0\0" + KEY.encode() + bytes(70_000),
        response_headers=(("content-type", "image/png"),),
    ),
    "callback": call(request_body=body({"token": KEY, "state": "x"}), kind=Kind.CALLBACK),
}


def find_traces(data: bytes, secret: str = KEY) -> list[str]:
    """Every simple encoding in which a secret is found in some bytes."""
    raw = secret.encode()
    coded = base64.b64encode(raw).decode()[:-4]
    forms = {
        "raw": raw,
        "escaped": json.dumps(secret)[1:-1].encode(),
        "percent": quote(secret, safe="").encode(),
        "hex": raw.hex().encode(),
        "base64": coded.encode(),
        "the middle": raw[2:14],
    }
    return [name for name, form in forms.items() if form.lower() in data.lower()]


@pytest.mark.parametrize("place", PLACES)
def test_a_canary_is_in_no_file(tmp_path: Path, place: str) -> None:
    """Wherever a key stands, neither the HAR file nor a side file holds it in any encoding."""
    redactor = Redactor()
    with HarWriter(tmp_path / "x.har", check=redactor.check) as writer:
        writer.add(redactor.redact(PLACES[place]))

    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert not find_traces(file.read_bytes()), file.name
    (kept,) = read_har(tmp_path / "x.har")
    shown = repr(kept)
    assert "redacted-" in shown
    assert not find_traces(repr(kept).encode())


def test_the_traces_are_found_without_redaction(tmp_path: Path) -> None:
    """What looks for the canary does find it, so that its silence means something."""
    with HarWriter(tmp_path / "x.har") as writer:
        writer.add(PLACES["JSON in JSON"])

    assert find_traces((tmp_path / "x.har").read_bytes())


@pytest.mark.parametrize("place", [place for place in PLACES if place != "authorization header"])
def test_what_is_not_redacted_is_not_written(tmp_path: Path, place: str) -> None:
    """The last look refuses an exchange that still holds a secret, and the file stays as it was."""
    redactor = Redactor([KEY])
    with HarWriter(tmp_path / "x.har", check=redactor.check) as writer:
        before = (tmp_path / "x.har").read_bytes()
        with pytest.raises(SecretRemains) as caught:
            writer.add(replace(PLACES[place], request_headers=()))

    assert (tmp_path / "x.har").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.har"]
    assert not find_traces(str(caught.value).encode())


def test_a_secret_has_one_placeholder() -> None:
    """The same key reads the same everywhere, another one differently."""
    redactor = Redactor()
    first = redactor.redact(call(response_body=body({"echo": KEY, "coded": CODED})))
    other = (("Authorization", "Bearer another-key-12345"),)
    second = redactor.redact(replace(call(), request_headers=other))

    assert first.request_headers[0] == ("Authorization", "Bearer redacted-1")
    echoed = json.loads(first.response_body)
    assert (echoed["echo"], echoed["coded"]) == ("redacted-1", "redacted-1")
    assert second.request_headers[0] == ("Authorization", "Bearer redacted-2")


def test_redacting_twice_changes_nothing() -> None:
    """What was redacted once stays as it is."""
    for place in PLACES.values():
        once = Redactor().redact(place)
        assert Redactor(first=100).redact(once) == once


def test_a_signed_address_leads_to_the_same_file_still() -> None:
    """The address in a reply and the one that was fetched are hidden alike."""
    signed = "https://files.example.test/a.png?X-Amz-Credential=AK/1&X-Amz-Signature=feed01&page=2"
    redactor = Redactor()
    told = redactor.redact(call(response_body=body({"resultJson": json.dumps({"urls": [signed]})})))
    fetched = redactor.redact(call(url=signed, method="GET"))

    inner = json.loads(json.loads(told.response_body)["resultJson"])
    assert inner["urls"] == [fetched.url]
    assert "feed01" not in fetched.url
    assert fetched.url.endswith("&page=2")


def test_fields_that_are_named_like_secrets_are_hidden() -> None:
    """A field called token or webhook secret is hidden; one called maxTokens is not."""
    sent = {"webhookHmacKey": "abc", "user": {"access_token": 'd\\"ef'}, "max_tokens": "7", "n": 1}
    kept = json.loads(Redactor().redact(call(request_body=body(sent))).request_body)

    assert kept["webhookHmacKey"].startswith("redacted-")
    assert kept["user"]["access_token"].startswith("redacted-")
    assert (kept["max_tokens"], kept["n"]) == ("7", 1)


LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0fG" * 3
HEX = "0123456789abcdef" * 4

# As their issuers make them: the prefix, and letters that mean nothing.
TOKENS = [
    *(f"sk-{LETTERS[:32]}", f"sk-proj-{LETTERS[:40]}_x", f"sk-ant-api03-{LETTERS[:40]}-AA"),
    *(f"sk_live_{LETTERS[:24]}", f"rk_test_{LETTERS[:24]}", f"whsec_{LETTERS[:32]}="),
    *("AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", f"AIza{LETTERS[:35]}", f"ya29.{LETTERS}"),
    *(f"GOCSPX-{LETTERS[:28]}", f"ghp_{LETTERS[:36]}", f"ghs_{LETTERS[:36]}"),
    *(f"github_pat_{LETTERS[:22]}_{LETTERS[:59]}", f"glpat-{LETTERS[:20]}"),
    *(f"xoxb-123456789012-{LETTERS[:24]}", f"xapp-1-A1B2C3-{LETTERS[:20]}"),
    *(f"https://hooks.slack.com/services/T00000000/B00000000/{LETTERS[:24]}",),
    *(f"hf_{LETTERS[:34]}", f"r8_{LETTERS[:37]}", f"gsk_{LETTERS[:52]}", f"xai-{LETTERS[:80]}"),
    *(f"pplx-{LETTERS[:48]}", f"nvapi-{LETTERS[:64]}", f"tvly-{LETTERS[:32]}"),
    *(f"rpa_{LETTERS[:40].upper()}", f"npm_{LETTERS[:36]}", f"pypi-AgEI{LETTERS[:60]}"),
    *(f"dop_v1_{HEX}", f"dckr_pat_{LETTERS[:27]}", f"SG.{LETTERS[:22]}.{LETTERS[:43]}"),
    *(f"shpat_{HEX[:32]}", f"sq0atp-{LETTERS[:22]}", f"lin_api_{LETTERS[:40]}"),
    *(f"secret_{LETTERS[:43]}", f"glsa_{LETTERS[:32]}_{HEX[:8]}", f"sbp_{HEX[:40]}"),
    *(f"figd_{LETTERS[:40]}", f"sntrys_{LETTERS[:60]}", f"AGE-SECRET-KEY-1{LETTERS[:58].upper()}"),
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{LETTERS[:43]}",
    f"AccountKey={LETTERS[:86]}==",
    f"-----BEGIN RSA PRIVATE KEY-----\n{LETTERS[:64]}\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("token", TOKENS)
def test_every_known_shape_is_caught(token: str) -> None:
    """A token that nobody named is known by its issuer's prefix."""
    kept = Redactor().redact(call(response_body=body({"note": f"it says {token}."})))

    note = json.loads(kept.response_body)["note"]
    assert "redacted-" in note
    assert LETTERS[:16].lower() not in note.lower()
    with pytest.raises(SecretRemains):
        Redactor().check(body({"note": token}))


def test_every_known_shape_has_a_token() -> None:
    """No shape is on the list without a token that it catches."""
    lonely = [s for s in SHAPES if not any(re.search(s, json.dumps(t)) for t in TOKENS)]

    assert not lonely


HARMLESS = [
    "84505958a046dc59488e5a0f7a40a848",
    "task_gpt-image_1765968190655",
    "https://tempfile.example.test/r/330a9433fd309e9e18df1c567ae38471_1776862567_ab12cd.png",
    "A risky desk-lamp task: sk-y blue",
    "gpt-image-2-text-to-image",
    "sk-mock-ci7.flaky.42",
    "550e8400-e29b-41d4-a716-446655440000",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_ids_and_prompts_stay(text: str) -> None:
    """Task ids, addresses, models and prompts are no secrets."""
    sent = body({"taskId": text, "list": [text]})

    assert Redactor().redact(call(response_body=sent)).response_body == sent


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=4))
def test_json_stays_json(value: dict[str, str]) -> None:
    """Whatever is hidden in it, a body of JSON is one afterwards, with the same keys."""
    sent = {**value, "echo": f"x {KEY}", "token": 't/o"k\\n', "nested": json.dumps(value)}
    kept = json.loads(Redactor().redact(call(response_body=body(sent))).response_body)

    assert set(kept) == set(sent)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=12, max_size=40))
def test_no_secret_survives_an_encoding(secret: str) -> None:
    """Any long secret is found in JSON, in an address, in base64 and in hexadecimal."""
    redactor = Redactor([secret])
    coded = base64.b64encode(b"ab" + secret.encode()).decode()
    for text in (secret, json.dumps(secret), quote(secret, safe=""), coded, secret.encode().hex()):
        data = f"before {text} after".encode()
        with pytest.raises(SecretRemains):
            redactor.check(data)
        hidden = redactor.redact(call(response_body=data)).response_body
        redactor.check(hidden)


def test_a_secret_that_comes_late_is_noticed() -> None:
    """After something was redacted, a new secret may stand in what is written already."""
    redactor = Redactor(["first-secret"])
    redactor.redact(Exchange(0, 1, "GET", "https://x.test/"))
    assert not redactor.late
    redactor.redact(call())
    assert redactor.late
