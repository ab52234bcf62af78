"""A server that replays recordings: tasks, other calls, files; and the emulator for the rest."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Final

import orjson

from mockserver.clock import Clock
from mockserver.contract.model import Contract
from mockserver.engine.call import Malformed, Reply
from mockserver.engine.events import Events
from mockserver.errors import RecordingError
from mockserver.record.replay.address import PREFIX
from mockserver.record.replay.answer import Answer, Miss
from mockserver.record.replay.deck import Deck
from mockserver.record.replay.play import Play, ReplayPace
from mockserver.record.replay.report import Report
from mockserver.record.replay.tape import Tape
from mockserver.web.app import build_index, read_request
from mockserver.web.asgi import (
    Message,
    Receive,
    Scope,
    Send,
    answer_lifespan,
    build_error,
    read_body,
    read_headers,
    send_reply,
)
from mockserver.web.callbacks.targets import Targets
from mockserver.web.calls import NOTHING, Request, read_key
from mockserver.web.control.guard import Guard
from mockserver.web.doors import Door, Doors
from mockserver.web.health import HEALTH, HEALTHY
from mockserver.web.options import Options
from mockserver.web.replayer.callbacks import Messenger
from mockserver.web.replayer.files import ReplayedFiles
from mockserver.web.replayer.wire import build_ask, build_reply
from mockserver.web.request_log import Watch
from mockserver.web.routes import Route
from mockserver.web.served import Served
from mockserver.web.sizes import measure_message
from mockserver.web.wire.carrier_asgi import carry_reply

MAX_DECKS: Final = 10_000  # accounts whose state is kept
CONTROL: Final = "/_mock/replay"


@dataclass(frozen=True, slots=True)
class Show:
    """What is replayed, and how."""

    tape: Tape
    contracts: tuple[Contract, ...]  # those that are served
    pace: ReplayPace = field(default_factory=ReplayPace)
    secret: str | None = None  # that callbacks are signed with
    emulator: Served | None = None  # answers what is not recorded


class Replayer:
    """Everything that a replaying server answers."""

    def __init__(self, show: Show, clock: Clock, options: Options) -> None:
        self._show = show
        self._clock = clock
        self._options = options
        self.notice = options.notice
        self.report = Report(show.tape, [contract.name for contract in show.contracts])
        self._guard = Guard(options.admin_token)
        self._doors = Doors(show.contracts, options, Watch(Events(), options.notice))
        self._decks: OrderedDict[str, Deck] = OrderedDict()
        self._files = ReplayedFiles(show.tape, draws=show.emulator is not None)

    @cached_property
    def _messenger(self) -> Messenger:
        options = self._options
        targets = Targets(options.callback_hosts, options.own_ports)
        return Messenger(targets, self._clock, self._show.secret, options.notice)

    @property
    def message_bytes(self) -> int:
        """How many bytes the largest body may have."""
        return measure_message(self._show.contracts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send, self._stop)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = read_headers(scope["headers"])
        host = headers.get("host", "")
        door = self._doors.known.get(host) or self._doors.open(host)
        if isinstance(door, Reply):
            await send_reply(send, door, close=True)
            return
        request = read_request(scope, headers)
        place = request.method, request.path
        route = door.site.exact.get(place)
        found = (route, NOTHING) if route else door.site.find_template(*place)
        if found is not None and not request.path.startswith("/_"):
            await self._answer_call(*found, request, (scope, receive, send))
        elif reply := await self._find_own(door, request):
            await send_reply(send, reply, with_body=request.method != "HEAD")
        elif self._show.emulator is not None:
            await self._show.emulator(scope, receive, send)
        else:
            problem = f"{request.method} {request.path} is no operation of a served contract"
            await send_reply(send, build_error(404, problem, self._list_recorded()))

    def end_streams(self) -> None:
        """End the emulator's."""
        if self._show.emulator is not None:
            self._show.emulator.end_streams()

    async def _find_own(self, door: Door, request: Request) -> Reply | None:
        """The reply to what is no provider's; None if the emulator knows better."""
        if request.path == HEALTH:
            return HEALTHY
        if request.path.startswith(PREFIX):
            return await self._files.answer(request)
        if request.path == CONTROL and door.has_control:
            body = orjson.dumps(self.report.build(), option=orjson.OPT_INDENT_2)
            return self._guard.find_refusal(request) or Reply(200, body)
        if request.path == "/" and door.site.home is None:
            return build_index(door.site, request.origin)
        return None

    async def _answer_call(
        self,
        route: Route,
        path: Mapping[str, str],
        request: Request,
        way: tuple[Scope, Receive, Send],
    ) -> None:
        scope, receive, send = way
        body = await read_body(receive, request.headers, self.message_bytes)
        if body is None:
            return
        if isinstance(body, Malformed):
            await send_reply(send, build_error(body.status or 400, body.reason), close=True)
            return
        deck, now = self._find_deck(request), self._clock.now()
        try:
            found = deck.answer(build_ask(route, path, request, body, now), now, request.origin)
        except RecordingError as error:
            problem = build_error(500, str(error), "it was changed while it is replayed")
            await send_reply(send, problem)
            return
        if isinstance(found, Answer):
            await self._give(found, deck, request, send)
        elif self._show.emulator is not None:
            await self._show.emulator(scope, _give_again(body), send)
        else:
            await self._refuse(found, request, send)

    async def _give(self, answer: Answer, deck: Deck, request: Request, send: Send) -> None:
        if answer.notice is not None:
            self._options.notice(answer.notice)
        await carry_reply(send, build_reply(answer), request)
        if answer.play is not None:
            self._call_back(deck, answer.play, request.origin)

    def _call_back(self, deck: Deck, play: Play, origin: str) -> None:
        """Send the callbacks whose place has come, and look again when the next one's time has."""
        if play.next_callback is None:
            return
        try:
            due = deck.take_callbacks(play, self._clock.now(), origin)
        except RecordingError as error:
            self._options.notice(f"a callback was not sent: {error}")
            return
        self._messenger.send(play, due)
        if (moment := play.next_callback) is not None:
            self._messenger.wake_at(play, moment, lambda: self._call_back(deck, play, origin))

    async def _refuse(self, miss: Miss, request: Request, send: Send) -> None:
        self._options.notice(f"{request.method} {request.path[:200]}: {miss.error}")
        await send_reply(send, build_error(miss.status, miss.error, miss.hint))

    def _find_deck(self, request: Request) -> Deck:
        key = read_key(request.headers.get("authorization")) or ""
        name = blake2b(key.encode("utf-8", "replace"), digest_size=16).hexdigest()
        deck = self._decks.get(name)
        if deck is None:
            show = self._show
            deck = self._decks[name] = Deck(show.tape, name, show.pace, self.report)
            if len(self._decks) > MAX_DECKS:
                self._decks.popitem(last=False)
        self._decks.move_to_end(name)
        return deck

    def _list_recorded(self) -> str:
        counts = [
            f"{name}: {', '.join(self._show.tape.list_operations(name))}"
            for name in self._show.tape.providers
        ]
        return f"recorded are, of {'; of '.join(counts) or 'nobody, nothing'}"

    async def _stop(self) -> None:
        self.end_streams()
        await self._messenger.close()
        if self._show.emulator is not None:
            await self._show.emulator({"type": "lifespan"}, _end_lifespan, _ignore)


def _give_again(body: bytes) -> Receive:
    """A request's body that was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _end_lifespan() -> Message:
    return {"type": "lifespan.shutdown"}


async def _ignore(message: Message) -> None:
    """Nobody waits for it."""
