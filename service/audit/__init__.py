"""The audit log: who read or changed what, in a chain that shows when somebody tampered with it."""
