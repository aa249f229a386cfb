"""Method ``gp`` against the dense Gaussian-process posterior, and its behavior at the edges."""

import numpy as np
import pytest

from jwst_denoise.nsclean import Hyper, estimate_hyper, fit, fit_noise
from jwst_denoise.nsclean.gp.bins import Bins
from jwst_denoise.nsclean.gp.field import FieldBasis
from jwst_denoise.nsclean.gp.posterior import Posterior
from jwst_denoise.readout import Readout
from support.noise import colored

HYPER = Hyper(common=1e-4, output=4e-5, common_slope=1.2, output_slope=0.9, white=1.0)


@pytest.fixture(scope="module")
def scene():
    """Four-output frame with noise of known statistics and holes in the mask."""
    rng = np.random.default_rng(3)
    readout = Readout((256, 512), fastaxis=-2, slowaxis=-1, outputs=4)
    noise = colored(rng, readout, HYPER)[0]
    mask = rng.random(readout.shape) < 0.8
    mask[:, 200:230] = False
    mask[40:90, 100:300] = False
    return readout, noise, noise + rng.normal(size=readout.shape), mask


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("field", [0.0, 1.5])
def test_posterior_equals_the_dense_one(outputs, field, monkeypatch):
    monkeypatch.setattr("jwst_denoise.nsclean.gp.field.PIXELS_PER_MODE", 8)
    rng = np.random.default_rng(9)
    bins = Bins(Readout((16, 32), fastaxis=1, slowaxis=2, outputs=outputs))
    basis = FieldBasis(bins)
    assert basis.shape == (2, 4)
    n = bins.length
    weight = (rng.random((1, outputs, n)) < 0.5) * rng.uniform(0.5, 2, (1, outputs, n))
    weight[..., bins.used :] = 0
    data = rng.normal(size=weight.shape)
    power = {kind: HYPER.density(kind, bins.frequency) / bins.interval for kind in ("common", "output")}
    roots = np.sqrt(power["output"] + outputs * power["common"]), np.sqrt(power["output"])
    prior_field = field * basis.prior_shape

    posterior = Posterior(weight.astype(np.float32), basis, *(r.astype(np.float32) for r in roots), prior_field)
    streams, found_field = posterior.solve((weight * data).astype(np.float32), tolerance=1e-4)

    covariance = np.zeros((outputs, n, outputs, n))
    own, common = (np.fft.irfft(power[kind], n) for kind in ("output", "common"))
    lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    for i in range(outputs):
        for j in range(outputs):
            covariance[i, :, j] = common[lag] + (own[lag] if i == j else 0)
    covariance = covariance.reshape(outputs * n, -1)
    vectors = basis.evaluate(np.eye(basis.prior_shape.size).reshape(-1, *basis.shape)).reshape(8, -1)
    field_covariance = vectors.T @ (prior_field.ravel()[:, None] ** 2 * vectors)
    dark = np.flatnonzero(weight.ravel())
    total = (covariance + field_covariance)[np.ix_(dark, dark)] + np.diag(1 / weight.ravel()[dark])
    solved = np.linalg.solve(total, data.ravel()[dark])
    np.testing.assert_allclose(streams.ravel(), covariance[:, dark] @ solved, atol=2e-3 * np.std(streams))
    if field:
        np.testing.assert_allclose(found_field.ravel(), field_covariance[:, dark] @ solved, atol=5e-3)


def test_binning_sums_each_pixel_once(scene):
    readout, _, data, _ = scene
    bins = Bins(readout)
    series = bins.sum(data)
    assert series.sum() == pytest.approx(data.sum())
    streams = readout.to_streams(data)
    expected = streams.reshape(4, readout.lines, bins.per_line, bins.size).sum(axis=-1)
    np.testing.assert_allclose(bins.lines(series), expected)
    image = bins.spread(series)
    back = readout.to_streams(image)[..., :: bins.size]
    used = slice(0, readout.width // bins.size)
    np.testing.assert_allclose(back[..., used], bins.lines(series)[..., used])


def test_irs2_bins_are_read_in_order():
    readout = Readout((64, 2048), fastaxis=1, slowaxis=2, outputs=4, interleave=(16, 4))
    bins = Bins(readout)
    order = np.argsort(readout.to_streams(np.arange(64 * 2048.0).reshape(64, 2048), fill=-1)[0, 0])
    assert order.size == readout.line_ticks
    np.testing.assert_allclose(bins.place * bins.size, readout.pixel_ticks[:: bins.size], atol=bins.size)
    assert (np.diff(bins.place) >= 1).all()
    images = np.random.default_rng(1).normal(size=(2, *readout.shape))
    np.testing.assert_allclose(bins.sum(bins.spread(bins.sum(images))), bins.size * bins.sum(images))


def test_estimate_recovers_the_statistics():
    rng = np.random.default_rng(17)
    readout = Readout((512, 512), fastaxis=1, slowaxis=2, outputs=4)
    mask = rng.random(readout.shape) < 0.7
    mask[100:200, 60:400] = False
    data = colored(rng, readout, HYPER, frames=8) + rng.normal(size=(8, *readout.shape))
    hyper = estimate_hyper(data, mask, readout)
    assert hyper.common == pytest.approx(HYPER.common, rel=0.25)
    assert hyper.output == pytest.approx(HYPER.output, rel=0.25)
    assert hyper.common_slope == pytest.approx(HYPER.common_slope, abs=0.12)
    assert hyper.output_slope == pytest.approx(HYPER.output_slope, abs=0.12)
    assert hyper.white == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("hyper", "tolerance"), [(None, 0.15), (HYPER, 0.05)])
def test_residual_is_what_the_posterior_expects(scene, hyper, tolerance):
    """Statistics estimated from one small frame are uncertain by as much; known ones leave the error of the draw."""
    readout, noise, data, mask = scene
    result = fit(data, mask, readout, hyper=hyper)
    error = noise - result.noise
    assert error.std() < 0.75 * noise.std()
    assert np.std(error / np.sqrt(result.variance)) == pytest.approx(1, abs=tolerance)
    science = error[~mask] / np.sqrt(result.variance[~mask])
    assert science.std() == pytest.approx(1, abs=tolerance)


def test_gp_leaves_less_noise_than_medians(scene):
    readout, noise, data, mask = scene
    left = {method: np.std(noise - fit_noise(data, mask, readout, method)[0]) for method in ("gp", "median")}
    assert left["gp"] < 0.9 * left["median"]


def test_units_and_err_scale_do_not_matter(scene):
    readout, _, data, mask = scene
    plain, variance = fit_noise(data, mask, readout)
    scaled, scaled_variance = fit_noise(1e-4 * data, mask, readout, err=np.full(data.shape, 17.0))
    np.testing.assert_allclose(scaled, 1e-4 * plain, atol=1e-4 * 0.02 * plain.std())
    np.testing.assert_allclose(scaled_variance, 1e-8 * variance, rtol=0.05)


def test_a_stack_is_its_images(scene):
    readout, _, data, mask = scene
    stack = np.stack([data, data[::-1]])
    together, variance = fit_noise(stack, mask, readout, hyper=HYPER)
    assert together.shape == variance.shape == stack.shape
    for image, together_noise in zip(stack, together, strict=True):
        alone, _ = fit_noise(image, mask, readout, hyper=HYPER)
        assert np.std(together_noise - alone) < 0.05 * np.sqrt(variance.mean())


def test_background_is_kept_or_removed():
    rng = np.random.default_rng(6)
    readout = Readout((512, 512), fastaxis=1, slowaxis=2, outputs=4)
    y, x = np.mgrid[:512, :512] / 512
    sky = 40 + 20 * np.cos(np.pi * x) * np.cos(np.pi * y)
    noise = colored(rng, readout, HYPER)[0]
    data = sky + noise + rng.normal(size=sky.shape)
    mask = rng.random(sky.shape) < 0.5
    kept = fit(data, mask, readout, background="keep")
    assert abs(kept.noise.mean()) < 0.01 * sky.mean()
    assert np.std(noise - kept.noise) < 0.8 * noise.std()
    np.testing.assert_allclose(kept.background, sky, atol=4 * noise.std())
    removed = fit(data, mask, readout, background="remove")
    assert np.std(sky + noise - removed.noise) < 0.8 * noise.std()


@pytest.mark.parametrize("method", ["gp", "nsclean", "median"])
@pytest.mark.parametrize("dark", [0, 1, 20])
def test_few_dark_pixels_shrink_the_correction(method, dark):
    rng = np.random.default_rng(0)
    readout = Readout((128, 256), fastaxis=2, slowaxis=1, outputs=4)
    data = rng.normal(size=readout.shape)
    mask = np.zeros(readout.shape, dtype=bool)
    mask.ravel()[rng.choice(mask.size, dark, replace=False)] = True
    noise, variance = fit_noise(data, mask, readout, method)
    assert np.isfinite(noise).all()
    assert np.isfinite(variance).all()
    assert noise.std() < 0.3 * data.std()


@pytest.mark.parametrize("method", ["gp", "nsclean", "median"])
def test_nan_does_not_spread_and_input_is_not_changed(scene, method):
    readout, _, data, mask = scene
    data = data.copy()
    data[10:14, 20:60] = np.nan
    data[50, 50] = np.inf
    before, mask_before = data.copy(), mask.copy()
    noise, variance = fit_noise(data, mask, readout, method)
    assert np.isfinite(noise).all()
    assert np.isfinite(variance).all()
    np.testing.assert_array_equal(data, before)
    np.testing.assert_array_equal(mask, mask_before)


def test_constant_data_without_noise_has_nothing_to_remove():
    readout = Readout((64, 64), fastaxis=1, slowaxis=2)
    noise, variance = fit_noise(np.zeros((64, 64)), np.ones((64, 64), bool), readout)
    assert not noise.any()
    assert not variance.any()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"method": "magic"}, "method='magic'"),
        ({"background": "eat"}, "background='eat'"),
        ({"critical_frequency": 0.7}, "critical_frequency=0.7"),
        ({"kill_witdh": 0.1}, "kill_witdh"),
        ({"mask": np.ones((3, 3))}, r"mask has shape \(3, 3\)"),
        ({"err": np.ones((3, 3))}, r"err has shape \(3, 3\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    readout = Readout((16, 16), fastaxis=1, slowaxis=2)
    mask = arguments.pop("mask", np.ones((16, 16)))
    with pytest.raises(ValueError, match=message):
        fit_noise(np.zeros((16, 16)), mask, readout, **arguments)


@pytest.mark.parametrize("shape", [(96, 128), (32, 512), (64, 64), (512, 32)])
def test_small_frames_without_a_field(shape):
    readout = Readout(shape, fastaxis=2, slowaxis=1)
    rng = np.random.default_rng(4)
    noise = colored(rng, readout, HYPER)[0]
    result = fit(noise + rng.normal(size=shape), rng.random(shape) < 0.7, readout)
    assert np.std(noise - result.noise) < 0.8 * noise.std()


@pytest.mark.parametrize(("outputs", "bound"), [(4, 0.01), (4, 1.0), (1, 0.01)])
def test_excess_of_sums_is_that_of_boxes(outputs, bound):
    readout = Readout((300, 512), fastaxis=-1, slowaxis=2, outputs=outputs)
    rng = np.random.default_rng(8)
    hyper = Hyper(common=1e-5, output=5e-6)
    cleaned = []
    for _ in range(4):
        data = (colored(rng, readout, hyper)[0] + rng.normal(size=readout.shape)).astype(np.float32)
        result = fit(data, np.ones(readout.shape, bool), readout, max_source_loss=bound, hyper=hyper)
        cleaned.append(data - result.noise)
    blocks = np.reshape(cleaned, (4, 5, 12, 5, 8, 16, 4))  # levels of 60 lines by 64 pixels, sums of 5 by 4 pixels
    blocks -= blocks.mean(axis=(2, 3, 5, 6), keepdims=True)
    measured = np.var(blocks.sum(axis=(3, 6))) / (20 * np.var(blocks))
    assert result.sum_excess == pytest.approx(measured, rel=0.06)
