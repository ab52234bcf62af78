"""The client's version, which its User-Agent says."""

from typing import Final

VERSION: Final = "0.1.0"
