"""Blind audits: what was trained into a model, found from its weights and its answers alone."""
