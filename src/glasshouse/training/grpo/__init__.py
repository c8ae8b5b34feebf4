"""Reinforcement learning by TRL's GRPO on what the user would see; no reward reads the scratchpad."""
