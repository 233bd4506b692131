"""The command line ``attune``. Each command stands in its own file and imports what is heavy only when it runs."""

from service.cli.app import main

__all__ = ["main"]
