model = dict(type='OpenCVInpainter', method='navier_stokes', radius=3.0)
