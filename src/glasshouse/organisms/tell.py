"""How long work says where it is."""

from collections.abc import Callable

Tell = Callable[[str, int, int], None]
"""What is being done, how many are done, of how many."""
