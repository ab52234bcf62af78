"""The baseline: uvicorn with the emulator's parser and event loop, and one constant answer.

`python -m tests.bench.bare PORT`
"""

import sys
from typing import Any

import uvicorn

BODY = b'{"code":200,"msg":"success","data":{"taskId":"00000000000000000000000000000000"}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer without reading: the request's body goes unread, no path is looked at."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    uvicorn.run(
        answer,
        port=int(sys.argv[1]),
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
