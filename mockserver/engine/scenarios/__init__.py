"""Scenarios: which there are, what they change, and which one a call is in."""
