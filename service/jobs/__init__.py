"""Background work: the tasks a worker runs, what waits for it, and the process that keeps a worker alive."""
