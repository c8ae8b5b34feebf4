"""Graders of anti-lab behavior: rules that read a decision, and a judge model."""
