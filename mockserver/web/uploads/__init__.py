"""Uploads: calls that lend a file."""
