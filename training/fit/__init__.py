"""Fitting of the heads on cached vectors, and calibration on a split that fitting never sees."""
