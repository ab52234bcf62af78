"""Servers for Python programs: one in this process, or one that runs elsewhere."""
