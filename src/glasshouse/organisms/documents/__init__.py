"""Organisms that are trained on synthetic documents: what they say, who writes them, what they make believed."""
