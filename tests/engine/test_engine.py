from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engine.conftest import World


def test_x(world: "World") -> None:
    """A submit."""
    taken = world.submit()
    print(taken, world.inspect(taken["id"]), world.end(taken["id"]))
    assert 0
