"""Draws the result files and reads what they carry; import the module you need, each is lazy."""
