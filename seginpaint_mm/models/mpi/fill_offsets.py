"""Where a pixel's value comes from, as (down, right) steps; see ``max_pool_inpainting``."""

NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
