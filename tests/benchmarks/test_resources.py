"""Memory and threads of the steps, as rows of the benchmark of batches."""

import numpy as np
import pytest

from jwst_denoise_benchmarks.batches import resources


@pytest.mark.parametrize(
    ("step", "kind"), [("nsclean", "ramp"), ("nsclean", "rate"), ("image_denoise stacks", "rateints")]
)
def test_exposures_are_processed(step, kind, tmp_path):
    path = resources.write_exposure(kind, 64, tmp_path)
    resources.step_job(step, str(path), arrays=str(tmp_path / "arrays.npz"))()
    with np.load(tmp_path / "arrays.npz") as arrays:
        assert arrays["data"].shape[-2:] == (64, 64)


def test_differences_are_measured():
    one = {"data": np.ones((3, 3)), "err": np.full((3, 3), 0.5), "dq": np.zeros((3, 3), int)}
    assert resources.compare(one, one) == {"difference": 0.0, "flags": 0, "identical": True}
    two = {"data": np.full((3, 3), 1.5), "err": one["err"], "dq": np.eye(3, dtype=int)}
    assert resources.compare(one, two) == {"difference": 1.0, "flags": 3, "identical": False}
