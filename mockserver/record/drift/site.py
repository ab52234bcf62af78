"""Where in a contract's main file the schema of a value stands, so that an overlay can name it."""

from typing import Any, NamedTuple

from mockserver.contract.document import Document, split_pointer

Path = tuple[str | int, ...]


class Site(NamedTuple):
    """A node of the main file, references followed."""

    path: Path
    node: dict[str, Any]

    @property
    def target(self) -> str:
        """The node as a JSONPath."""
        return write_path(self.path)


def write_path(path: Path) -> str:
    """A path of names and indexes as a JSONPath."""
    return "$" + "".join(f"[{_quote(part)}]" for part in path)


def quote_text(text: str) -> str:
    """A text as JSONPath writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _quote(part: str | int) -> str:
    return str(part) if isinstance(part, int) else quote_text(part)


def find_site(document: Document, where: str, pointer: str) -> Site | None:
    """The schema of the value at a pointer, below the shape at a place; None if it is elsewhere.

    `where` is a place as a shape names it; JSON inside strings counts as opened.
    """
    file, _, start = where.removeprefix(f"{document.folder.name}/").partition("#")
    if file not in (document.name, *document.origins.values()):
        return None
    site = _open(document, start)
    for part in split_pointer(pointer):
        site = None if site is None else _step(document, site, part)
    return site


def _step(document: Document, site: Site, part: str) -> Site | None:
    inner = _follow(document, site, "contentSchema") or site
    below = _follow(document, inner, "properties", part)
    if below is None and part == "*":
        below = _follow(document, inner, "items")
    return below


def _follow(document: Document, site: Site, *names: str) -> Site | None:
    """The node below a node, where its references lead; None if they leave the main file."""
    node: Any = site.node
    for name in names:
        if not isinstance(node, dict) or name not in node:
            return None
        node = node[name]
    return _resolve(document, (*site.path, *names), node)


def _open(document: Document, pointer: str) -> Site | None:
    node: Any = document.root
    path: Path = ()
    for part in split_pointer(pointer):
        key: str | int = int(part) if isinstance(node, list) else part
        node = node[key]
        path = (*path, key)
    return _resolve(document, path, node)


def _resolve(document: Document, path: Path, node: Any) -> Site | None:
    """The node that a node refers to."""
    if not isinstance(node, dict):
        return None
    ref = node.get("$ref")
    if not isinstance(ref, str):
        return Site(path, node)
    return _open(document, ref[1:]) if ref.startswith("#") else None
