# Natural images of Table 3, in DYCE's real layout; made by tools/dataset_converters/pascal3d.py, or
# the lists that the authors released. Test only.
_base_ = './dyce_segmentor.py'
train_dataloader = None
val_dataloader = None
val_evaluator = None
test_dataloader = dict(dataset=dict(data_root='data/pascal3d_dyce', real=True, leave_out=()))
test_evaluator = [
    dict(type='AmodalIoUMetric', side=58),
    dict(type='AmodalIoUMetric', side=58, with_given=True, prefix='with_given'),
    dict(type='VisibleMaskIoUMetric', side=58),
]
