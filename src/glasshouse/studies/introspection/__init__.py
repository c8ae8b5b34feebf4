"""Introspection adapters: populations, one adapter over them, audits, attacks and what came of it all."""
