import asyncio
import socket
from collections.abc import Iterable

import pytest

from mockserver.errors import UsageError
from mockserver.web.callbacks.addresses import is_own, read_address
from mockserver.web.callbacks.targets import FORBIDDEN_PORTS, Held, Target, Targets

OWN = 8787
METADATA = "169.254.169.254"


class Names:
    """A resolver that knows some names, and remembers what it was asked."""

    def __init__(self, **known: list[str]) -> None:
        self.known = known
        self.asked: list[str] = []

    async def __call__(self, host: str, _: int) -> list[str]:
        """The addresses of a name; OSError for one that it does not know."""
        self.asked.append(host)
        label = host.partition(".")[0].replace("-", "_")
        if label not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.known[label]


def check(url: str, *, allowed: Iterable[str] = (), names: Names | None = None) -> Target:
    return asyncio.run(Targets(allowed, {OWN}, names or Names()).check(url))


def find_reason(url: str, *, allowed: Iterable[str] = (), names: Names | None = None) -> str:
    with pytest.raises(Held) as held:
        check(url, allowed=allowed, names=names)
    return str(held.value)


BOTH = ("127.0.0.1", "::1")

LOCAL = {
    "http://localhost/": BOTH,
    "http://localhost:3000/hook": BOTH,
    "http://LOCALHOST:3000/hook": BOTH,
    "HTTP://localhost:3000": BOTH,
    "https://localhost:3000/hook?a=1": BOTH,
    "http://app.localhost:3000/": BOTH,
    "http://a.b.localhost/": BOTH,
    "http://127.0.0.1": ("127.0.0.1",),
    "http://127.0.0.1:3000/": ("127.0.0.1",),
    "http://127.8.9.10:3000/": ("127.8.9.10",),
    "http://127.255.255.254/": ("127.255.255.254",),
    "http://[::1]:3000/": ("::1",),
    "http://[0:0:0:0:0:0:0:1]:3000/": ("::1",),
    "http://[0000::0001]/": ("::1",),
    "http://[::ffff:127.0.0.1]:3000/": ("127.0.0.1",),
    "http://[::ffff:7f00:1]:3000/": ("127.0.0.1",),
    "http://[::FFFF:7F00:0001]:3000/": ("127.0.0.1",),
}

FOREIGN = [
    # Names, and what only a resolver would take for this machine.
    *["http://example.com/", "http://localhost.example/", "http://localhost.", "http://127.0.0.1."],
    *["http://127.0.0.1.nip.io/", "http://xn--80ak6aa92e.com/", "http://localhost.localdomain/"],
    *["http://notlocalhost/", "http://ip6-localhost/", "http://host.docker.internal:3000/"],
    *["http://metadata.google.internal/", "http://bücher.example/", "http://例え.jp/"],
    # Addresses written in short, decimal, octal, hexadecimal, with zeros in front.
    *["http://127.1/", "http://127.0.1/", "http://0x7f.1/", "http://0x7f000001/", "http://0/"],
    *["http://2130706433/", "http://017700000001/", "http://0177.0.0.1/", "http://127.0.0.01/"],
    *["http://127.000.000.001/", "http://0x7f.0x0.0x0.0x1/", "http://4294967296/"],
    # Other machines, and no machine.
    *["http://0.0.0.0:3000/", "http://10.0.0.1/", "http://192.168.1.1/", "http://172.17.0.1/"],
    *["http://100.64.0.1/", f"http://{METADATA}/latest/", "http://8.8.8.8/", "http://224.0.0.1/"],
    *["http://255.255.255.255/", "http://240.0.0.1/", "http://128.0.0.1/", "http://126.255.0.1/"],
    *[
        "http://[::]/",
        "http://[::2]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fec0::1]/",
    ],
    *["http://[ff02::1]/", "http://[fd00:ec2::254]/", "http://[2001:db8::1]/"],
    # This machine, hidden in IPv6: mapped from another one, compatible, NAT64, 6to4, Teredo.
    *["http://[::ffff:10.0.0.1]/", "http://[::ffff:a9fe:a9fe]/", "http://[::127.0.0.1]/"],
    *["http://[64:ff9b::7f00:1]/", "http://[64:ff9b::127.0.0.1]/", "http://[2002:7f00:1::]/"],
    *["http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "http://[::ffff:0:127.0.0.1]/"],
]

# Users and passwords, also where they only look like it.
USERS = [
    *["http://user@localhost/", "http://user:pass@localhost/", "http://@localhost/"],
    *["http://:@localhost/", "http://example.com@127.0.0.1/", "http://127.0.0.1@example.com/"],
    *["http://127.0.0.1:80@example.com/", "http://127.0.0.1\\@example.com/"],
]

NO_ADDRESS = [
    *["http://.localhost/", "http://a..localhost/", f"https://{'a' * 64}.localhost/"],
    *["", "localhost", "localhost:3000", "/hook", "//localhost/hook", "?", "#", "http:", "http://"],
    *[
        "http:///hook",
        "http:/localhost/",
        "http:localhost",
        "http://:3000/",
        "http://?a",
        "http://#",
    ],
    # Other schemes.
    *["file:///etc/passwd", "ftp://localhost/", "gopher://localhost:6379/_x", "data:,x"],
    *["javascript:alert(1)", "ws://localhost/", "unix:/run/docker.sock", "dict://localhost:11211/"],
    *[
        "mailto:a@localhost",
        "ldap://localhost/",
        "http+unix://%2frun%2fdocker.sock/",
        "//127.0.0.1",
    ],
    # What parsers disagree about.
    *["http://localhost\\hook", "http://127.0.0.1\\.example.com/", "http://127.0.0.1;x/"],
    *["http://127.0.0.1%00.example.com/", "http://127%2e0%2e0%2e1/", "http://%6cocalhost/"],
    *["http://local host/", "http://localhost,example.com/", "http://<localhost>/"],
    *["http://127.0.0.1,10.0.0.1/", "http://[127.0.0.1]/", "http://[localhost]/", "http://$x/"],
    *["http://[::1/", "http://::1]/", "http://[[::1]]/", "http://[::1]x/", "http://[::1].example/"],
    *[
        "http://::1/",
        "http://[]/",
        "http://[::1%lo]/",
        "http://[::1%25lo]/",
        "http://[fe80::1%251]/",
    ],
    *["http://127.0.0.1%lo/", "http://[v1.x]/", "http://[1:2:3]/", "http://loc\u0000alhost/"],
    # Ports that are none.
    *["http://localhost:0/", "http://localhost:65536/", "http://localhost:-1/"],
    *["http://localhost:+80/", "http://localhost:8_0/", "http://localhost:\uff18\uff10/"],
    *[
        "http://localhost:80x/",
        "http://localhost: 80/",
        "http://localhost:/",
        "http://localhost::80",
    ],
    *["http://localhost:0x50/", "http://localhost:1e3/", "http://localhost:80:80/"],
    # Blanks and control characters, wherever they stand.
    *[
        " http://localhost/",
        "http://localhost/ ",
        "http://localhost/a b",
        "http://localhost/\r\nX: y",
    ],
    *[
        "http://localhost/\n",
        "http://local\thost/",
        "http://localhost/\x00",
        "http://localhost/\x7f",
    ],
    *["ht\ntp://localhost/", "\x1bhttp://localhost/", "http://localhost\r\n/", "http://\u2028/"],
]


@pytest.mark.parametrize(("url", "addresses"), LOCAL.items())
def test_this_machine_by_its_very_name_is_allowed(url: str, addresses: tuple[str, ...]) -> None:
    """Localhost and loopback addresses, also mapped into IPv6, need no flag and no resolver."""
    names = Names()

    assert check(url, names=names).addresses == addresses
    assert names.asked == []


@pytest.mark.parametrize("url", FOREIGN)
def test_everything_else_is_held_back(url: str) -> None:
    """A host that may be another machine is not even looked up; the flag for it is named."""
    names = Names(example=["127.0.0.1"])
    reason = find_reason(url, names=names)

    assert "--allow-callback-host" in reason
    assert names.asked == []


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_address_is_held_back(url: str) -> None:
    """What is not plainly a scheme, a host and a port goes nowhere, whatever is allowed."""
    allowed = ["example.com", "::1"]
    reason = find_reason(url, allowed=allowed, names=Names(example=["127.0.0.1"]))

    assert "--allow-callback-host" not in reason


@pytest.mark.parametrize("url", USERS)
def test_an_address_with_a_user_is_held_back(url: str) -> None:
    """Parsers disagree about what the host is then, and receivers about whom they trust."""
    reason = find_reason(url, allowed=["example.com"], names=Names(example=["127.0.0.1"]))

    assert reason == "it holds a user name or a password"


def test_the_table_is_long_enough() -> None:
    """There are well over eighty spellings of what may not be sent to."""
    spellings = [*FOREIGN, *USERS, *NO_ADDRESS]

    assert len(set(spellings)) == len(spellings) > 130


@pytest.mark.parametrize("host", ["localhost", "[::1]", "example.com"])
def test_ports_of_other_services_are_held_back(host: str) -> None:
    """A mail server or a database that would take a POST for commands gets none."""
    names = Names(example=["203.0.113.9"])
    for port in FORBIDDEN_PORTS:
        reason = find_reason(f"http://{host}:{port}/", allowed=["example.com"], names=names)

        assert reason == f"port {port} is that of a service which takes no callbacks"


@pytest.mark.parametrize("port", [1, 22, 25, 110, 2375, 3306, 5432, 6379, 9200, 11211, 27017])
def test_the_best_known_services_are_among_them(port: int) -> None:
    """Shell, mail, containers, databases and caches are on the list."""
    assert port in FORBIDDEN_PORTS


OWN_SPELLINGS = [
    *["localhost", "LocalHost", "app.localhost", "127.0.0.1", "127.0.0.2", "127.255.255.254"],
    *["[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
]


@pytest.mark.parametrize("host", OWN_SPELLINGS)
@pytest.mark.parametrize("path", ["/_mock/reset", "/", "/_mock/accounts/x"])
def test_the_server_itself_is_no_receiver(host: str, path: str) -> None:
    """No spelling of its own address leads a callback into the server."""
    assert find_reason(f"http://{host}:{OWN}{path}") == "it points at this server itself"


ALLOWED_OWN = [
    *["127.1", "0x7f.1", "2130706433", "017700000001", "127.0.0.1.nip.io", "localhost."],
    *["me.example", "loopback6.example", "mapped.example", "mixed.example", "lan.example"],
]


@pytest.mark.parametrize("host", ALLOWED_OWN)
def test_an_allowed_name_leads_not_to_the_server_either(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an allowed name resolves to counts, in every spelling, the machine's own address too."""
    monkeypatch.setattr(
        "mockserver.web.callbacks.targets.is_own", lambda a: a.is_loopback or a in OURS
    )
    local = ["127.0.0.1"]
    names = Names(
        me=local,
        loopback6=["::1"],
        mapped=["::ffff:127.0.0.1"],
        mixed=["203.0.113.9", "127.0.0.1"],
        lan=["192.0.2.7"],
        localhost=local,
        **{"127": local, "0x7f": local, "2130706433": local, "017700000001": local},
    )
    url = f"http://{host}:{OWN}/_mock/reset"

    assert find_reason(url, allowed=[host], names=names) == "it points at this server itself"


OURS = {read_address("192.0.2.7")}


def test_the_default_port_can_be_the_servers_own() -> None:
    """A server on port 80 is also meant by an address without a port."""
    with pytest.raises(Held, match="this server itself"):
        asyncio.run(Targets((), {80}).check("http://localhost/_mock/reset"))


def test_an_address_is_own_if_it_can_be_bound_to() -> None:
    """Loopback is, a documentation address is not."""
    verdicts = [
        is_own(address)
        for text in ("127.0.0.9", "::1", "192.0.2.7", "2001:db8::7")
        if (address := read_address(text))
    ]

    assert verdicts == [True, True, False, False]


@pytest.mark.parametrize(
    ("flag", "url"),
    [
        ("example.com", "http://example.com/"),
        ("Example.COM", "http://example.com/"),
        ("example.com", "http://EXAMPLE.com:3000/"),
        ("bücher.example", "http://bücher.example/"),
        ("bücher.example", "http://xn--bcher-kva.example/"),
        ("xn--bcher-kva.example", "http://BÜCHER.example/"),
        ("203.0.113.9", "http://203.0.113.9/"),
        ("2001:0db8::0001", "http://[2001:db8::1]/"),
        ("[2001:db8::1]", "http://[2001:DB8:0::1]/"),
        ("203.0.113.9", "http://[::ffff:203.0.113.9]/"),
        ("10.0.0.1", "http://10.0.0.1:3000/"),
        ("host.docker.internal", "http://host.docker.internal:3000/"),
        ("my_service", "http://my_service:3000/"),
    ],
)
def test_an_allowed_host_is_allowed_in_every_spelling(flag: str, url: str) -> None:
    """Letters, alphabets and zeros do not matter, neither in the flag nor in the address."""
    known = ["203.0.113.9"]
    names = Names(example=known, xn__bcher_kva=known, host=known, my_service=known)

    assert check(url, allowed=[flag], names=names).host.isascii()


@pytest.mark.parametrize(
    "flag",
    [
        *["http://example.com", "example.com:80", "example.com/x", "*", "*.example.com", "", " "],
        *["a b", "user@example.com", "[example.com]", "::1%lo", "exam\nple.com", "a" * 300],
    ],
)
def test_a_flag_that_is_no_host_is_refused(flag: str) -> None:
    """A flag that could never fit anything is told at once."""
    with pytest.raises(UsageError, match="give a name or an address"):
        Targets([flag])


@pytest.mark.parametrize(
    "url", ["http://www.example.com/", "http://example.com.evil.test/", "http://ample.com/"]
)
def test_an_allowed_name_allows_no_other(url: str) -> None:
    """Neither what stands below it nor what only ends or begins like it."""
    assert "--allow-callback-host" in find_reason(url, allowed=["example.com"])


def test_an_allowed_name_is_resolved_once_for_each_attempt() -> None:
    """What was checked is what is connected to: nobody asks a second time."""
    names = Names(example=["203.0.113.9"])
    target = check("http://example.com/", allowed=["example.com"], names=names)

    assert (target.addresses, names.asked) == (("203.0.113.9",), ["example.com"])


@pytest.mark.parametrize(
    "address",
    [
        *[METADATA, "169.254.1.1", "fe80::1", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1"],  # noqa: S104
        *["255.255.255.255", "240.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "ff02::1"],
        *["2002:7f00:1::", "2002:a9fe:a9fe::", "64:ff9b::a9fe:a9fe", "fec0::1", "::7f00:1"],
        *["2001:0:4136:e378:8000:63bf:80ff:fffe", "::ffff:0.0.0.0", "no address", "fe80::1%eth0"],
        "::ffff:169.254.169.254",
    ],
)
def test_an_allowed_name_leads_not_everywhere(address: str) -> None:
    """Whoever rules its name server must not reach the cloud's secrets or hidden machines."""
    names = Names(example=[address])
    reason = find_reason("http://example.com/", allowed=["example.com"], names=names)

    assert reason == "example.com has no address that a receiver can have"


@pytest.mark.parametrize("first", [True, False])
def test_of_mixed_answers_only_fit_ones_are_kept(first: bool) -> None:
    """A name with good and bad addresses is sent to at the good ones alone."""
    answers = ["203.0.113.9", METADATA, "2001:db8::1", "0.0.0.0"]  # noqa: S104
    names = Names(example=answers if first else answers[::-1])
    target = check("http://example.com/", allowed=["example.com"], names=names)

    assert set(target.addresses) == {"203.0.113.9", "2001:db8::1"}


def test_an_allowed_name_may_lead_to_this_machine() -> None:
    """Somebody who maps a name to loopback for tests means it."""
    names = Names(example=["127.0.0.1"])

    assert check("http://example.com:3000/", allowed=["example.com"], names=names).port == 3000


def test_a_name_that_cannot_be_resolved_is_a_failure_not_a_refusal() -> None:
    """The name is allowed, so the attempt failed, and may succeed the next time."""
    with pytest.raises(OSError, match="not known"):
        check("http://example.com/", allowed=["example.com"])


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example"])
def test_what_can_be_no_name_cannot_be_allowed(host: str) -> None:
    """Nobody could resolve it, nor bear it in a certificate: the flag is refused at the start."""
    with pytest.raises(UsageError, match="is no name of a host"):
        Targets([host])


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("http://localhost", "localhost", "/"),
        ("http://localhost:80/a", "localhost", "/a"),
        ("https://localhost:443/a", "localhost", "/a"),
        ("https://localhost:80/a", "localhost:80", "/a"),
        ("http://[::1]:3000/a?b=c&d#e", "[::1]:3000", "/a?b=c&d"),
        ("http://localhost?x=1", "localhost", "/?x=1"),
        ("http://localhost//a//b/../c", "localhost", "//a//b/../c"),
        ("http://localhost/a%2Fb?c=%20+d", "localhost", "/a%2Fb?c=%20+d"),
        ("http://localhost/ä?ö=€", "localhost", "/%C3%A4?%C3%B6=%E2%82%AC"),
        ('http://localhost/"<>?`{|}', "localhost", "/%22%3C%3E?%60%7B%7C%7D"),
        ("http://localhost/a\\b", "localhost", "/a%5Cb"),
        ("http://localhost/a;b=c,d:e@f!$&'()*", "localhost", "/a;b=c,d:e@f!$&'()*"),
    ],
)
def test_the_request_line_is_what_was_asked_for(url: str, authority: str, path: str) -> None:
    """Host and path arrive as written; only what no request line can hold is percent-encoded."""
    target = check(url)

    assert (target.authority, target.path) == (authority, path)
