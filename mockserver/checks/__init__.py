"""Checks for schemathesis that know what an asynchronous API is.

Schemathesis judges by HTTP status and never waits. These checks read the body, since some
providers answer every call with status 200 and say in a code what they mean; and they follow tasks
from poll to poll. They need no settings: the contract is read from the document under test, which
has to be one of ours (`GET /_mock/contracts/{provider}`, or `Contract.bundle()`).

In a hooks module of `st run`:

    import schemathesis
    from mockserver.checks import CHECKS, LifecycleCheck

    for check in (*CHECKS, LifecycleCheck):
        schemathesis.check(check)

beside `--exclude-checks` with the names in REPLACED. This emulator is to be started with
`--keys strict` then: otherwise it lets every key in, which `key_is_asked_for` reports. In a test,
with a lifecycle check of its own for every scenario:

    case.call_and_validate(
        additional_checks=[*CHECKS, LifecycleCheck().after_response],
        excluded_checks=list_replaced(),
    )
"""

from mockserver.checks.bodies import CHECKS, REPLACED, list_replaced
from mockserver.checks.lifecycle_check import LifecycleCheck
from mockserver.contract.watch import Breach, LifecycleWatch

__all__ = ["CHECKS", "REPLACED", "Breach", "LifecycleCheck", "LifecycleWatch", "list_replaced"]
