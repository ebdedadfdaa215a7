"""Boxes, masks and the order of objects in depth, as NumPy arrays."""
