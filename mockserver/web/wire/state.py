"""The states of a connection: whether it takes requests, and what still leaves before its end.

| state | what comes in | what leaves |
| --- | --- | --- |
| OPEN | is read | every answer |
| LEAVING | is read: the call that has begun | the answers that are owed; behind the last it ends |
| HALF | nothing: the client sends no more | the same |
| REFUSING | is thrown away | the answers that are owed, then the refusal; then it ends |
| ENDED | is thrown away, until the client ends too or is late | nothing |

| from | when | to |
| --- | --- | --- |
| OPEN | the server stops | LEAVING |
| OPEN, LEAVING | the client ends its side, and an answer is owed | HALF |
| OPEN, LEAVING | a request cannot be read, or is late | REFUSING |
| each | its last answer is written, or it idles for too long | ENDED |

An answer is owed from the head of a request that the application answers until that answer is
complete. Numbers stand for states, since each request asks: what is above LEAVING reads no more.
"""

from typing import Final

OPEN: Final = 0
LEAVING: Final = 1
HALF: Final = 2
REFUSING: Final = 3
ENDED: Final = 4
