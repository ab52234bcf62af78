"""Accounts: everything that belongs to one API key."""
