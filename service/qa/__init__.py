"""Auto-QA: sampling, review, appeals, calibration, and how far each criterion is left to the machine."""
