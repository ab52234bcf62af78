"""Health: that a server serves, for whoever waits for it; no part of it need be loaded for that."""

from typing import Final

import orjson

from mockserver.engine.call import Reply
from mockserver.version import VERSION

HEALTH: Final = "/_mock/health"
HEALTHY: Final = Reply(200, orjson.dumps({"status": "ok", "version": VERSION}))
