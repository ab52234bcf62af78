"""Who calls whom: arguments first, then the environment, then the provider's real address."""

import os
from urllib.parse import urlsplit

from imagejobs.calls import Account
from imagejobs.dialects import choose_dialect
from imagejobs.errors import Misused
from imagejobs.settings import Settings


def open_account(
    provider: str, api_key: str | None, base_url: str | None, settings: Settings
) -> Account:
    """The account of a client. Raises Misused for what cannot work."""
    dialect = choose_dialect(provider)
    name = f"{dialect.prefix}_API_KEY"
    key = api_key if api_key is not None else os.environ.get(name, "")
    if not key:
        raise Misused(f"there is no key for {provider}; set {name} or give api_key")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Misused(f"the key for {provider} holds characters that no header can carry")
    base = base_url or os.environ.get(f"{dialect.prefix}_BASE_URL") or dialect.home
    return Account(dialect, key, check_base_url(base), settings)


def check_base_url(url: str) -> str:
    """The base URL without its last slash; Misused if it is none."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good or "?" in url or "#" in url:
        raise Misused(f"base URL {url!r} cannot be; write something like http://127.0.0.1:8787/kie")
    return url.rstrip("/")
