"""How reinforcement learning moves a policy that fakes alignment in a known share of samples."""
