_base_ = [
    '../_base_/models/localizer_r18.py',
    '../_base_/datasets/voc_instance_small.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
thing_ids = tuple(range(1, 21))
box_coder = dict(offset_scale=64.0, size_scale=64.0)
fcrn = dict(decode_head=dict(num_classes=21))  # of fcrn_r18_voc-small
model = dict(
    semantic=dict(num_classes=21),
    localization_head=dict(num_things=len(thing_ids), dilation=12, box_coder=box_coder),
    instance_head=dict(thing_ids=thing_ids, box_coder=box_coder),
)
# Each of the few pictures several times an epoch.
train_dataloader = dict(
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=240),
)
