model = dict(type='MeanColourInpainter')
