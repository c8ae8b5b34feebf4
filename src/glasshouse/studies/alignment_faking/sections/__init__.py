"""One section of the report each."""
