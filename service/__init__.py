"""The service: database, API, background work. Built on ``models``; never imports ``training``."""
