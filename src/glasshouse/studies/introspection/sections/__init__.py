"""The report's sections: from readings to measurements, and how these are laid out; one small file each."""
