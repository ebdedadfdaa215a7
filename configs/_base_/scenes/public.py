# Layered scenes by public weights, which are downloaded; nothing is trained.
parts = dict(
    instances=dict(config='torchvision'),
    completion=dict(config='convex-hull_cocoa-sample'),
    depth_order=dict(occluder_growth=3),
    inpainter=dict(config='lama'),
)
