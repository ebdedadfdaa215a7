# A folder of pictures and one of instance maps, here Penn-Fudan's 170: 120 to train, 50 to test.
_base_ = './voc_instances.py'
data_root = 'data/PennFudanPed'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='FolderInstanceDataset',
        data_root=data_root,
        class_name='person',
        indices=120,
        pipeline={{_base_.train_pipeline}},
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='FolderInstanceDataset',
        data_root=data_root,
        class_name='person',
        indices=[*range(120, 170)],
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    )
)
test_dataloader = val_dataloader
