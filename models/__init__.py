"""The scoring library: no database, no HTTP, and it reads no environment."""

__version__ = "0.1.0"
