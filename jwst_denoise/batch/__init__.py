"""Many exposures through one step or pipeline, on a Dask cluster; what is done is not done again.

`run` is what the command ``jwst-denoise batch`` calls. Dask itself, an optional dependency, loads when a cluster is
started.
"""

from jwst_denoise.batch.inputs import expand
from jwst_denoise.batch.recipe import Recipe
from jwst_denoise.batch.runner import run

__all__ = ["Recipe", "expand", "run"]
