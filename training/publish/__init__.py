"""Makes an artifact: fits, measures, writes the manifest and the model card."""
