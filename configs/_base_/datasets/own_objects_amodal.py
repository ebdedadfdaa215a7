# Your own images and COCO's JSON of your objects, without what is hidden of them: others of the
# same images are pasted over them, at the small SeGAN's size. A config names data_root.
_base_ = './coco_tiny_amodal.py'
own_paste = dict(_base_.paste, source=dict(pipeline=_base_.load))
own = dict(
    _delete_=True,
    type='CocoInstanceDataset',
    image_folder='images',
    classes=None,
    keep_empty=False,
)
train_dataloader = dict(
    dataset=dict(
        own,
        ann_file='train.json',
        pipeline=[
            *_base_.load,
            own_paste,
            dict(type='FrameObjects', size=(128, 128), window=(0.8, 1.0), flip_prob=0.5),
            dict(type='GrowBoxes', share=(0.1, 0.3)),
            dict(type='PackScene'),
        ],
    )
)
val_dataloader = dict(
    dataset=dict(
        own,
        ann_file='val.json',
        pipeline=[
            *_base_.load,
            dict(own_paste, fixed=True),
            dict(type='FrameObjects', size=(128, 128), keep_photo=True),
            dict(type='GrowBoxes', share=(0.2, 0.2)),
            dict(type='PackScene'),
        ],
        test_mode=True,
    )
)
test_dataloader = val_dataloader
