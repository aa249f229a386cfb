"""Parameters of the near-infrared detectors."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from jwst_denoise.detectors.noise_spectrum import NoiseSpectrum
from jwst_denoise.readout import DETECTORS as GEOMETRY
from jwst_denoise.readout import REFERENCE_BORDER, Readout

__all__ = ["DETECTORS", "DetectorParameters", "channel_of", "detector", "ipc_kernel", "typical_gain"]


def ipc_kernel(side, corner=0.0):
    """3 × 3 kernel of inter-pixel capacitance: the fraction of a pixel's charge that each neighbor shows."""
    kernel = np.array([[corner, side, corner], [side, 0, side], [corner, side, corner]])
    kernel[1, 1] = 1 - kernel.sum()
    return tuple(map(tuple, kernel))


@dataclass(frozen=True)
class DetectorParameters:
    """Parameters of one detector.

    Parameters
    ----------
    name, instrument : str
        As in the headers, e.g. ``"NRS1"``, ``"NIRSPEC"``.
    fastaxis, slowaxis : int
        Direction of reading in DMS orientation, as the JWST keywords.
    gain : float
        e- / DN.
    read_noise : float
        White noise of one read, e- rms.
    reference_read_noise : float
        White noise of one read of a reference pixel, e- rms; without a photodiode it is a little lower.
    dark_current : float
        e- / s of a good pixel.
    hot_fraction, hot_current : float
        Fraction of hot pixels, and the scale of the exponential distribution of their excess, e- / s.
    bias, bias_scatter, output_scatter : float
        Mean level after a reset, its fixed scatter from pixel to pixel and from output to output, DN.
    saturation : float
        Raw DN (bias included) above which a pixel counts as saturated; the response ends 3 % higher.
    nonlinearity : tuple of float
        Coefficients c of the correction as in CRDS linearity files: with x in DN after subtraction of the bias, the
        linear signal is Σ c_k x^k. The simulator applies the exact inverse.
    ipc : tuple of tuple of float
        3 × 3 kernel of inter-pixel capacitance, sum 1.
    ktc_noise : float
        Scatter of a pixel from reset to reset, e- rms.
    pedestal : float
        Scatter of each output's level from reset to reset, e- rms.
    pedestal_drift : float
        Random walk of the common level from frame to frame, e- rms a step.
    pixel_walk : float
        Independent random walk of every pixel, e- rms a frame: the slowest read noise, which does not average out.
    picture_frame : float
        Rms over integrations of the amplitude of the picture frame, e- / s at the edge.
    correlated : NoiseSpectrum
        1/f and alternating-column noise.
    size : int
        Pixels along an edge.
    outputs : int
        Amplifiers that read a full frame.
    overhead : int
        Pixel times after every line.
    pixel_scale : float
        arcsec, 0 where it has no meaning.
    """

    name: str
    instrument: str
    fastaxis: int
    slowaxis: int
    gain: float
    read_noise: float
    dark_current: float
    reference_read_noise: float = field(default=0.0)
    hot_fraction: float = 5e-4
    hot_current: float = 0.5
    bias: float = 10000.0
    bias_scatter: float = 200.0
    output_scatter: float = 300.0
    saturation: float = 58000.0
    nonlinearity: tuple[float, ...] = (0.0, 1.0, 4e-7, 8e-12)
    ipc: tuple[tuple[float, ...], ...] = ipc_kernel(0.005)
    ktc_noise: float = 35.0
    pedestal: float = 15.0
    pedestal_drift: float = 2.0
    pixel_walk: float = 0.0
    picture_frame: float = 0.003
    correlated: NoiseSpectrum = NoiseSpectrum()
    size: int = 2048
    outputs: int = 4
    overhead: int = 12
    pixel_scale: float = 0.0

    def __post_init__(self):
        """Fill in derived values and check all."""
        if not self.reference_read_noise:
            object.__setattr__(self, "reference_read_noise", 0.85 * self.read_noise)
        for name in ("gain", "read_noise", "saturation"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{self.name}: {name}={getattr(self, name)} must be positive")
        if self.nonlinearity[:2] != (0.0, 1.0):
            raise ValueError(f"{self.name}: nonlinearity must begin with (0, 1), not {self.nonlinearity[:2]}")
        if np.shape(self.ipc) != (3, 3) or abs(np.sum(self.ipc) - 1) > 1e-6:
            raise ValueError(f"{self.name}: ipc must be a 3 × 3 kernel with the sum 1")
        if not self.bias < self.saturation <= 65535:
            raise ValueError(f"{self.name}: saturation={self.saturation} must lie between the bias and 65535 DN")

    @property
    def ceiling(self):
        """DN above the bias where the response ends."""
        return min((self.saturation - self.bias) * 1.03, 65535.0 - self.bias)

    def readout(self, shape=None, corner=(1, 1), outputs=None, **kwargs):
        """Read-out of a full frame, or of a subarray of ``shape`` (ny, nx) at ``corner`` (x, y), counted from 1."""
        shape = tuple(shape or (self.size, self.size))
        full = shape == (self.size, self.size)
        (x, y), (ny, nx) = corner, shape
        if min(x, y) < 1 or x + nx - 1 > self.size or y + ny - 1 > self.size:
            raise ValueError(f"{self.name}: a subarray of shape {shape} at {corner} is not on the detector")
        last = self.size - REFERENCE_BORDER
        borders = (5 - y, y + ny - 1 - last, 5 - x, x + nx - 1 - last)
        reference = tuple(int(np.clip(border, 0, REFERENCE_BORDER)) for border in borders)
        outputs = outputs or (self.outputs if full else 1)
        return Readout(shape, self.fastaxis, self.slowaxis, outputs, self.overhead, reference=reference, **kwargs)

    @property
    def channel(self):
        """Channel with one set of filters and one sampling, e.g. ``"NIRCAM_SW"``."""
        return channel_of(self.instrument, self.name)


def channel_of(instrument, name):
    """Channel of an instrument's detector; parameters as in the headers."""
    if instrument == "NIRCAM":
        return "NIRCAM_LW" if name.endswith(("LONG", "5")) else "NIRCAM_SW"
    return instrument


def _nircam(name, gain, *, long):
    correlated = NoiseSpectrum(common_rms=2.8, output_rms=1.6, alternating_rms=0.5)
    channel = (
        {"read_noise": 7.8, "dark_current": 0.034, "saturation": 54000.0, "pixel_scale": 0.0630}
        if long
        else {"read_noise": 8.8, "dark_current": 0.0019, "saturation": 60000.0, "pixel_scale": 0.0311}
    )
    return DetectorParameters(name, *GEOMETRY[name], gain=gain, correlated=correlated, bias=12000.0, **channel)


def _nirspec(name, gain, read_noise, dark_current):
    return DetectorParameters(
        name, *GEOMETRY[name], gain=gain, read_noise=read_noise, dark_current=dark_current,
        correlated=NoiseSpectrum(common_rms=1.6, output_rms=1.0, alternating_rms=0.4),
        bias=9000.0, saturation=62000.0, nonlinearity=(0.0, 1.0, 2e-7, 6e-12), picture_frame=0.01, pixel_scale=0.1043,
    )  # fmt: skip


def _others():
    strong = NoiseSpectrum(common_rms=6.0, output_rms=3.0, alternating_rms=0.8)
    niriss = DetectorParameters(
        "NIS", *GEOMETRY["NIS"], gain=1.61, read_noise=8.6, dark_current=0.02, pixel_scale=0.0656,
        correlated=NoiseSpectrum(common_rms=3.6, output_rms=2.2, alternating_rms=0.5),
    )  # fmt: skip
    guider = DetectorParameters(
        "GUIDER1", *GEOMETRY["GUIDER1"], gain=1.68, read_noise=9.9, dark_current=0.02, pixel_scale=0.0691,
        correlated=strong,
    )  # fmt: skip
    h4rg = DetectorParameters(
        "H4RG", "ECHELLE", 1, 2, gain=2.6, read_noise=10.0, dark_current=0.003, bias=8000.0, saturation=50000.0,
        correlated=NoiseSpectrum(common_rms=17.8, output_rms=3.6, alternating_rms=1.0, common_slope=1.55),
        size=4096, outputs=32, overhead=8, picture_frame=0.001, pixel_walk=0.44,
    )  # fmt: skip
    fast, slow = GEOMETRY["GUIDER2"][1:]
    guider2 = replace(guider, name="GUIDER2", fastaxis=fast, slowaxis=slow, gain=1.81, pixel_scale=0.0691)
    return niriss, guider, guider2, h4rg


_NIRCAM_GAINS = {
    "NRCA1": 2.08, "NRCA2": 2.02, "NRCA3": 2.17, "NRCA4": 2.02, "NRCALONG": 1.84,
    "NRCB1": 2.01, "NRCB2": 2.14, "NRCB3": 1.94, "NRCB4": 2.03, "NRCBLONG": 1.85,
}  # fmt: skip

_ALL = (
    *(_nircam(name, gain, long=name.endswith("LONG")) for name, gain in _NIRCAM_GAINS.items()),
    _nirspec("NRS1", 0.996, 7.2, 0.0092),
    _nirspec("NRS2", 1.137, 7.0, 0.0057),
    *_others(),
)

#: Name -> parameters of a typical detector. Gains, dark currents and scales after the instruments' documentation
#: (JDox detector pages; NIRSpec: Birkmann et al. 2022, Proc. SPIE 12180, and Jakobsen et al. 2022, A&A 661, A80;
#: NIRISS: Doyon et al. 2023, PASP 135, 098001). Read noise is the correlated-double-sampling noise over √2, with the
#: correlated part subtracted. 1/f amplitudes: for NIRSpec 20 reads leave 1.9 e- of correlated noise besides 5.3 e- of
#: white noise in a rate image (Rauscher 2024), NIRCam has more (Schlawin et al. 2020, AJ 160, 231); FGS from the line
#: means of the flight acquisition images that ship with jwst; H4RG from the read-to-read noise of 28 e- (17 e- after
#: reference-pixel correction) of the recurrent-network paper.
DETECTORS = MappingProxyType({parameters.name: parameters for parameters in _ALL})


#: Names of the long-wavelength detectors in some headers.
_ALIASES = {"NRCA5": "NRCALONG", "NRCB5": "NRCBLONG"}


def detector(name):
    """Parameters of a detector.

    Parameters
    ----------
    name : str or DetectorParameters
        A key of `DETECTORS`, ``"NRCA5"`` or ``"NRCB5"``; parameters are passed through.

    Raises
    ------
    ValueError
        If the name is not known.

    Examples
    --------
    >>> detector("NRS1").gain
    0.996
    """
    if isinstance(name, DetectorParameters):
        return name
    upper = str(name).upper()
    try:
        return DETECTORS[_ALIASES.get(upper, upper)]
    except KeyError:
        raise ValueError(f"no detector {name!r}; known: {', '.join(DETECTORS)}") from None


def typical_gain(instrument, name=None, channel=None):
    """Mean gain of the detectors that the header of a mosaic admits.

    Parameters
    ----------
    instrument : str
        INSTRUME.
    name : str, optional
        DETECTOR; ``"MULTIPLE"`` and unknown names count as none.
    channel : str, optional
        CHANNEL of NIRCam, ``"LONG"`` or ``"SHORT"``.

    Returns
    -------
    float
        e- / DN.

    Raises
    ------
    ValueError
        If no detector of the instrument is known.
    """
    name, channel = _ALIASES.get(name, name), (channel or "").upper()
    gains = {known.name: known.gain for known in DETECTORS.values() if known.instrument == instrument}
    if name in gains:
        return gains[name]
    if channel in ("LONG", "SHORT"):
        gains = {one: gain for one, gain in gains.items() if one.endswith("LONG") == (channel == "LONG")}
    if not gains:
        raise ValueError(f"no gain is known for {instrument} {name or ''}".rstrip())
    return float(np.mean(list(gains.values())))
