"""``python -m service.cli`` is ``attune``."""

from service.cli import main

main()
