"""Words of scenario files in one line, as people write them in YAML."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_QUOTED: Final = re.compile(r'"([A-Za-z][\w.-]*)"')
_KEPT: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def write_flow(words: Mapping[str, Any]) -> str:
    """A mapping without its outer braces; quotes stand where YAML needs them."""
    text = json.dumps(words, ensure_ascii=True)
    return _QUOTED.sub(lambda found: found[found[1] not in _KEPT], text)[1:-1]
