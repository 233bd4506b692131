"""Conversion of multilingual-e5-small into the encoder that Attune ships."""
