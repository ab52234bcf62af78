"""Judges clients: runs them against scripted trouble, and says which rules they keep and break."""
