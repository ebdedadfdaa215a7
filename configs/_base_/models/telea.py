model = dict(type='OpenCVInpainter', method='telea', radius=3.0)
