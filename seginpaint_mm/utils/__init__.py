"""Files, processes and PyTorch modules: helpers that know nothing of images."""
