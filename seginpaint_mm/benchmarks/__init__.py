"""What the benchmark tool measures."""
