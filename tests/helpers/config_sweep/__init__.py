"""Run shipped configs on tiny data: where the data lies, and what of a config is made small."""
