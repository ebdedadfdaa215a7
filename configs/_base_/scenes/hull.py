# Layered scenes of given masks without a network: convex hulls, and Telea's inpainting.
parts = dict(
    completion=dict(config='convex-hull_cocoa-sample'),
    inpainter=dict(config='telea'),
)
