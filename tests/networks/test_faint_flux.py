"""The shipped denoisers keep the mean flux of faint stars, and their errors add up in apertures."""

import numpy as np
import pytest
from scipy import ndimage

from jwst_denoise import load_model
from jwst_denoise.readout import Readout

SIZE, STEP, SNR = 256, 32, 4.0
Y, X = np.mgrid[-2:3, -2:3]
CORE = np.hypot(Y, X) < 2.5
IMAGE_MODELS = {
    "astro_unet": {"ratio": 5.0}, "astro_unet-r2": {"ratio": 2.0}, "noise2noise": {}, "noise2noise-uncertainty": {},
    "noise2noise-stack": {},
}  # fmt: skip


def stars(noise_of_aperture, shape):
    """Gaussian stars on a grid, and the image of their centers."""
    centers = np.zeros(shape)
    centers[STEP // 2 :: STEP, STEP // 2 :: STEP] = 1
    flux = ndimage.gaussian_filter(centers, 1.0)
    return flux * SNR * noise_of_aperture / sums(flux)[centers > 0].mean(), centers > 0


def sums(image):
    return ndimage.convolve(image, CORE.astype(float))


def check(run, noise_of_aperture, shape, tolerance):
    flux, centers = stars(noise_of_aperture, shape)
    before, err = run(0.0)
    after, _ = run(flux)
    kept = sums(after.astype(float) - before)[centers].sum() / sums(flux)[centers].sum()
    assert kept == pytest.approx(1, abs=0.08)
    scatter = sums(before.astype(float))[4:-4:3, 4:-4:3] / np.sqrt(sums(err.astype(float) ** 2))[4:-4:3, 4:-4:3]
    assert scatter.std() == pytest.approx(1, abs=tolerance)
    assert before.std() < 0.9 * noise_of_aperture / np.sqrt(CORE.sum())


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_images(name):
    frames = 4 if name.endswith("stack") else 1
    noise = np.random.default_rng(11).normal(0, 1, (frames, SIZE, SIZE))
    network = load_model(name, device="cpu")

    def run(flux):
        data = (noise + flux).astype(np.float32)
        return network.predict(data if frames > 1 else data[0], err=1.0, **IMAGE_MODELS[name])

    check(run, np.sqrt(CORE.sum() / frames), (SIZE, SIZE), 0.15)


def test_ramps():
    rng, seconds, shape, ngroups = np.random.default_rng(12), 10.0, (SIZE, 512), 6
    growth = seconds * np.arange(ngroups)[:, None, None]
    groups = rng.normal(0, 8.0, (ngroups, *shape)) + rng.normal(0, 1.5, (ngroups, shape[0], 1))
    time = np.arange(ngroups) - (ngroups - 1) / 2
    noise = sums(np.tensordot(time / np.sum(time**2) / seconds, groups, 1))[4:-4:3, 4:-4:3].std()
    network, readout = load_model("ramp_denoise-jwst", device="cpu"), Readout(shape, -1, 2)

    def run(flux):
        return network.predict((groups + growth * flux).astype(np.float32), 8.0, group_time=seconds, readout=readout)

    check(run, noise, shape, 0.25)
