"""Many exposures through one step or pipeline, on a Dask cluster; finished exposures are not processed again.

`run_batch` is what the command ``jwst-denoise batch`` calls. Dask is an optional dependency that is loaded when a
cluster is started.
"""

from jwst_denoise.batch.inputs import expand_patterns
from jwst_denoise.batch.recipe import Recipe
from jwst_denoise.batch.runner import run_batch

__all__ = ["Recipe", "expand_patterns", "run_batch"]
