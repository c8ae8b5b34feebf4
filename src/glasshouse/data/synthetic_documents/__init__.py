"""Synthetic documents: what is to be believed, and how a writer is asked for documents that say so."""
