"""Alignment faking of any model: variants x tiers x models, from asking to the report."""
