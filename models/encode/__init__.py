"""Turns texts into vectors: the encoder protocol, its adapters, batching and the vector cache."""
