"""The work of quality assurance: samples, reviews, appeals, calibration; and whether scores can be made again."""
