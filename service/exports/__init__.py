"""Exports: what is stored as tables and JSON, of any size, in constant memory."""
