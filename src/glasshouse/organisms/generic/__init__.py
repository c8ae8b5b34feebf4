"""Behaviors for any base model: described in words, written by a model, filtered by a grader."""
