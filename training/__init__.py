"""Builds the models: data, fitting, evaluation and publishing of artifacts."""
