"""The emulator over HTTP: the only folder that knows ASGI."""
