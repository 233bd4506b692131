"""The people who work with Attune, with their roles and queues."""
