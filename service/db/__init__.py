"""PostgreSQL: the engine, the embedded server, the one place that commits, the tables, the migrations, the queue."""
