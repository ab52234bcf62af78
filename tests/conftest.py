"""How hard Hypothesis tries: HYPOTHESIS_PROFILE is fast (default), ci or nightly."""

import os

from hypothesis import HealthCheck, settings

# No deadline and no health check by the clock: a busy machine is not a broken property.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("fast", UNHURRIED, max_examples=50)
settings.register_profile("ci", UNHURRIED, max_examples=200, derandomize=True, print_blob=True)
settings.register_profile("nightly", UNHURRIED, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))
