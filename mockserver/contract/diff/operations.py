"""The operations of two contracts, compared: requests, replies by moment, callbacks."""

from collections.abc import Iterator, Mapping

from mockserver.contract.body import Body, Variant
from mockserver.contract.diff.change import Change, Verdict
from mockserver.contract.diff.schemas import Side, compare_schemas, write
from mockserver.contract.model import CallbackForm, Contract, Operation, Parameter
from mockserver.contract.moments import CONDITIONS
from mockserver.contract.shape import Shape
from mockserver.contract.validate import Answer, covers

_BREAKING, _COMPATIBLE = Verdict.BREAKING, Verdict.COMPATIBLE


def compare_operations(old: Contract, new: Contract) -> Iterator[Change]:
    """Everything in which the operations of two contracts differ."""
    for name in dict.fromkeys([*old.operations, *new.operations]):
        if name not in new.operations:
            yield Change(_BREAKING, name, "", "the operation is gone")
        elif name not in old.operations:
            yield Change(_COMPATIBLE, name, "", "the operation is new")
        else:
            yield from _compare(old.operations[name], new.operations[name])


def _compare(old: Operation, new: Operation) -> Iterator[Change]:
    was, is_now = (f"{each.method} {each.path}" for each in (old, new))
    if was != is_now:
        yield Change(_BREAKING, old.id, "", f"{was} became {is_now}")
    if old.keyed != new.keyed:
        told = "asks for a key now" if new.keyed else "asks for no key any more"
        yield Change(_BREAKING if new.keyed else _COMPATIBLE, old.id, "", told)
    yield from _compare_parameters(old, new)
    yield from _compare_bodies(old.id, old.body, new.body)
    yield from _compare_shapes(old.id, old.shapes, new.shapes)
    before = {form.name: form for form in old.callbacks}
    after = {form.name: form for form in new.callbacks}
    for name in dict.fromkeys([*before, *after]):
        yield from _compare_callbacks(f"{old.id} callback", before.get(name), after.get(name))


def _compare_parameters(old: Operation, new: Operation) -> Iterator[Change]:
    before = {(p.where, p.name): p for p in old.parameters}
    after = {(p.where, p.name): p for p in new.parameters}
    for key in dict.fromkeys([*before, *after]):
        was, is_now = before.get(key), after.get(key)
        place = f"{old.id} request"
        for verdict, told in _compare_parameter(was, is_now):
            yield Change(verdict, place, f"{key[0]} {key[1]}", told)


def _compare_parameter(
    old: Parameter | None, new: Parameter | None
) -> Iterator[tuple[Verdict, str]]:
    if new is None:
        yield Verdict.UNSURE, "is gone"
    elif old is None:
        told = "is new and required" if new.required else "is new"
        yield _BREAKING if new.required else _COMPATIBLE, told
    else:
        if old.required != new.required:
            told = "is required now" if new.required else "is no longer required"
            yield _BREAKING if new.required else _COMPATIBLE, told
        for found in compare_schemas(old.schema, new.schema, Side.REQUEST):
            yield found.verdict, found.told


def _compare_bodies(name: str, old: Body | None, new: Body | None) -> Iterator[Change]:
    place = f"{name} request"
    if old is None or new is None:
        if new is not None:
            told = "takes a body now"
            yield Change(_BREAKING if new.required else _COMPATIBLE, place, "", told)
        elif old is not None:
            yield Change(Verdict.UNSURE, place, "", "takes no body any more")
        return
    if new.required and not old.required:
        yield Change(_BREAKING, place, "", "the body is required now")
    for media in old.media_types:
        if media not in new.media_types:
            yield Change(_BREAKING, place, "", f"{media} is no longer taken")
    for model in dict.fromkeys([*(old.models or (None,)), *(new.models or (None,))]):
        here = f"{place} {model}" if model else place
        yield from _compare_variants(here, old.find_variant(model), new.find_variant(model))


def _compare_variants(place: str, old: Variant | None, new: Variant | None) -> Iterator[Change]:
    if new is None:
        yield Change(_BREAKING, place, "", "the model is gone")
    elif old is None:
        yield Change(_COMPATIBLE, place, "", "the model is new")
    else:
        for found in compare_schemas(old.schema, new.schema, Side.REQUEST):
            yield Change(found.verdict, place, found.pointer, found.told)
        for word, said in (("x-price", "the price"), ("x-yields", "what is made")):
            was, is_now = old.schema.get(word), new.schema.get(word)
            if was != is_now:
                told = f"{said} changed: {write(was)} became {write(is_now)}"
                yield Change(_COMPATIBLE, place, "", told)


def _compare_shapes(
    name: str, old: Mapping[str, Shape], new: Mapping[str, Shape]
) -> Iterator[Change]:
    pairs: dict[tuple[Shape | None, Shape | None], list[str]] = {}
    for moment in dict.fromkeys([*old, *new]):
        pairs.setdefault((old.get(moment), new.get(moment)), []).append(moment)
    for (was, is_now), moments in pairs.items():
        place = f"{name} {'|'.join(moments)}"
        if is_now is None:
            yield Change(_COMPATIBLE, place, "", "is no longer sent")
        elif was is None:
            yield _rate_new(place, moments, is_now, old)
        else:
            yield from _compare_pair(place, was, is_now)


def _rate_new(place: str, moments: list[str], new: Shape, old: Mapping[str, Shape]) -> Change:
    """A reply that had no shape: readers may know it from another moment."""
    if any(covers(shape.schema, new.schema) is Answer.YES for shape in old.values()):
        return Change(_COMPATIBLE, place, "", "is sent now, in a form that was known")
    # Clients have a way for refusals that they do not know; of phases nobody can say that.
    is_refusal = all(moment in CONDITIONS for moment in moments)
    return Change(Verdict.UNSURE if is_refusal else _BREAKING, place, "", "is sent now")


def _compare_pair(place: str, old: Shape, new: Shape) -> Iterator[Change]:
    if old.status != new.status:
        told = f"HTTP status {old.status} became {new.status}"
        yield Change(_BREAKING, place, "", told)
    if old.media_type != new.media_type:
        yield Change(_BREAKING, place, "", f"{old.media_type} became {new.media_type}")
    for found in compare_schemas(old.schema, new.schema, Side.REPLY):
        yield Change(found.verdict, place, found.pointer, found.told)
    for header in dict.fromkeys([*old.headers, *new.headers]):
        if header not in new.headers:
            yield Change(Verdict.UNSURE, place, f"header {header}", "is gone")
        elif header not in old.headers:
            yield Change(_COMPATIBLE, place, f"header {header}", "is new")


def _compare_callbacks(
    place: str, old: CallbackForm | None, new: CallbackForm | None
) -> Iterator[Change]:
    if new is None:
        yield Change(_BREAKING, place, "", "is no longer sent")
    elif old is None:
        yield Change(_COMPATIBLE, place, "", "is sent now, where an address is named")
    else:
        if old.address != new.address:
            yield Change(_BREAKING, place, "", f"goes to {new.address}, not {old.address}")
        yield from _compare_shapes(place, old.shapes, new.shapes)
