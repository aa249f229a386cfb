"""The simulated exposure, and the same exposure without correlated noise."""

import numpy as np

from jwst_denoise import products, simulate

__all__ = ["correlated_counts", "make", "perfect"]


def make(scenario, progress=None):
    """Simulate the exposure of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    jwst_denoise.simulate.Exposure
    """
    rng = np.random.default_rng(scenario.seed)
    detector = simulate.detector(scenario.detector)
    rate, observation = simulate.scene(scenario.scene, detector, rng, subarray_name=scenario.subarray)
    return simulate.simulate_exposure(
        rate, detector, None, scenario.pattern, scenario.ngroups, scenario.nints, rng, observation=observation,
        progress=progress,
    )  # fmt: skip


def correlated_counts(exposure):
    """Correlated noise, drift of the level and picture frame in every group: (nints, ngroups, ny, nx) DN, float32."""
    truth = exposure.truth
    frames = exposure.pattern.frames_per_group * np.arange(exposure.counts.shape[1])
    times = exposure.frame_time * (frames + (exposure.pattern.nframes + 1) / 2)
    level = truth.drift[:, :, None, None] + (
        truth.picture_frame_rate[:, None, None, None] * times[:, None, None] * truth.picture_frame
    )
    return ((truth.correlated + level) / exposure.detector.gain).astype(np.float32)


def perfect(exposure, root):
    """Raw exposure from which exactly the correlated noise is gone: what a perfect correction leaves.

    White noise, photons and cosmic rays are those of the exposure. The counts are not rounded again.

    Returns
    -------
    stdatamodels.jwst.datamodels.RampModel
    """
    from stdatamodels.jwst import datamodels

    with products.uncal_model(exposure, root=root) as raw:
        model = datamodels.RampModel()
        model.update(raw)
        model.data = raw.data.astype(np.float32) - correlated_counts(exposure)
    model.meta.filename = f"{root}_uncal.fits"
    return model
