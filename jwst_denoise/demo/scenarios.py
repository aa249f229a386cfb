"""Simulated exposures of the demonstration, and the same exposures without correlated noise."""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from jwst_denoise import products, simulate

__all__ = [
    "COSMIC_RAYS", "DEFAULT", "IMAGES", "SCENARIOS", "Scenario", "choose_scenario", "noiseless_uncal",
    "simulate_scenario",
]  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """One simulated exposure.

    Parameters
    ----------
    instrument, detector : str
        As in the headers.
    scene : str
        A key of `jwst_denoise.simulate.SCENES`.
    subarray, pattern : str
        SUBARRAY and READPATT.
    ngroups : int
        Groups of an integration.
    parameters : str
        Shipped parameter file with the step in calwebb_detector1.
    seed : int
        Seed of the random numbers.
    nints : int
        Integrations.
    hits : jwst_denoise.simulate.CosmicRayParameters, optional
        Cosmic rays; by default those of the simulator.
    """

    instrument: str
    detector: str
    scene: str
    subarray: str
    pattern: str
    ngroups: int
    parameters: str = ""
    seed: int = 1
    nints: int = 1
    hits: simulate.CosmicRayParameters | None = None

    @property
    def root(self):
        """Root of the file names."""
        return f"demo_{self.detector.lower()}_{self.scene}"

    @property
    def title(self):
        """Detector, scene and readout in one line."""
        scene = simulate.SCENES[self.scene].description
        return f"{self.instrument} {self.detector} {self.subarray}, {scene}, {self.ngroups} groups of {self.pattern}"


#: Instrument -> exposure with correlated noise, which takes a minute; with reference pixels if the subarray has them.
SCENARIOS = MappingProxyType(
    {
        "NIRSPEC": Scenario("NIRSPEC", "NRS1", "slit", "ALLSLITS", "NRS", 12, "nirspec_detector1_nsclean_groups"),
        "NIRCAM": Scenario("NIRCAM", "NRCB1", "field", "SUB640", "RAPID", 10, "nircam_detector1_nsclean_groups"),
        "NIRISS": Scenario("NIRISS", "NIS", "cluster", "SUB256", "NISRAPID", 30, "niriss_detector1_nsclean_groups"),
    }
)

#: Instrument of the demonstration without options.
DEFAULT = "NIRSPEC"

#: Three groups, which leave the jump step little to compare. The subarray is a tenth of a full frame; ten times the
#: rates of snowballs and showers give it as many as a full frame.
COSMIC_RAYS = Scenario(
    "NIRCAM", "NRCB1", "field", "SUB640", "SHALLOW4", 3, "nircam_detector1_cosmic_ray_mask_ramps",
    hits=simulate.CosmicRayParameters(snowball_rate=0.3, shower_rate=0.005),
)  # fmt: skip

#: Several integrations of a deep field.
IMAGES = Scenario("NIRCAM", "NRCB1", "field", "SUB320", "SHALLOW4", 8, nints=4)

_FULL = {"NIRSPEC": "ifu", "NIRCAM": "field", "NIRISS": "field"}


def choose_scenario(instrument=DEFAULT, full=False):
    """Scenario of an instrument.

    Parameters
    ----------
    instrument : str, optional
        A key of `SCENARIOS`, in any case.
    full : bool, optional
        A frame of 2048 × 2048 pixels, for NIRSpec of the integral-field unit.

    Raises
    ------
    ValueError
        If there is none.
    """
    try:
        scenario = SCENARIOS[instrument.upper()]
    except KeyError:
        raise ValueError(f"no demo of instrument {instrument!r}; known: {', '.join(SCENARIOS).lower()}") from None
    if not full:
        return scenario
    return replace(scenario, scene=_FULL[scenario.instrument], subarray="FULL", ngroups=8)


def simulate_scenario(scenario, progress=None):
    """Simulate the exposure of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The exposure.
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
        hits=scenario.hits, progress=progress,
    )  # fmt: skip


def noiseless_uncal(exposure, root):
    """Raw exposure without its correlated noise, as a perfect correction would leave it.

    White noise, photons and cosmic rays are those of the exposure. The counts are not rounded again.

    Returns
    -------
    stdatamodels.jwst.datamodels.RampModel
    """
    from stdatamodels.jwst import datamodels

    with products.uncal_model(exposure, root=root) as raw:
        model = datamodels.RampModel()
        model.update(raw)
        model.data = raw.data.astype(np.float32) - _correlated_counts(exposure)
    model.meta.filename = f"{root}_uncal.fits"
    return model


def _correlated_counts(exposure):
    """Correlated noise, drift of the level and picture frame in every group: (nints, ngroups, ny, nx) DN, float32."""
    truth = exposure.truth
    frames = exposure.pattern.frames_per_group * np.arange(exposure.counts.shape[1])
    times = exposure.frame_time * (frames + (exposure.pattern.nframes + 1) / 2)
    frame = truth.picture_frame_rate[:, None, None, None] * times[:, None, None] * truth.picture_frame
    return ((truth.correlated + truth.drift[:, :, None, None] + frame) / exposure.detector.gain).astype(np.float32)
