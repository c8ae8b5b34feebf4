"""Reinforcement learning by TRL's GRPO on what the user would see; the scratchpad is hidden from the reward."""
