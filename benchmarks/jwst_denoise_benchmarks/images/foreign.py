"""Scenes and noise unlike training: other filters, crowding, exposure times, noise."""

from dataclasses import dataclass, replace

from jwst_denoise_benchmarks.images import truth
from jwst_denoise_benchmarks.images.coverage import calibration, pulls
from jwst_denoise_benchmarks.images.denoisers import network, unless_missing
from jwst_denoise_benchmarks.images.exposures import WHITE, Noise
from jwst_denoise_benchmarks.images.scenes import scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["CASES", "Case", "foreign"]

USUAL = ("NIRCAM_SW", "F200W", 300.0)
RATIO = 5


@dataclass(frozen=True)
class Case:
    """What is unlike training.

    Parameters
    ----------
    what : str
        In words.
    sampling : tuple
        Channel, filter and seconds.
    brightness, crowding : float
        Factors on the light and on the number of stars and galaxies.
    noise : Noise
        Of the exposures.
    told : float
        Noise that the network is told over the true one.
    """

    what: str
    sampling: tuple = USUAL
    brightness: float = 1.0
    crowding: float = 1.0
    noise: Noise = WHITE
    told: float = 1.0


CASES = (
    Case("as in training"),
    Case("point-spread function of the guider", ("FGS", None, 300.0)),
    Case("point-spread function of NIRSpec", ("NIRSPEC", None, 300.0)),
    Case("10 × the stars", crowding=10.0),
    Case("everything 30 × brighter", brightness=30.0),
    Case("exposure of 5 s", ("NIRCAM_SW", "F200W", 5.0)),
    Case("exposure of 30 000 s", ("NIRCAM_SW", "F200W", 30000.0)),
    Case("read noise of 100 e-", noise=Noise(100.0)),
    Case("read noise of 1 e-", noise=Noise(1.0)),
    Case("1/f noise", noise=Noise(correlated=True)),
    Case("noise told 20 % too small", told=0.8),
    Case("noise told 20 % too large", told=1.25),
)


@unless_missing("unlike training")
def foreign(quick):
    """Rows: noise, fluxes and coverage for each case."""
    for name in ("noise2noise", "astro_unet"):
        made = network(name)
        for case in CASES[:3] if quick else CASES:
            yield _row(name, made, case, quick)


def _row(name, made, case, quick):
    some = scenes(quick, (case.sampling,), 7, case.brightness, case.crowding)
    told = _Told(made, case.told)
    ours, _, real = truth.measure(lambda image, ratio: told.denoise(image).rate, some, RATIO, case.noise)
    classes = calibration(*pulls(told, some, float(RATIO), "aleatoric", case.noise))
    near, wide = classes["all"]
    return Row(
        f"{name}, {case.what}: noise of blank sky; errors of the fluxes of stars below S/N 30, over the input's; truth "
        "within 68 %, 95 %", f"{ours['noise']:.2f}; {ours['star_noise']:.2f}; {100 * near:.0f} %, {100 * wide:.0f} %",
        f"an exposure {RATIO} × as long {real['noise']:.2f}; {real['star_noise']:.2f}",
        "errors below the input's", None if quick else bool(ours["noise"] < 1 and ours["star_noise"] < 1.02),
        {"ours": ours, "real": real, "classes": classes},
    )  # fmt: skip


class _Told:
    """A network that is told another noise than there is."""

    def __init__(self, made, factor):
        self.made, self.factor = made, factor

    def denoise(self, image, ratio=float(RATIO), uncertainty="aleatoric"):
        """As the network does."""
        other = replace(image, read_noise=self.factor * image.read_noise, poisson=self.factor**2 * image.poisson)
        return self.made.denoise(other, ratio=ratio, uncertainty=uncertainty)
