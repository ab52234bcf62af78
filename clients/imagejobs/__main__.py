"""`python -m imagejobs`."""

from imagejobs.cli import main

main(prog_name="imagejobs")
