"""What stays on disk: runs, the stages they share, and measurements."""
