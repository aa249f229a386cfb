"""Results do not depend on the number of threads."""

import numpy as np
import pytest
import torch
from jwst_denoise_benchmarks.robustness import threads
from jwst_denoise_benchmarks.robustness.jobs import KINDS, step_job, write_exposure


@pytest.fixture
def threads_as_before():
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


@pytest.mark.parametrize("step", KINDS)
def test_one_and_two_threads(step, tmp_path, threads_as_before):
    path, found = write_exposure(KINDS[step][-1], 96, tmp_path), []
    for count in (1, 2):
        step_job(step, path, count, str(tmp_path / f"{count}.npz"))()
        with np.load(tmp_path / f"{count}.npz") as arrays:
            found.append(dict(arrays))
    compared = threads._compared(*found)
    assert compared["difference"] < threads.ROUNDING and compared["flags"] == 0


def test_differences_are_found():
    one = {"data": np.ones((3, 3)), "err": np.full((3, 3), 0.5), "dq": np.zeros((3, 3), int)}
    assert threads._compared(one, one) == {"difference": 0.0, "flags": 0, "identical": True}
    two = {"data": np.full((3, 3), 1.5), "err": one["err"], "dq": np.eye(3, dtype=int)}
    assert threads._compared(one, two) == {"difference": 1.0, "flags": 3, "identical": False}
