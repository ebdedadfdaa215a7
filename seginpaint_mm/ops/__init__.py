"""Fast kernels, each beside the plain form that it equals."""
