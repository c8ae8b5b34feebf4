"""How introspection grows with organisms, families, rank and base: cells that are run one by one."""
