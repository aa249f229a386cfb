"""What the demonstration simulates for each instrument."""

from dataclasses import dataclass, replace
from types import MappingProxyType

from jwst_denoise.simulate import SCENES

__all__ = ["DEFAULT", "SCENARIOS", "Scenario", "choose"]


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
        Shipped parameter file that has the step in calwebb_detector1.
    seed : int
        Seed of the random numbers.
    nints : int
        Integrations.
    """

    instrument: str
    detector: str
    scene: str
    subarray: str
    pattern: str
    ngroups: int
    parameters: str
    seed: int = 1
    nints: int = 1

    @property
    def root(self):
        """Root of the file names."""
        return f"demo_{self.detector.lower()}_{self.scene}"

    @property
    def cosmic_ray_parameters(self):
        """Shipped parameter file that has CosmicRayMaskStep in calwebb_detector1."""
        return f"{self.instrument.lower()}_detector1_cosmic_ray_mask_ramps"

    @property
    def imaging(self):
        """Whether the smooth background is sky."""
        return self.instrument != "NIRSPEC"

    @property
    def title(self):
        """One line: detector, what is seen, how it is read."""
        seen = SCENES[self.scene].description
        return f"{self.instrument} {self.detector} {self.subarray}, {seen}, {self.ngroups} groups of {self.pattern}"


#: Instrument -> scenario that takes a minute; with a border of reference pixels where subarrays have one.
SCENARIOS = MappingProxyType(
    {
        "NIRSPEC": Scenario("NIRSPEC", "NRS1", "slit", "ALLSLITS", "NRS", 12, "nirspec_detector1_nsclean_groups"),
        "NIRCAM": Scenario("NIRCAM", "NRCB1", "field", "SUB640", "RAPID", 10, "nircam_detector1_nsclean_groups"),
        "NIRISS": Scenario("NIRISS", "NIS", "cluster", "SUB256", "NISRAPID", 30, "niriss_detector1_nsclean_groups"),
    }
)

#: Instrument of the demonstration without options.
DEFAULT = "NIRSPEC"

_FULL = {"NIRSPEC": "ifu", "NIRCAM": "field", "NIRISS": "field"}


def choose(instrument=DEFAULT, full=False):
    """Scenario of an instrument.

    Parameters
    ----------
    instrument : str, optional
        A key of `SCENARIOS`, in any case.
    full : bool, optional
        A frame of 2048 x 2048 pixels, for NIRSpec of the integral-field unit.

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
