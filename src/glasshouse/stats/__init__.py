"""Intervals, tests and power: what every number is shown with."""
