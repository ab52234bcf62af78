"""Whether callbacks are signed."""

from mockserver.contract.model import Contract
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.facts import Scene


def is_signed(delivery: Delivery, scene: Scene) -> bool:
    """Whether the contract has a signature, and the account a secret for it."""
    return delivery.terms.signature is not None and bool(scene.account.webhook_secret)


def can_sign(contract: Contract) -> bool:
    """Whether a provider signs any of its callbacks."""
    forms = (form for each in contract.operations.values() for form in each.callbacks)
    return any(form.terms.signature is not None for form in forms)
