"""Recordings: what was said on the wire, as a file that anybody's tools read, without secrets."""
