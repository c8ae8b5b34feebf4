"""Alignment faking: prompts as named blocks, their variants, queries, and how a completion is taken apart."""
