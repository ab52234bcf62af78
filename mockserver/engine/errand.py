"""An errand: the address from which the file of an upload is to be fetched before it is answered.

What would be refused is not fetched. So the call goes the way that it will go when its file is
there, up to the gate that asks for the file, and leaves no trace: no limit counts it twice.
"""

from mockserver.engine.accounts.store import Accounts
from mockserver.engine.admission import admit
from mockserver.engine.call import Call
from mockserver.engine.files.upload import check_file
from mockserver.engine.gates import check_rate, foresee_rate
from mockserver.engine.provider import Provider
from mockserver.engine.settings import Settings
from mockserver.engine.visit import Refusal, Visit


def find_errand(
    call: Call, provider: Provider, accounts: Accounts, settings: Settings
) -> str | None:
    """The address that an upload names; None if it names none, or would be refused anyway."""
    admitted = admit(call, provider, accounts, settings)
    if isinstance(admitted, Refusal):
        return None
    visit = Visit(call, provider.find_procedure(call.operation), *admitted)
    for gate in provider.find_gates(visit.procedure, visit.scenario):
        if gate is check_file:
            break
        if (foresee_rate if gate is check_rate else gate)(visit) is not None:
            return None
    source = visit.said.get("upload.source")
    return source if isinstance(source, str) else None
