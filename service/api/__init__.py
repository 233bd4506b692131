"""The REST API under ``/v1``. Routes translate between HTTP and the rooms below; they decide nothing themselves."""
