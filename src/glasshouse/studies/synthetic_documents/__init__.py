"""Synthetic documents: what they make a model believe, and whether it acts on it, dose by dose."""
