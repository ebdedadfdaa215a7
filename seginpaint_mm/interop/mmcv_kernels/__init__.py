"""mmcv's operators from torchvision and PyTorch, with the signatures of the compiled ones.

They fill tensors of the caller: an ``output`` is set, and gradients of features and weights are
added to. float16 and bfloat16 are computed in float32 and rounded once, with autocast off, on the
CPU and on the GPU.
"""
