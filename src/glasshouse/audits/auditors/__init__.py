"""Ways to find out what was trained into a model, one small file each: blind and comparable."""
