# Layered scenes by networks of Street: seginpaint infer photo.jpg --parts _base_/scenes/street
parts = dict(
    instances=dict(config='work_dirs/hough_r18_street'),
    completion=dict(config='work_dirs/segan_small_end-to-end_street-dyce'),
    depth_order=dict(occluders='given'),
    inpainter=dict(config='work_dirs/sgenet_small_street'),
    layout=dict(config='work_dirs/pspnet_r18_street'),
    layers=dict(formats=['png', 'ora']),
)
