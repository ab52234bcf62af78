"""The least a Python server can do: it answers without reading, to show the load's own ceiling.

`python -m tests.bench.floor PORT`
"""

import asyncio
import sys

REPLY = b'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"code":200}'


class Floor(asyncio.Protocol):
    """One connection; whatever comes in is taken for one request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.write = transport.write

    def data_received(self, _: bytes) -> None:
        self.write(REPLY)


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Floor, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
