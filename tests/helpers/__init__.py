"""What several tests share: tiny models, data sets on disk, runs of commands."""
