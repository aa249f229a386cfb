"""Scenes and noise unlike the training: other filters, crowding, exposure times, noise."""

from dataclasses import dataclass, replace

from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images import truth
from jwst_denoise_benchmarks.images.coverage import calibration, pulls
from jwst_denoise_benchmarks.images.scenes import WHITE, Noise, network, simulate_scenes, unless_missing

__all__ = ["CASES", "Case", "case_rows", "out_of_distribution"]

USUAL = ("NIRCAM_SW", "F200W", 300.0)
RATIO = 5
LIMITS = {"noise": 1.0, "star_noise": 1.02}  # of the errors, over those of the input


@dataclass(frozen=True)
class Case:
    """Difference from the training.

    Parameters
    ----------
    name : str
        Short description.
    sampling : tuple
        Channel, filter and seconds.
    brightness, crowding : float
        Factors for the flux and for the number of stars and galaxies.
    noise : Noise
        Of the exposures.
    scale : float
        Noise passed to the network over the true noise.
    """

    name: str
    sampling: tuple = USUAL
    brightness: float = 1.0
    crowding: float = 1.0
    noise: Noise = WHITE
    scale: float = 1.0


CASES = (
    Case("as in training"),
    Case("PSF of the guider", ("FGS", None, 300.0)),
    Case("PSF of NIRSpec", ("NIRSPEC", None, 300.0)),
    Case("10 × the stars", crowding=10.0),
    Case("everything 30 × brighter", brightness=30.0),
    Case("exposure of 5 s", ("NIRCAM_SW", "F200W", 5.0)),
    Case("exposure of 30000 s", ("NIRCAM_SW", "F200W", 30000.0)),
    Case("read noise of 100 e-", noise=Noise(100.0)),
    Case("read noise of 1 e-", noise=Noise(1.0)),
    Case("1/f noise", noise=Noise(correlated=True)),
    Case("noise underestimated by 20 %", scale=0.8),
    Case("noise overestimated by 25 %", scale=1.25),
)


@unless_missing("Background noise over that of the input")
def out_of_distribution(quick):
    """Rows: noise, fluxes and coverage for each case."""
    for name in ("noise2noise", "astro_unet"):
        denoiser = network(name)
        for case in CASES[:3] if quick else CASES:
            scenes = simulate_scenes(quick, (case.sampling,), 7, case.brightness, case.crowding)
            scaled = _ScaledNoise(denoiser, case.scale)
            metrics, _, real = truth.measure(
                lambda image, _, s=scaled: s.denoise(image).rate, scenes, RATIO, case.noise
            )
            classes = calibration(*pulls(scaled, scenes, float(RATIO), "aleatoric", case.noise))
            yield from case_rows(f"{name}, {case.name}", metrics, real, classes, quick)


def case_rows(configuration, metrics, real, classes, quick=False):
    """Rows of one model and case: metrics against the truth, of a longer exposure too, and the coverage."""
    quantities = {"noise": "Background noise", "star_noise": "Errors of the flux of stars with S/N < 30"}
    for key, quantity in quantities.items():
        yield Row(
            f"{quantity} over that of the input", configuration, {"network": metrics[key]},
            {f"exposure {RATIO} × as long": real[key]}, form=".2f", target=f"< {LIMITS[key]:g}",
            passed=None if quick else bool(metrics[key] < LIMITS[key]),
            metrics={"network": metrics, "real": real, "classes": classes} if key == "noise" else {},
        )  # fmt: skip
    inside = {f"{level} % interval": 100 * value for level, value in zip((68, 95), classes["all"], strict=True)}
    yield Row("Truth within the predicted interval", configuration, inside, unit="%", form=".0f")


class _ScaledNoise:
    """A network whose input has another noise than it states."""

    def __init__(self, denoiser, factor):
        self.denoiser, self.factor = denoiser, factor

    def rate(self, image, ratio):
        """Denoised image (ny, nx) in e-/s."""
        return self.denoise(image).rate

    def denoise(self, image, ratio=float(RATIO), uncertainty="aleatoric"):
        """Result of the network."""
        other = replace(image, read_noise=self.factor * image.read_noise, poisson=self.factor**2 * image.poisson)
        return self.denoiser.denoise(other, ratio=ratio, uncertainty=uncertainty)
