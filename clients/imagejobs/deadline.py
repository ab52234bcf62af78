"""The end of a call: one total limit for everything that it does."""

from imagejobs.errors import Misused
from imagejobs.settings import Settings


class Deadline:
    """Counts down from the moment it is made."""

    def __init__(self, asked: float | None, default: float, settings: Settings) -> None:
        seconds = default if asked is None else asked
        if not seconds > 0:
            raise Misused(f"timeout {seconds} cannot be; give seconds above 0")
        self._clock = settings.world.clock
        self.seconds = seconds
        self._end = self._clock() + seconds

    @property
    def left(self) -> float:
        """Seconds until the end; 0 or less when it is over."""
        return self._end - self._clock()

    def cap(self, seconds: float) -> float:
        """So many seconds, or what is left of them; never 0."""
        return max(0.001, min(seconds, self.left))
