"""The variables of the environment that point a client at a server."""

from collections.abc import Mapping


def write_prefix(provider: str) -> str:
    """What a provider's variables begin with: its name in capitals."""
    return "".join(letter if letter.isalnum() else "_" for letter in provider).upper()


def list_variables(url: str, base_urls: Mapping[str, str], key: str) -> dict[str, str]:
    """MOCKSERVER_URL, and <NAME>_BASE_URL and <NAME>_API_KEY of each provider."""
    found = {"MOCKSERVER_URL": url}
    for provider, base_url in base_urls.items():
        prefix = write_prefix(provider)
        found |= {f"{prefix}_BASE_URL": base_url, f"{prefix}_API_KEY": key}
    return found
