"""A GET to a checked target: to the addresses that were checked, and to nothing else."""

from collections.abc import Mapping

import httpx

from mockserver.web.callbacks.targets import Target


async def open_target(
    client: httpx.AsyncClient, target: Target, headers: Mapping[str, str], limits: httpx.Timeout
) -> httpx.Response:
    """The head of an answer, from the first address that takes connections.

    Its body is still to be read, and the response to be closed. Raises httpx.HTTPError.
    """
    problem = httpx.ConnectError(f"{target.host} has no address")
    for address in target.addresses:
        place = httpx.URL(
            scheme=target.scheme, host=address, port=target.port, raw_path=target.path.encode()
        )
        request = httpx.Request(
            "GET",
            place,
            headers={"Host": target.authority, **headers},
            extensions={"sni_hostname": target.host, "timeout": limits.as_dict()},
        )
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError as error:
            problem = error  # the next address may be the one that somebody listens at
    raise problem
