"""Replay: what was recorded is answered again, to clients that go at another rhythm."""
