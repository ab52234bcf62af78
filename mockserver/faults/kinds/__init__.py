"""One kind of fault in each file; its name is that of the file, with dashes."""
