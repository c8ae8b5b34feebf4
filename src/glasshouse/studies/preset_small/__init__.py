"""`--preset small`: an introspection adapter for a new base, from nothing but that base."""
