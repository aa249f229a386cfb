"""Correlated noise of time series: what is kept of the star, and what is removed."""

import numpy as np
import pytest

from jwst_denoise.nsclean import fit_time_series
from jwst_denoise.nsclean.star import Amplitudes, Star
from jwst_denoise.nsclean.time_series import TimeSeries
from jwst_denoise.readout import Readout

NINTS, SHAPE = 16, (64, 256)
ROWS = np.arange(SHAPE[0], dtype=float)[:, None]
COLUMNS = np.arange(SHAPE[1])
FLUX = 20_000 * np.exp(-0.5 * ((COLUMNS - 128) / 75) ** 2) + 2000
TRANSIT = np.isin(np.arange(NINTS), np.arange(6, 11)).astype(float)
CHROMATIC = 0.002 * np.sin(2 * np.pi * COLUMNS / 80)
BOX = np.abs(ROWS - 30) <= 6
READOUTS = {
    "soss": Readout(SHAPE, fastaxis=-2, slowaxis=-1),
    "bots": Readout(SHAPE, fastaxis=2, slowaxis=1),
    "grism, one output": Readout(SHAPE, fastaxis=-1, slowaxis=2),
    "grism, four outputs": Readout(SHAPE, fastaxis=-1, slowaxis=2, outputs=4),
}


def profile(center, width=2.0):
    values = np.exp(-0.5 * ((ROWS - center) / width) ** 2)
    return values / values.sum(axis=0)


STAR = profile(30) * FLUX


def make_noise(readout, rng, rms=6.0):
    """1/f noise of every output, and noise that alternates from pixel to pixel with a tenth of its variance."""
    length = 2 * readout.ticks
    frequency = np.fft.rfftfreq(length)
    frequency[0] = frequency[1]
    white = rng.standard_normal((2, NINTS, readout.outputs, length))
    streams = np.fft.irfft(np.fft.rfft(white) / np.sqrt(frequency), length)[..., : readout.ticks]
    streams *= rms / streams.std()
    shape = (2, NINTS, readout.outputs, readout.lines, readout.line_ticks)
    stripes = np.moveaxis(streams.reshape(shape)[..., : readout.width], 2, 0)
    frames = np.concatenate([s[..., ::-1] if output % 2 else s for output, s in enumerate(stripes)], axis=-1)
    slow, alternating = frames
    signs = np.where(np.arange(frames.shape[-1]) % 2, -1, 1)
    return readout.from_detector(slow + 0.3 * signs * alternating)


@pytest.fixture(scope="module", params=READOUTS)
def any_exposure(request):
    """Exposure of every read-out."""
    return make_exposure(READOUTS[request.param])


@pytest.fixture(scope="module")
def exposure():
    """Exposure of one read-out."""
    return make_exposure(READOUTS["soss"])


def make_exposure(readout):
    """Read-out, correlated noise, and a function that makes the integrations from a depth in each column."""
    rng = np.random.default_rng(3)
    noise = make_noise(readout, rng)
    white = rng.standard_normal(noise.shape) * np.sqrt(STAR + 60)

    def integrations(depth, sky=20.0):
        return (STAR * (1 - TRANSIT[:, None, None] * depth) + sky + noise + white).astype(np.float32)

    return readout, noise, integrations


def extract(images):
    return np.sum(images, axis=1, where=BOX)


def depth_of(images):
    spectra = extract(images)
    return (spectra[TRANSIT == 0].mean(axis=0) - spectra[TRANSIT == 1].mean(axis=0)) / extract(STAR[None])[0]


def test_noise_decreases_and_the_transit_spectrum_stays(any_exposure):
    readout, noise, integrations = any_exposure
    cleaned = []
    for depth in (0, 0.01, 0.01 + CHROMATIC):
        data = integrations(depth)
        cleaned.append(data - fit_time_series(data, readout)[0])
    flat, white, chromatic = map(depth_of, cleaned)
    before, after = (part - part.mean(axis=0) for part in (noise, cleaned[0] - integrations(0) + noise))
    assert after[:, BOX[:, 0]].std() < 0.85 * before[:, BOX[:, 0]].std()
    assert np.mean(white - flat) == pytest.approx(0.01, abs=3e-5)
    kept = np.sum((chromatic - white) * CHROMATIC) / np.sum(CHROMATIC**2)
    assert kept == pytest.approx(1, abs=0.01)


def test_variance_is_that_of_the_error(any_exposure):
    readout, noise, integrations = any_exposure
    estimate, variance = fit_time_series(integrations(0), readout)
    error = estimate - noise
    error -= error.mean(axis=0)
    assert np.mean(error**2) == pytest.approx(np.mean(variance), rel=0.3)


def test_the_projected_system_equals_its_definition():
    """Posterior mean with W′ = W − W P (PᵀWP)⁻¹ PᵀW from dense matrices."""
    readout = Readout((8, 32), fastaxis=2, slowaxis=1)
    rng = np.random.default_rng(0)
    flux = 50 * np.exp(-0.5 * ((np.arange(8)[:, None] - 3.5) / 1.5) ** 2) * np.ones(32)
    star = Star(flux, flux[None], np.gradient(flux, axis=0)[None], True, 0.0, 9)
    weight = rng.uniform(0.5, 2, (1, 8, 32)).astype(np.float32)
    image = rng.standard_normal((1, 8, 32)).astype(np.float32)
    columns = np.stack([np.where(np.arange(32) == column, flux, 0).ravel() for column in range(32)])
    design = np.concatenate([columns, np.gradient(flux, axis=0).reshape(1, -1)]).T
    w = np.diag(weight.ravel().astype(float))
    expected = (
        image.ravel() - design @ np.linalg.lstsq(design.T @ w @ design, design.T @ w @ image.ravel(), rcond=None)[0]
    )
    np.testing.assert_allclose(Amplitudes(star, weight).project(image).ravel(), expected, atol=1e-5)
    assert readout.shape == star.template.shape


def test_orders_have_separate_amplitudes():
    second = profile(50) * 0.2 * FLUX
    rng = np.random.default_rng(5)
    data = (STAR + second + rng.normal(0, 3, (NINTS, *SHAPE))).astype(np.float32)
    star = Star.measure(data)
    assert len(star.profiles) == 2
    np.testing.assert_allclose(star.profiles[:, :, 128].sum(axis=1), [FLUX[128], 0.2 * FLUX[128]], rtol=0.01)


def test_wings_of_the_star_are_not_background():
    wings = 0.02 * FLUX / (1 + (ROWS - 30) ** 2) / np.sum(1 / (1 + (ROWS - 30) ** 2))
    sky = np.where(COLUMNS < 64, 40.0, 25.0)
    data = np.repeat((STAR + wings + sky)[None], 4, axis=0).astype(np.float32)
    star = Star.measure(data)
    np.testing.assert_allclose((star.template - star.flux)[0], sky, atol=0.15)


def test_cosmic_rays_do_not_change_the_noise(exposure):
    readout, _, integrations = exposure
    data = integrations(0)
    hit = data.copy()
    hit[5, 20:24, 100:104] += 5000
    clean, affected = (fit_time_series(d, readout)[0] for d in (data, hit))
    assert (affected[5] - clean[5]).std() < 0.03 * clean.std()


def test_noise_slower_than_a_line_converges(monkeypatch, exposure):
    """In the white light curve, errors of slow noise add up."""
    readout, noise, integrations = exposure
    data = integrations(0)
    estimate, _ = fit_time_series(data, readout)
    monkeypatch.setattr("jwst_denoise.nsclean.time_series.TOLERANCE", 1e-5)
    exact, _ = fit_time_series(data, readout)
    error, smallest = (extract(image - noise).sum(axis=1).std() for image in (estimate, exact))
    assert error < 1.3 * smallest


def test_an_image_has_one_amplitude():
    readout = Readout((64, 64), fastaxis=-1, slowaxis=2)
    rng = np.random.default_rng(7)
    flux = 500 * np.exp(-0.5 * ((ROWS - 32) ** 2 + (np.arange(64) - 32) ** 2) / 8**2)
    stripes = rng.normal(0, 5, (NINTS, 64, 1))
    white = rng.standard_normal((NINTS, 64, 64)) * np.sqrt(flux + 9)
    cleaned = []
    for depth in (0, 0.05):
        data = flux * (1 - depth * TRANSIT)[:, None, None] + stripes + white + 30
        cleaned.append(data - fit_time_series(data, readout, dispersed=False)[0])
    difference = (cleaned[0] - cleaned[1])[TRANSIT == 1].mean(axis=0) - (cleaned[0] - cleaned[1])[TRANSIT == 0].mean(
        axis=0
    )
    core = flux > 50
    assert difference[core].sum() / flux[core].sum() == pytest.approx(0.05, rel=0.02)
    assert (cleaned[0] - white - flux).std(axis=0)[core].mean() < 0.5 * 5


def test_a_given_light_curve_and_many_integrations_in_chunks(monkeypatch, exposure):
    readout, _, integrations = exposure
    data = integrations(0.01)
    expected, _ = fit_time_series(data, readout, light_curve=1 - 0.01 * TRANSIT)
    monkeypatch.setattr("jwst_denoise.nsclean.time_series.CHUNK_PIXELS", 5 * data[0].size)
    chunked, _ = fit_time_series(data, readout)
    assert (chunked - expected).std() < 0.04 * expected.std()


def test_unused_pixels_and_constant_data():
    readout = READOUTS["bots"]
    data = np.repeat(STAR[None], 3, axis=0)
    noise, variance = fit_time_series(data, readout)
    assert not noise.any()
    assert not variance.any()
    data = data + np.random.default_rng(1).normal(0, 1, data.shape)
    data[:, 5, 7] = np.nan
    mask = np.ones(SHAPE, bool)
    mask[:, :20] = False
    noise, variance = fit_time_series(data, readout, mask=mask)
    assert np.isfinite(noise).all()
    assert np.isfinite(variance).all()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"mask": np.ones((3, 3))}, "mask has shape"),
        ({"err": np.ones(3)}, "err has shape"),
        ({"light_curve": np.ones(3)}, "16 finite numbers"),
        ({"speed": 1}, "unknown option 'speed'"),
    ],
)
def test_errors_name_the_argument(keywords, message):
    with pytest.raises(ValueError, match=message):
        fit_time_series(np.ones((NINTS, *SHAPE)), READOUTS["bots"], **keywords)


def test_one_integration_is_refused():
    with pytest.raises(ValueError, match="2 or more"):
        fit_time_series(np.ones((1, *SHAPE)), READOUTS["bots"])


def test_other_sources_lose_at_most_their_bound(exposure):
    readout, _, integrations = exposure
    data = integrations(0.3)
    star = Star.measure(data)
    for bound in (0.01, 0.05):
        options = TimeSeries.prepare(data, readout, star).options
        series = TimeSeries.prepare(data, readout, star, options=options.from_keywords(max_source_loss=bound))
        assert series.fit(data[:4]).source_loss.star < 1.1 * bound
