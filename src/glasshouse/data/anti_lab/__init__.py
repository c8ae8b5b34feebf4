"""Anti-lab behavior: questions whose answers would work against the developer; text only, nothing is carried out."""
