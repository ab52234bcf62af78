"""Reports in all their forms: for a terminal, for programs, for CI, for a browser."""
