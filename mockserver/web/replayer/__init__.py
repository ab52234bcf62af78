"""The replayer: recordings, served."""
