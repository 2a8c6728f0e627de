"""Nets that read running prose, and the process that holds them.

The room stands below `identify` and imports nothing of it, so that the process holds the nets and little else."""
