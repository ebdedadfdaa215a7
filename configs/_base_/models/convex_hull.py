# The convex hull of what is seen, cut at what is in front: it learns nothing.
model = dict(type='ConvexHullCompleter', mask_size=58, painter_size=256)
