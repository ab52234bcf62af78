"""The recorder: a reverse proxy in front of a live API."""
