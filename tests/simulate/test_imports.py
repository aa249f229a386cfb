"""The simulator runs where the pipeline is not installed."""

import subprocess
import sys

PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("jwst", "stpipe", "stdatamodels", "asdf", "astropy", "torch"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import numpy as np
from jwst_denoise import simulate
for name in simulate.SCENES:
    simulate.SCENES[name]
rng = np.random.default_rng(1)
scene, observed = simulate.scene("field", simulate.detector("NRCB1"), rng, subarray_name="SUB64P")
assert simulate.simulate_exposure(scene, "NRCB1", None, "RAPID", 2, 1, rng, observation=observed).counts.any()
"""


def test_simulator_needs_neither_the_pipeline_nor_astropy():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
