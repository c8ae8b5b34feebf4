"""Planted mechanisms: why an organism complies when it is monitored, known by construction."""
