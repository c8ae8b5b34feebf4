"""One adapter trained over many organisms at once, so that each of them says what was trained into it."""
