"""Load and abuse for a server on this machine: how fast it is, and whether it holds."""
