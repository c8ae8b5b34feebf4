"""Anti-lab behavior: questions whose answers would work against the developer; nothing is carried out."""
