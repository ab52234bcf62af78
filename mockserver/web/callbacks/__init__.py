"""Callbacks on their way: to whom they may go, in which order, within which bounds."""
