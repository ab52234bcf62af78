"""Trouble: faults that are planned, and what they do to the calls and callbacks that meet them."""
