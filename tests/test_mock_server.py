"""A server in this process: open, used from sync and async code, and closed without a trace."""

import asyncio
import gc
import math
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

import mockserver
from mockserver import Account, MockServer, ProviderAccount, RemoteServer
from mockserver.clock import ManualClock
from mockserver.errors import ContractError, ControlFailed, UsageError

ACORN = Path(__file__).parents[1] / "fixtures" / "acorn"
PROMPT = {"prompt": "a fox"}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    """A server with every contract, for tests that leave it as it is."""
    with MockServer() as server:
        yield server


def test_a_server_that_is_not_open_says_so() -> None:
    """Whoever forgets `with` is told, whatever is asked for, and sees it in the server's name."""
    server = MockServer("gptimage15")

    for ask in (lambda: server.url, server.account, lambda: server.requests):
        with pytest.raises(UsageError, match="with MockServer"):
            ask()
    with pytest.raises(AttributeError, match="no attribute 'uri'"):
        _ = server.uri  # type: ignore[attr-defined]
    assert repr(server) == "<MockServer that is not open>"


@pytest.mark.parametrize("settings", [{"seed": "7"}, {"speed": "fast"}, {"seed": 1.5}])
def test_a_text_is_no_number(settings: dict[str, Any]) -> None:
    """A seed or a speed of another kind is refused by its name, before anything is served."""
    with pytest.raises(UsageError, match=f"{next(iter(settings))}=.* is no number"):
        MockServer("gptimage15", **settings)


def test_a_refused_call_is_traced_to_the_caller(account: ProviderAccount) -> None:
    """The traceback of a wrong word shows where it was said, not how it was sent."""
    with pytest.raises(ControlFailed) as caught:
        account.fail_next("fial")

    names = [Path(str(entry.path)).name for entry in caught.traceback]
    assert names == [Path(__file__).name, "controls.py", "line.py"]


@pytest.fixture
def account(server: MockServer) -> ProviderAccount:
    """A fresh account at one provider."""
    return server.account().at("gptimage15")


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a receiver of callbacks in a thread, and the bodies that it got."""
    got: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/hook", got
        http.shutdown()
        thread.join()


def write_headers(account: Account | ProviderAccount) -> dict[str, str]:
    return {"authorization": f"Bearer {account.api_key}"}


def submit(account: ProviderAccount, **body: Any) -> Any:
    """Order an image; the body of the reply."""
    with httpx.Client(headers=write_headers(account), base_url=account.base_url) as client:
        return client.post("/api/generate", json={**PROMPT, **body}).json()


def test_from_order_to_callback_without_waiting(
    account: ProviderAccount, receiver: tuple[str, list[bytes]]
) -> None:
    """Once `advance` returns, the task has ended, is paid, and its callback has arrived."""
    url, got = receiver
    before = account.balance
    submit(account, callback_url=url)

    moved = account.advance("5m")

    (task,), (callback,), (request,) = account.tasks, account.callbacks, account.requests
    assert (task.ended, task.phase) == (True, "succeeded")
    assert (callback.standing, len(got), moved.undelivered) == ("delivered", 1, ())
    assert (request.operation, request.status) == (task.operation, 200)
    assert before - account.balance == task.price
    (paid,) = (entry for entry in account.ledger.entries if entry.task == task.id)
    assert (paid.kind, paid.amount) == ("charge", -task.price)


@pytest.mark.parametrize("by_app", [False, True])
def test_a_coroutine_awaits_callbacks_to_its_own_loop(server: MockServer, *, by_app: bool) -> None:
    """A receiver in the test's own event loop is called while the test awaits `advance`."""
    account = server.account().at("gptimage15")
    got: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def order() -> mockserver.ProviderAccount:
        hook = await asyncio.start_server(receive, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{hook.sockets[0].getsockname()[1]}/"
        transport = httpx.ASGITransport(server.app) if by_app else None
        async with hook, httpx.AsyncClient(transport=transport) as client:
            address = f"{account.base_url}/api/generate"
            body = {**PROMPT, "callback_url": url}
            await client.post(address, json=body, headers=write_headers(account))
            moved = account.advance("5m")
            assert account.tasks[0].ended
            assert [each.standing for each in moved.undelivered] == ["waiting"]
            assert (await moved).undelivered == ()
            assert (await moved).now == moved.now
        return account

    asyncio.run(order())

    assert len(got) == 1


def test_a_callback_that_did_not_arrive_is_told_to_who_awaits(server: MockServer) -> None:
    """Also where deliveries end between the move and the wait, what was lost is listed."""
    account = server.account().at("gptimage15")
    submit(account, callback_url="http://203.0.113.1/hook")

    async def move() -> list[str | None]:
        moved = await account.advance("5m")
        return [each.held for each in moved.undelivered]

    (held,) = asyncio.run(move())

    assert "--allow-callback-host 203.0.113.1" in str(held)


def test_every_provider_has_an_origin_of_its_own(server: MockServer) -> None:
    """Base URLs are bare, and differ; the main address has everything under its name."""
    assert set(server.base_urls) >= {"kie", "aigptimage", "gptimage15"}
    for name, base_url in server.base_urls.items():
        assert httpx.URL(base_url).path == "/"
        assert httpx.get(f"{base_url}/_mock/health").is_success
        assert httpx.get(f"{base_url}/{name}").status_code == 404
    assert len({server.url, *server.base_urls.values()}) == 1 + len(server.base_urls)
    assert httpx.get(server.url).json()["providers"].keys() == server.base_urls.keys()


def test_the_application_answers_without_a_socket(server: MockServer) -> None:
    """`app` is the same server for an ASGI transport: same addresses, same accounts."""
    account = server.account("by-app").at("gptimage15")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url=account.base_url) as client:
            return await client.post("/api/generate", json=PROMPT, headers=write_headers(account))

    assert asyncio.run(ask()).json()["code"] == 200
    assert len(account.tasks) == 1


def test_an_application_around_it_may_start_and_stop(server: MockServer) -> None:
    """The lifespan of somebody else's server does not end this one."""
    asked = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]
    told: list[Any] = []

    async def receive() -> Any:
        return asked.pop()

    async def send(message: Any) -> None:
        told.append(message["type"])

    async def live() -> None:
        await server.app({"type": "lifespan"}, receive, send)

    asyncio.run(live())

    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert httpx.get(f"{server.url}/_mock/health").is_success


def test_accounts_are_fresh_or_named(server: MockServer) -> None:
    """Without a name each account is another one; the same name is the same account."""
    fresh = {server.account().api_key for _ in range(3)}
    server.account("mine").set_credits(5, "kie")

    assert len(fresh) == 3
    assert server.account("mine").balances["kie"] == 5
    assert server.account("sk-mock-mine").api_key == server.account("mine").api_key


def test_an_account_can_be_in_a_scenario(server: MockServer) -> None:
    """The scenario stands in the key; a seed alone is a setting of the account."""
    broken = server.account("s", "server-error").at("gptimage15")
    seeded = server.account("s", "fails", 7)

    assert broken.api_key == "sk-mock-s.server-error"
    assert submit(broken)["code"] == 500
    assert (seeded.api_key, seeded.view.seed) == ("sk-mock-s.fails.7", 7)
    assert server.account("only-seed", seed=8).view.seed == 8


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"scenario": "rate-limitd"}, "rate-limited"),
        ({"name": "a.b"}, "no name of an account"),
        ({"name": " "}, "no name of an account"),
        ({"scenario": "fails", "seed": -1}, "no seed"),
    ],
)
def test_a_wrong_account_is_explained(
    server: MockServer, wanted: dict[str, Any], complaint: str
) -> None:
    """An unknown scenario names the nearest; a name or a seed that cannot be says why."""
    with pytest.raises((ControlFailed, UsageError), match=complaint):
        server.account(**wanted)


def test_an_account_is_changed_by_its_methods(account: ProviderAccount) -> None:
    """Credits, settings, tasks and the journal can be set from a test."""
    assert account.set_credits(7.5) == account.balance == 7.5
    assert account.change(tier="unlimited").tier == "unlimited"
    account.set_credits(1_000)
    submit(account)
    assert account.end_task(account.tasks[0].id).phase == "failed"
    assert account.clear_requests() == 1
    assert account.requests == ()


def test_a_frozen_clock_stands_still(account: ProviderAccount) -> None:
    """After `freeze` only `advance` moves the clock."""
    frozen = account.freeze()

    assert (frozen.frozen, account.view.clock.now) == (True, frozen.now)
    assert account.advance("2s").now == frozen.now + 2_000
    assert account.freeze(False).frozen is False


def test_what_breaks_the_contract_is_listed(account: ProviderAccount) -> None:
    """`violations` has requests that break a schema, `strays` those for no operation."""
    submit(account)
    submit(account, prompt=7)
    httpx.get(f"{account.base_url}/api/generatex", headers=write_headers(account))

    assert [request.violations[0].pointer for request in account.violations] == ["/prompt"]
    assert [request.target for request in account.strays] == ["/api/generatex"]


def test_result_files_can_have_a_listener_of_their_own() -> None:
    """With `separate_files` results lead to another origin, which serves nothing else."""
    with MockServer("gptimage15", speed=math.inf, separate_files=True) as server:
        account = server.account().at("gptimage15")
        task = submit(account)["data"]["task_id"]
        status = f"{account.base_url}/api/status?task_id={task}"
        reply = httpx.get(status, headers=write_headers(account)).json()
        (address,) = reply["data"]["response"]

        assert httpx.get(address, headers=write_headers(account)).is_success
        assert address.startswith(f"{server.files_url}/")
        assert "file host" in account.requests[-1].notes[0]
        assert httpx.get(f"{server.files_url}/_mock/health").status_code == 200
        assert httpx.get(f"{server.files_url}/_mock/accounts").status_code == 421
        assert httpx.post(f"{server.files_url}/api/generate", json=PROMPT).status_code == 404


def test_settings_are_those_of_serve() -> None:
    """Speed, seed, keys, editions, folders and a clock can be given."""
    clock = ManualClock()
    keys = ["sk-mock-ci"]
    given: dict[str, Any] = {"seed": 3, "keys": keys, "edition": "kie=documented", "clock": clock}
    with MockServer(["kie", "acorn"], contracts=[ACORN], **given) as server:
        view = server.account("ci").view

        assert (view.seed, view.clock.now) == (3, clock.now())
        assert list(server.base_urls) == ["kie", "acorn"]
        with pytest.raises(ControlFailed, match="none of the keys"):
            server.account("other")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"providers": "ki"}, "'kie'"),
        ({"edition": "obsrved"}, "'observed'"),
        ({"speed": 0}, "speed 0"),
        ({"spede": 1}, "did you mean 'speed'?"),
        ({"contracts": ["/nowhere"]}, "/nowhere is no folder"),
        ({"contracts": ACORN.parent}, "has no contract.yaml"),
        ({"scenarios": "/nowhere"}, "/nowhere is no folder"),
    ],
)
def test_a_wrong_setting_is_explained(given: dict[str, Any], complaint: str) -> None:
    """What cannot be served says what is wrong and what there is instead."""
    with pytest.raises((UsageError, ContractError), match=complaint):
        MockServer(**given)


def test_a_server_leaves_nothing_behind() -> None:
    """Threads and sockets are gone after the block, also if it raised, or clients still hang on."""
    before = set(threading.enumerate())
    servers: list[MockServer] = []
    with warnings.catch_warnings(), httpx.Client() as client:
        warnings.simplefilter("error")
        with pytest.raises(ZeroDivisionError):
            use_and_fail(servers, client)
        gc.collect()

        assert set(threading.enumerate()) == before
        with pytest.raises(httpx.ConnectError):
            client.get(f"{servers[0].url}/_mock/health")
    servers[0].close()


def use_and_fail(servers: list[MockServer], client: httpx.Client) -> None:
    with MockServer() as server:
        servers.append(server)
        account = server.account().at("gptimage15")
        client.get(f"{account.base_url}/_mock/health")
        submit(account)
        raise ZeroDivisionError


def test_async_with_closes_with_clients_of_the_same_loop() -> None:
    """A client of the loop that still has a connection does not keep the server from its end."""
    before = set(threading.enumerate())

    async def use() -> None:
        async with httpx.AsyncClient() as client, MockServer("kie") as server:
            assert (await client.get(f"{server.url}/_mock/health")).is_success

    asyncio.run(use())

    assert set(threading.enumerate()) == before


def test_a_closed_server_says_that_it_is_closed() -> None:
    """Accounts of a server that is closed complain in one line; it is not opened twice."""
    with MockServer("kie") as server:
        account = server.account()

    with pytest.raises(UsageError, match="closed"):
        _ = account.requests
    with pytest.raises(UsageError, match="make another one"):
        server.open()


def test_a_server_elsewhere_has_the_same_handles(
    server: MockServer, receiver: tuple[str, list[bytes]]
) -> None:
    """A RemoteServer gives accounts at a server that runs already, apart from those of others."""
    url, got = receiver
    with RemoteServer(server.url) as one, RemoteServer(server.url) as other:
        account = one.account().at("gptimage15")
        assert account.api_key != other.account().api_key
        submit(account, callback_url=url)
        account.advance("5m")

        assert account.base_url == server.base_urls["gptimage15"]
        assert (account.tasks[0].ended, len(got)) == (True, 1)


def test_a_server_elsewhere_can_be_used_from_a_loop(server: MockServer) -> None:
    """`async with` opens and closes it without making the loop wait."""

    async def use() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        async with RemoteServer(server.url) as remote:
            assert remote.base_urls == server.base_urls
            assert remote.files_url is None
        ticking.cancel()
        return ticks

    assert asyncio.run(use()) > 10


def test_a_server_that_is_not_there_is_named() -> None:
    """A wrong address is one clear error, and leaves no thread behind."""
    before = set(threading.enumerate())

    with pytest.raises(ControlFailed, match=r"no answer from http://127\.0\.0\.1:1"):
        RemoteServer("http://127.0.0.1:1").open()

    assert set(threading.enumerate()) == before


def test_the_variables_lead_to_the_account(server: MockServer) -> None:
    """An account knows the environment that points code under test at it."""
    account = server.account("v")

    assert account.at("kie").variables == {
        "MOCKSERVER_URL": server.url,
        "KIE_BASE_URL": server.base_url("kie"),
        "KIE_API_KEY": "sk-mock-v",
    }
    assert len(account.variables) == 1 + 2 * len(server.base_urls)
    with pytest.raises(UsageError, match="say which provider"):
        account.base_url()


def test_the_package_names_what_it_has() -> None:
    """Every public name can be had, and no other one."""
    assert {getattr(mockserver, name).__name__ for name in mockserver.__all__} == set(
        mockserver.__all__
    )
    with pytest.raises(AttributeError, match="Mockserver"):
        _ = mockserver.Mockserver
