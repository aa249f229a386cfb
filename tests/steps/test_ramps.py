"""Cleaning of ramps: every group, jumps and saturation, memory in chunks."""

import numpy as np
import pytest

from jwst_denoise import NSCleanStep
from jwst_denoise.masks import drafts
from jwst_denoise.steps.nsclean import ramps


def run(data, **parameters):
    return NSCleanStep.call(data, configure_log=False, **{"method": "median", **parameters})


def rms_of_lines(data):
    """Stripes left in each group relative to the first, where there is no source."""
    steps = np.nanmedian(data[..., :50] - data[:, :1, :, :50], axis=-1)
    steps -= np.nanmedian(steps, axis=-1, keepdims=True)
    return np.sqrt(np.mean(steps[:, 1:] ** 2))


@pytest.mark.parametrize(
    ("parameters", "remaining"),
    [
        ({"method": "gp", "max_source_loss": 1.0}, 0.3),
        ({"method": "gp"}, 0.4),  # one output: the bound limits what can be removed
        ({"method": "nsclean"}, 0.3),
        ({"method": "median"}, 0.3),
    ],
    ids=str,
)
def test_every_group_loses_its_stripes(ramp, parameters, remaining):
    result = run(ramp, **parameters)
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert rms_of_lines(result.data) < remaining * rms_of_lines(ramp.data)
    np.testing.assert_array_equal(result.data[:, 0], ramp.data[:, 0])
    np.testing.assert_array_equal(result.data[..., 5, 7], ramp.data[..., 5, 7])


def test_rms_is_that_of_the_rates(ramp):
    """NSC_RMS can be compared with the read noise of the rate: it is what the slopes lose, in DN/s."""
    ramp.meta.exposure.group_time = 10.0
    result = run(ramp)
    time = 10.0 * (np.arange(6) - 2.5)
    removed = np.nan_to_num(ramp.data - result.data)
    slopes = np.einsum("k,ikyx->iyx", time / np.sum(time**2), removed)
    assert result.meta.jwst_denoise.nsclean.noise_rms == pytest.approx(np.sqrt(np.mean(slopes**2)), rel=1e-3)


def test_without_a_group_time_there_is_no_rms(ramp):
    assert run(ramp).meta.jwst_denoise.nsclean.noise_rms is None


def test_signal_stays(ramp):
    rise = run(ramp).data[:, -1, 42:48, 62:70] - ramp.data[:, 0, 42:48, 62:70]
    assert abs(rise.mean() / 5 - 200.5) < 1


def test_chunks_do_not_matter(ramp, monkeypatch):
    ramp.groupdq[0, 3, 20:30, 20:90] = 4
    whole = run(ramp, save_noise=False).data
    monkeypatch.setattr(ramps, "CHUNK_PIXELS", 1)
    np.testing.assert_allclose(run(ramp).data, whole, rtol=0, atol=2e-3)


def test_jump_spoils_one_difference_only(ramp):
    """A ramp that jumps, flagged, is cleaned like the one that does not."""
    rows = np.s_[60:64, :100]
    ramp.groupdq[0, 3][rows] = 4
    expected = run(ramp).data
    ramp.data[0, 3:, *rows] += 5000
    result = run(ramp).data
    result[0, 3:, *rows] -= 5000
    np.testing.assert_allclose(result, expected, atol=1e-2)


def test_saturated_and_unusable_groups(ramp):
    ramp.groupdq[:, 4:, 30, :90] = 2
    ramp.data[:, 4:, 30, :90] = 6e4
    ramp.groupdq[1, 2, 70] = 1
    result = run(ramp)
    np.testing.assert_array_equal(result.data[1, 2, 70], ramp.data[1, 2, 70])
    others = np.delete(np.arange(96), [5, 29, 30, 31])
    assert rms_of_lines(result.data[..., others, :]) < 0.25 * rms_of_lines(ramp.data[..., others, :])


def test_draft_is_the_mean_of_good_differences(ramp):
    ramp.data[0] = np.arange(6)[:, None, None] * 3.0
    ramp.data[0, 2:, 10, 10] += 500
    ramp.groupdq[0, 2, 10, 10] = 4
    ramp.groupdq[0, 1:, 20, 20] = 2
    image, _, _ = next(iter(drafts.ramp_drafts(ramp.data, ramp.groupdq, ramp.pixeldq)))
    assert image[10, 10] == 3
    assert np.isnan(image[20, 20])


def test_three_dimensional_mask(ramp):
    from jwst_denoise import masks

    mask = np.ones((2, 96, 128), bool)
    mask[0, :50] = False
    masks.write_mask("mask.fits", mask)
    result = run(ramp, user_mask="mask.fits", background="keep")
    np.testing.assert_array_equal(result.data[0, :, :50], ramp.data[0, :, :50])
    assert not np.array_equal(result.data[1, 1:, :50], ramp.data[1, 1:, :50])


@pytest.mark.parametrize("method", ["gp", "median"])
def test_before_the_jump_step(ramp, rng, method):
    """Cosmic rays that are not flagged yet."""
    clean = run(ramp, method=method).data
    hit = rng.random((2, 5, 96, 128)) < 0.005
    ramp.data[:, 1:] += np.cumsum(1000 * hit, axis=1)
    result = run(ramp, method=method)
    result.data[:, 1:] -= np.cumsum(1000 * hit, axis=1)
    assert rms_of_lines(result.data) < 1.5 * rms_of_lines(clean) + 0.02
