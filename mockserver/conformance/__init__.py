"""Judges clients: runs them against scripted trouble, and says which rules they keep and break.

In a test suite:

    @pytest.mark.parametrize("trial", conformance.plan_trials("NAME"), ids=str)
    def test_my_client(trial):
        conformance.check(trial, lambda errand: generate(errand.prompt, errand.base_url))
"""

from mockserver.conformance.client import Errand
from mockserver.conformance.exploration import explore
from mockserver.conformance.in_process import (
    ConformanceWarning,
    PlannedTrial,
    check,
    plan_trials,
)

__all__ = ["ConformanceWarning", "Errand", "PlannedTrial", "check", "explore", "plan_trials"]
