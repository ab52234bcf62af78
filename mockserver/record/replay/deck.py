"""The replay state of one account: what it was played so far, and its next answer."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeVar

from mockserver.contract.model import CallbackForm, Operation, Role
from mockserver.contract.shape import Shape
from mockserver.draw import draw
from mockserver.record.har import read_place
from mockserver.record.replay.address import restore_addresses, write_address
from mockserver.record.replay.answer import Answer, Miss, Notification
from mockserver.record.replay.ask import Ask
from mockserver.record.replay.difference import describe_nearest
from mockserver.record.replay.play import Play, ReplayPace
from mockserver.record.replay.reel import Frame, Reel
from mockserver.record.replay.report import Report
from mockserver.record.replay.rewrite import rewrite
from mockserver.record.replay.tape import POLLS, Key, Tape

MAX_PLAYS: Final = 10_000  # of one account that can still be polled

T = TypeVar("T")


class Deck:
    """The state of one account."""

    def __init__(self, tape: Tape, account: str, pace: ReplayPace, report: Report) -> None:
        self._tape = tape
        self._account = account
        self._pace = pace
        self._report = report
        self._uses: Counter[int] = Counter()  # by number of the reel
        # By provider and task, or the submit's own name; what was asked for last is the last.
        self._plays: OrderedDict[Key, Play] = OrderedDict()
        self._named: OrderedDict[Key, tuple[Play, Frame]] = OrderedDict()
        self._turns: Counter[tuple[str, bytes]] = Counter()  # calls of no task that were answered

    def answer(self, ask: Ask, now: int, origin: str) -> Answer | Miss:
        """The recorded answer to a request that reaches us at an origin.

        Raises RecordingError if the file can no longer be read.
        """
        body = restore_addresses(self._tape, ask.exchange.request_body)
        ask = replace(ask, exchange=replace(ask.exchange, request_body=body))
        if ask.operation.role is Role.SUBMIT:
            found = self._submit(ask, now, origin)
        elif ask.operation.role in POLLS and ask.task_id is not None:
            found = self._poll(ask, ask.task_id, now, origin)
        else:
            found = self._answer_other(ask, now, origin)
        if isinstance(found, Miss):
            self._report.misses += 1
        return found

    def take_callbacks(self, play: Play, now: int, origin: str) -> list[Notification]:
        """The callbacks of a task whose place has come."""
        found = []
        for frame in play.take_callbacks(now):
            exchange = read_place(frame.place)
            operation = play.reel.contract.operations[frame.operation]
            form = _find_form(operation, frame, play)
            if form is None:
                continue
            shapes = form.shapes.values()
            found.append(
                Notification(
                    1 + play.reel.callbacks.index(frame),
                    play.urls[form.name],
                    self._rewrite(exchange.request_body, shapes, play, frame, origin),
                    exchange.find_request_header("content-type") or "application/json",
                    form.terms,
                    play.task_id or "",
                )
            )
        return found

    def _submit(self, ask: Ask, now: int, origin: str) -> Answer | Miss:
        name = _read_name(ask)
        key = (ask.contract.name, name or "")
        if name is not None and (begun := _find(self._named, key)):
            return self._show_submit(*begun, origin)  # a retry
        submits = self._tape.list_submits(ask.contract.name, ask.operation.id)
        exact, alike = ask.exact, ask.alike
        same = [each for each in submits if each.frame.exact == exact]
        same = same or [each for each in submits if each.frame.alike == alike]
        notice = None
        if not same:
            same = [s for s in submits if s.reel.task_id and not self._uses[s.reel.number]][:1]
            nearest = self._describe_nearest(ask, (each.frame for each in same or submits))
            if not same:
                return self._miss(ask, nearest, bool(submits))
            notice = f"{ask.operation.id} is answered by another recorded submit: {nearest}"
        reel, frame = min(same, key=lambda each: self._uses[each.reel.number])
        play = self._begin(reel, self._make_id(reel), now, ask.callbacks)
        if name is not None and frame.error is None:  # else a retry finds what came after it
            _keep(self._named, key, (play, frame))
        return replace(self._show_submit(play, frame, origin), notice=notice)

    def _poll(self, ask: Ask, task_id: str, now: int, origin: str) -> Answer | Miss:
        name = ask.contract.name
        play = _find(self._plays, (name, task_id))
        if play is None:
            reel = self._tape.tasks.get((name, task_id))
            if reel is None:
                return self._miss_task(ask, task_id)
            play = self._begin(reel, task_id, now, {})
        moved = play.advance(ask.operation.id, now)
        if moved is None:
            problem = f"{ask.operation.id} was never recorded for this task"
            return Miss(404, problem, self._hint(ask))
        frame, epoch = moved
        self._report.count_poll(play.reel, ask.operation.id, epoch)
        return self._show(frame, ask.operation, play, origin)

    def _answer_other(self, ask: Ask, now: int, origin: str) -> Answer | Miss:
        frames = self._tape.others.get((ask.contract.name, ask.operation.id), [])
        exact, alike = ask.exact, ask.alike
        same = [frame for frame in frames if frame.exact == exact]
        same = same or [frame for frame in frames if frame.alike == alike]
        if not same and ask.operation.role is Role.UPLOAD:
            same = frames  # no two forms are alike, byte by byte
        if not same:
            return self._miss(ask, self._describe_nearest(ask, frames), bool(frames))
        turn = (ask.contract.name, same[0].exact)
        frame = _take_turn(same, self._turns[turn])
        self._turns[turn] += 1
        self._report.others += 1
        self._report.count_error(frame)
        exchange = read_place(frame.place)
        texts = self._write_addresses(frame.addresses, origin)
        shapes = ask.operation.shapes.values()
        body = rewrite(exchange.response_body, shapes, now - frame.started, {}, texts)
        return Answer(exchange, body)

    def _begin(self, reel: Reel, task_id: str | None, now: int, urls: dict[str, str]) -> Play:
        play = Play(reel, task_id, self._pace, now, urls)
        self._uses[reel.number] += 1
        self._report.count_play(reel)
        if task_id is not None:
            _keep(self._plays, (reel.contract.name, task_id), play)
        return play

    def _make_id(self, reel: Reel) -> str | None:
        """An id of this account's own for one more playing of a task."""
        if reel.task_id is None:
            return None
        parts = (self._account, reel.contract.name, reel.number, self._uses[reel.number])
        return draw(0, "replay", *parts).fill(reel.contract.ids)

    def _show_submit(self, play: Play, frame: Frame, origin: str) -> Answer:
        return self._show(frame, play.reel.contract.operations[frame.operation], play, origin)

    def _show(self, frame: Frame, operation: Operation, play: Play, origin: str) -> Answer:
        self._report.count_error(frame)
        exchange = read_place(frame.place)
        shapes = operation.shapes.values()
        body = self._rewrite(exchange.response_body, shapes, play, frame, origin)
        return Answer(exchange, body, play)

    def _rewrite(
        self, body: bytes, shapes: Iterable[Shape], play: Play, frame: Frame, origin: str
    ) -> bytes:
        reel = play.reel
        texts = self._write_addresses((*reel.addresses, *frame.addresses), origin)
        texts |= {url: play.urls[name] for name, url in reel.urls.items() if name in play.urls}
        ids = {reel.task_id: play.task_id} if reel.task_id and play.task_id else {}
        return rewrite(body, shapes, play.began - reel.started, ids, texts)

    def _write_addresses(self, urls: Iterable[str], origin: str) -> dict[str, str]:
        return {url: write_address(self._tape, url, origin) for url in urls}

    def _describe_nearest(self, ask: Ask, frames: Iterable[Frame]) -> str:
        return describe_nearest(ask, frames, self._tape.signpost)

    def _miss(self, ask: Ask, nearest: str, is_known: bool) -> Miss:
        if not is_known:
            return Miss(404, f"no call of {ask.operation.id} is recorded", self._hint(ask))
        problem = f"no recorded {ask.operation.id} answers this request; {nearest}"
        return Miss(409, problem, "record it too, or let --fallback emulate answer it")

    def _miss_task(self, ask: Ask, task_id: str) -> Miss:
        name = ask.operation.id
        reels = (r for r in self._tape.reels if r.contract.name == ask.contract.name)
        polls = [reel.polls[name][0] for reel in reels if name in reel.polls]
        problem = f"no task {task_id[:100]!r} was submitted here with this key, or recorded"
        return Miss(404, f"{problem}; {self._describe_nearest(ask, polls)}", self._hint(ask))

    def _hint(self, ask: Ask) -> str:
        counts = self._tape.list_operations(ask.contract.name)
        held = ", ".join(f"{name} ({count})" for name, count in counts.items()) or "nothing"
        return f"of {ask.contract.name} there is {held}; --fallback emulate answers the rest"


def _read_name(ask: Ask) -> str | None:
    """How a client names a submit, so that it can repeat it."""
    terms = ask.contract.idempotency
    return ask.exchange.find_request_header(terms.header) if terms else None


def _find(kept: OrderedDict[Key, T], key: Key) -> T | None:
    """What is kept under a key; it is now the last that will be forgotten."""
    found = kept.get(key)
    if found is not None:
        kept.move_to_end(key)
    return found


def _keep(kept: OrderedDict[Key, T], key: Key, value: T) -> None:
    kept[key] = value
    if len(kept) > MAX_PLAYS:
        kept.popitem(last=False)


def _take_turn(frames: list[Frame], turn: int) -> Frame:
    """The frame whose turn it is; behind the last one, the last answer stays."""
    if turn < len(frames):
        return frames[turn]
    return next((frame for frame in reversed(frames) if frame.error is None), frames[-1])


def _find_form(operation: Operation, frame: Frame, play: Play) -> CallbackForm | None:
    """The callback that was recorded: the one of that address, else the first that is wanted."""
    forms = [form for form in operation.callbacks if form.name in play.urls]
    known = (form for form in forms if play.reel.urls.get(form.name) == frame.url)
    return next(known, next(iter(forms), None))
