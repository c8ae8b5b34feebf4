"""Organisms trained on synthetic documents: what they say, who writes them, what is believed."""
