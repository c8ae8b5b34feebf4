"""The study's attacks and checks beside the pools, one small file each."""
