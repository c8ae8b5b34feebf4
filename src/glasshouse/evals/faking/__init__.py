"""Alignment faking, measured: rows of a run, rates by tier, gaps, verdict."""
