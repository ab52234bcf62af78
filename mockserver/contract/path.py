"""Paths with parameters in braces, as patterns."""

import re


def compile_template(path: str, within: str = "[^/]+") -> re.Pattern[str]:
    """A pattern for a path with parameters in braces; `within` is what fits each of them."""
    parts = re.split(r"\{(\w+)\}", path)
    parts[::2] = [re.escape(literal) for literal in parts[::2]]
    parts[1::2] = [f"(?P<{name}>{within})" for name in parts[1::2]]
    return re.compile("".join(parts))
