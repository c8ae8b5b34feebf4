"""Starts of reinforcement learning: policies that fake alignment, help or refuse in known shares."""
