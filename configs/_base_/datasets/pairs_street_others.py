# Trained with masks of objects, but on each picture that of any other pair, another one each time
# (Table II). Write them once:
#   from seginpaint_mm.datasets import PairsDataset
#   from seginpaint_mm.utils.files import write_image
#   folder, load = 'data/pairs_street/train', [dict(type='seginpaint_mm.LoadPair')]
#   for number, pair in enumerate(PairsDataset(folder, pipeline=load)):
#       write_image(f'{folder}/masks/{number:05d}.png', 255 * pair['hole'])
_base_ = './pairs_street_random.py'
masks = dict(type='IrregularHoles', folder='data/pairs_street/train/masks')
train_pipeline = [*_base_.train_pipeline[:2], masks, _base_.train_pipeline[-1]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
