"""The rubrics of this installation: published versions, which of them are in force, and for which conversations."""
