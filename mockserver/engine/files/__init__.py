"""Files: results and uploads, where they lie and for how long."""
