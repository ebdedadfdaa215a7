# Persons of COCO in the scores of a net that knows VOC's classes: 15 is its person.
# python tools/test.py this-config CHECKPOINT-OF-THE-LOCALISATION-NET
_base_ = './localizer_r18_coco-persons.py'
thing_ids = (15,)
model = dict(
    semantic=dict(
        _delete_=True,
        type='SegmentorScores',
        segmentor=_base_.fcrn,
        checkpoint='work_dirs/fcrn_r18_voc-small/epoch_10.pth',
    ),
    instance_head=dict(thing_ids=thing_ids, confidence='score'),
)
# the data set's own class of persons is 1: its class map is not this net's
val_evaluator = [dict(type='RegionAPMetric')]
test_evaluator = val_evaluator
