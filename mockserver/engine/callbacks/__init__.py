"""Callbacks: what is to be delivered, when, and how that went."""
