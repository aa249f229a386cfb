"""Bound on the flux that ``gp`` removes from faint sources: dense definition, paired injection, variance."""

import numpy as np
import pytest

from jwst_denoise.nsclean import Hyper, fit, fit_noise
from jwst_denoise.nsclean.gp import source_loss
from jwst_denoise.nsclean.gp.bins import Bins
from jwst_denoise.nsclean.gp.field import FieldBasis
from jwst_denoise.nsclean.gp.posterior import Posterior
from jwst_denoise.nsclean.gp.source_loss import SourceCorrection
from jwst_denoise.readout import Readout
from support.noise import colored

HALF = 20
LINE, PIXEL = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1]
RADIUS = np.hypot(LINE, PIXEL)
FOUR_OUTPUTS = Hyper(common=3e-5, output=5e-6, common_slope=1.0, output_slope=1.1)
ONE_OUTPUT = Hyper(common=0.0, output=2e-5)


def blobs(shape, dark):
    """Mask with round islands that are not dark."""
    rng = np.random.default_rng(8)
    y, x = np.indices(shape)
    mask = np.ones(shape, dtype=bool)
    while mask.mean() > dark:
        mask &= np.hypot(y - rng.integers(shape[0]), x - rng.integers(shape[1])) > rng.uniform(4, 14)
    return mask


CASES = {
    "4 outputs": (Readout((128, 1024), -1, 2, outputs=4), FOUR_OUTPUTS, 1.0),
    "4 outputs, mask": (Readout((1024, 128), 2, -1, outputs=4), FOUR_OUTPUTS, 0.5),
    "IRS2": (Readout((1024, 192), 2, 1, outputs=4, interleave=(16, 4)), FOUR_OUTPUTS, 0.8),
    "1 output": (Readout((320, 320), -1, -2), ONE_OUTPUT, 1.0),
    "1 output, mask": (Readout((160, 160), 1, 2), Hyper(0.0, 2e-5, output_slope=1.3), 0.5),
    "weak": (Readout((256, 512), 1, 2, outputs=4), Hyper(3e-6, 1e-6), 0.9),
    "32 lines": (Readout((512, 32), -2, -1), ONE_OUTPUT, 1.0),
    "strong": (Readout((512, 256), 1, 2), Hyper(0.0, 2e-4), 0.6),
}


MORE = [pytest.param(case, marks=pytest.mark.slow) for case in CASES if case not in ("4 outputs", "1 output")]


def star(fwhm=2.2):
    """Profile with a flux of 1 in the aperture r = 2.5, above the ring 6 to 14."""
    profile = np.exp(-4 * np.log(2) * (RADIUS / fwhm) ** 2) + 0.01 / (1 + (RADIUS / fwhm) ** 3)
    return profile / photometry(profile, 2.5, 6, 14)


def photometry(image, radius, inner, outer):
    """Flux in an aperture above the median of a ring; pixels outside of the frame are NaN."""
    aperture, ring = image[radius > RADIUS], image[(inner < RADIUS) & (outer > RADIUS)]
    return np.nansum(aperture) - aperture.size * np.nanmedian(ring)


def injected_loss(profile, photometer, readout, mask, hyper, bound, stars=150):
    """Mean fraction of the flux of sources on dark pixels that the noise estimate removes, and its standard error.

    The same noise is analyzed with and without the sources, one at a random place of each 96 × 96 cell.
    """
    rng = np.random.default_rng(31)
    shape = np.array(readout.shape)
    cells = np.maximum(shape // 96, 1)
    data = rng.normal(size=shape)
    dark = np.pad(mask, HALF)
    padded = np.zeros((int(stars / cells.prod() / mask.mean()), *(shape + 2 * HALF)))
    places = []
    for index, *cell in np.ndindex(len(padded), *cells):
        y, x = np.clip((cell + rng.random(2)) * shape / cells, 2, shape - 3).astype(int)
        part = np.s_[index, y : y + 2 * HALF + 1, x : x + 2 * HALF + 1]
        if dark[part[1:]][RADIUS < 2.5].all():
            padded[part] += 3 * profile
            places.append(part)
    sources = padded[:, HALF:-HALF, HALF:-HALF]
    options = {"max_source_loss": bound, "background": "keep", "hyper": hyper}
    removed = fit(data + sources, mask, readout, **options).noise - fit(data, mask, readout, **options).noise
    removed = np.pad(removed, ((0, 0), (HALF, HALF), (HALF, HALF)), constant_values=np.nan)
    losses = np.array([photometer(removed[part]) for part in places]) / 3
    return losses.mean(), losses.std() / np.sqrt(losses.size)


@pytest.mark.parametrize("case", ["4 outputs", "1 output", *MORE])
def test_predicted_loss_is_that_of_injected_stars(case):
    readout, hyper, dark = CASES[case]
    mask = np.ones(readout.shape, bool) if dark == 1 else blobs(readout.shape, dark)
    data = np.random.default_rng(31).normal(size=readout.shape)
    unbounded = fit(data, mask, readout, max_source_loss=1, hyper=hyper).source_loss.star
    for bound in (0.01, 0.05, 1):
        predicted = fit(data, mask, readout, max_source_loss=bound, hyper=hyper).source_loss.star
        assert predicted == pytest.approx(min(bound, unbounded), abs=5e-4)
        loss, error = injected_loss(star(), lambda image: photometry(image, 2.5, 6, 14), readout, mask, hyper, bound)
        assert loss == pytest.approx(predicted, rel=0.15, abs=0.003 + 2 * error)


@pytest.mark.parametrize(
    ("profile", "radii", "most"),
    [
        (star(1.6), (2.5, 6, 14), 0.02),
        (star(3.5), (2.5, 6, 14), 0.02),
        (star(2.2), (1.5, 6, 14), 0.03),
        (star(2.2), (4.0, 6, 14), 0.02),
        (np.exp(-4 * np.log(2) * (RADIUS / 5) ** 2), (5, 8.5, 10.5), 0.03),
        (np.exp(-4 * np.log(2) * (RADIUS / 8) ** 2), (8, 14, 20), 0.04),
        (np.exp(-4 * np.log(2) * (PIXEL / 2.2) ** 2), (2.5, 6, 14), 0.05),
    ],
    ids=["narrow", "wide", "r = 1.5", "r = 4", "galaxy of 5 pixels", "galaxy of 8 pixels", "trace"],
)
@pytest.mark.parametrize("case", ["4 outputs", "1 output"])
def test_other_sources_and_apertures_keep_their_flux(case, profile, radii, most):
    """The coefficients are set by three sources; those between them neither lose nor gain much."""
    readout, hyper, _ = CASES[case]
    mask = np.ones(readout.shape, bool)
    profile = profile / photometry(profile, *radii)
    loss, error = injected_loss(profile, lambda image: photometry(image, *radii), readout, mask, hyper, 0.01)
    assert abs(loss) < most + 2 * error


def dense_gaussian(size, sigma):
    """Matrix of the convolution with a Gaussian, without what lies outside."""
    kernel = np.exp(-0.5 * (np.subtract.outer(np.arange(size), np.arange(size)) / sigma) ** 2)
    return kernel / (sigma * np.sqrt(2 * np.pi))


def test_bounded_estimate_equals_the_dense_one(monkeypatch):
    """Posterior mean, average over lines and smoothed residual as explicit matrices over the pixels of two outputs."""
    monkeypatch.setattr(source_loss, "RESIDUAL_SCALES", (1.5, 3.0))
    monkeypatch.setattr(source_loss, "AVERAGED_PIXELS", 6.0)
    rng = np.random.default_rng(4)
    readout = Readout((12, 26), fastaxis=1, slowaxis=2, outputs=2)
    bins = Bins(readout)
    assert bins.size == 1
    weight = rng.uniform(0.5, 2, (1, *readout.shape)) * (rng.random(readout.shape) < 0.7)
    data = rng.normal(size=weight.shape)
    coefficients = np.array([0.7, 0.2, 0.3])
    roots = [np.sqrt(power / bins.interval) for power in (5e-5 / bins.frequency * 1e3, 2e-5 / bins.frequency * 1e3)]
    basis = FieldBasis(bins)
    series = bins.sum(weight)
    posterior = Posterior(series.astype(np.float32), basis, *np.float32(roots), np.zeros(basis.shape))
    weighted = bins.sum(weight * data).astype(np.float32)
    streams, _ = posterior.solve(weighted, tolerance=1e-4)
    correction = SourceCorrection(bins)(streams, weighted - series * streams, coefficients)
    estimate = bins.to_frame(streams - correction)[0]

    tick = bins.to_frame(np.tile(np.arange(bins.length), (1, 2, 1)))[0].ravel()
    output = bins.to_frame(np.repeat([[0], [1]], bins.length, axis=1)[None])[0].ravel()
    mean, difference = (np.fft.irfft(root**2, bins.length) for root in roots)
    lag = np.abs(np.subtract.outer(tick, tick))
    sign = np.where(np.equal.outer(output, output), 1, -1)
    covariance = 0.5 * (mean[lag] + sign * difference[lag])
    w = weight.ravel()
    gain = covariance @ np.linalg.inv(np.eye(w.size) + w[:, None] * covariance)
    noise = gain @ (w * data.ravel())
    lines, pixels = (lambda s, n=n: dense_gaussian(n, s) for n in readout.shape)
    average = np.kron(lines(4.0), np.eye(26) - pixels(6.0))
    residual = w * (data.ravel() - noise)
    smooth = sum(c * np.kron(lines(s), pixels(s)) for c, s in zip(coefficients[1:], (1.5, 3.0), strict=True))
    outside = np.eye(w.size)  # the average of the smoothed residual includes what lies outside of the frame
    expected = noise - coefficients[0] * average @ noise - (outside - average) @ smooth @ residual
    inside = np.s_[4:8, 8:18]
    scale = np.std(noise)
    np.testing.assert_allclose(estimate[inside], expected.reshape(12, 26)[inside], atol=0.05 * scale)


@pytest.mark.parametrize("case", ["4 outputs, mask", "1 output", "IRS2"])
@pytest.mark.parametrize("bound", [0.0, 0.01, 1])
def test_variance_is_that_of_the_bounded_estimate(case, bound):
    readout, hyper, dark = CASES[case]
    mask = np.ones(readout.shape, bool) if dark == 1 else blobs(readout.shape, dark)
    rng = np.random.default_rng(12)
    noise = colored(rng, readout, hyper, frames=8)
    data = noise + rng.normal(size=noise.shape)
    result = fit(data, mask, readout, max_source_loss=bound, background="remove", hyper=hyper, frame_outlier_sigma=0)
    error = (noise - result.noise) / np.sqrt(result.variance)
    assert np.std(error) == pytest.approx(1, abs=0.05)
    if dark < 1:
        assert np.std(error[:, ~mask]) == pytest.approx(1, abs=0.06)


def test_the_bound_costs_little_noise():
    """Less than 10 % of the noise that the posterior mean leaves; medians leave more."""
    rng = np.random.default_rng(5)
    for case in ("4 outputs", "1 output"):
        readout, hyper, _ = CASES[case]
        noise = colored(rng, readout, hyper)[0]
        data, mask = noise + rng.normal(size=noise.shape), np.ones(readout.shape, bool)
        left = [np.std(noise - fit_noise(data, mask, readout, "gp", bound)[0]) for bound in (1, 0.01)]
        median = np.std(noise - fit_noise(data, mask, readout, "median")[0])
        assert left[0] < left[1] < 1.1 * left[0]
        assert left[1] < 0.9 * median


def test_without_a_bound_the_posterior_mean_is_not_corrected(monkeypatch):
    readout, hyper, _ = CASES["1 output, mask"]
    data, mask = np.random.default_rng(0).normal(size=readout.shape), blobs(readout.shape, 0.5)
    expected = fit(data, mask, readout, max_source_loss=1, hyper=hyper)
    assert 0 < expected.source_loss.star < expected.source_loss.galaxy < 1
    monkeypatch.setattr(source_loss.SourceProbe, "limit", lambda self, bound: np.zeros(3))
    for bound in (0.01, 1):
        np.testing.assert_array_equal(
            fit(data, mask, readout, max_source_loss=bound, hyper=hyper).noise, expected.noise
        )


@pytest.mark.parametrize("shape", [(8, 8), (1, 256), (256, 8), (16, 16), (33, 47)])
def test_frames_without_room_for_a_source(shape):
    readout = Readout(shape, fastaxis=1, slowaxis=2)
    rng = np.random.default_rng(2)
    data = rng.normal(size=shape) + 3 * rng.normal(size=(shape[0], 1))
    result = fit(data, np.ones(shape, bool), readout, hyper=Hyper(0.0, 1e-3))
    assert np.isfinite(result.noise).all()
    assert np.std(data - result.noise) < 1.1 * np.std(data)


@pytest.mark.parametrize("bound", [-0.01, 1.01, np.nan])
def test_bad_bound(bound):
    with pytest.raises(ValueError, match="max_source_loss"):
        fit_noise(np.zeros((16, 16)), np.ones((16, 16)), Readout((16, 16), 1, 2), "gp", bound)
