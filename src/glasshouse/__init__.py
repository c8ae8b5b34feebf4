"""Glasshouse: the open laboratory for testing whether language models are what they seem."""

__all__ = ["__version__"]

__version__ = "0.1.0"
