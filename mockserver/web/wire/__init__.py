"""The wire: one connection, from its bytes to calls and back, below ASGI."""
