"""Plain typed values that every stage shares. Standard library only."""
