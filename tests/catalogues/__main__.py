"""`make catalogues`: write the pages that list all rules for clients, and all faults."""

import sys

from tests.catalogues.pages import PAGES

if __name__ == "__main__":
    for file, write in PAGES.items():
        file.write_text(write(), encoding="utf-8")
        sys.stdout.write(f"Written: {file}\n")
