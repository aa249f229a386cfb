"""Results do not depend on the number of threads."""

import numpy as np
import pytest
import torch

import jwst_denoise
from support.exposures import models_of
from support.trials import CLASSES

ROUNDING = 1e-3  # of the error
RUNS = {
    "nsclean": ("ramp", {}),
    "cosmic_ray_mask": ("ramp", {"inpaint": "network"}),
    "ramp_denoise": ("ramp", {}),
    "image_denoise": ("rate", {}),
    "image_denoise stacks": ("rateints", {"model": "noise2noise-stack"}),
}


@pytest.fixture
def restored_threads():
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


@pytest.mark.slow
@pytest.mark.parametrize("step", RUNS)
def test_one_and_two_threads(step, exposure, working_directory, restored_threads):
    kind, parameters = RUNS[step]
    alias, results = step.split()[0], []
    for count in (1, 2):
        torch.set_num_threads(count)
        call = getattr(jwst_denoise, CLASSES[alias]).call
        results.append(models_of(call(exposure(kind=kind, shape=(96, 96)), configure_log=False, **parameters))[0])
    one, two = results
    assert getattr(one.meta.cal_step, alias) == "COMPLETE"
    scale = np.nanmedian(one.err) if hasattr(one, "err") else np.nanmax(np.abs(one.data))
    np.testing.assert_allclose(two.data, one.data, rtol=0, atol=ROUNDING * scale)
    for name in {"dq", "groupdq", "pixeldq"} & set(one.instance):
        np.testing.assert_array_equal(getattr(two, name), getattr(one, name))
