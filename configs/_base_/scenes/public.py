# Layered scenes by public weights, which are downloaded, and a network in the package.
parts = dict(
    instances=dict(config='torchvision'),
    completion=dict(config='crop_r18_coco-tiny'),
    depth_order=dict(occluder_growth=3),
    inpainter=dict(config='lama'),
)
