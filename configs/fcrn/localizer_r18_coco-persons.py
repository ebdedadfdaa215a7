_base_ = [
    '../_base_/models/localizer_r18.py',
    '../_base_/datasets/coco_tiny_persons.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
thing_ids = (1,)
box_coder = dict(offset_scale=64.0, size_scale=64.0)
fcrn = dict(decode_head=dict(num_classes=21))  # of fcrn_r18_voc-small
model = dict(
    semantic=dict(num_classes=2),
    localization_head=dict(num_things=1, dilation=12, box_coder=box_coder),
    instance_head=dict(thing_ids=thing_ids, box_coder=box_coder),
)
# Each of the few pictures several times an epoch.
train_dataloader = dict(
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=240),
)
