"""Images and spectra of simulated NIRPS ramps: errors of the network beside those of the fit, as in the paper."""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, model_directory
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.papers import nirps
from jwst_denoise_benchmarks.ramps.errors import block_rms, rms

__all__ = [
    "CLASSES", "Pair", "class_rows", "comb_rows", "extract_orders", "fabry_perot", "image_rows", "images",
    "measure_pair", "realization_rows", "realizations",
]  # fmt: skip

#: Classes of flux in e- of figure 11 of the paper.
CLASSES = {"no flux": (-np.inf, 1.0), "low flux": (1.0, 20.0), "high flux": (20.0, 60.0)}
PROFILE = 0.04  # of the peak: pixels with more flux are summed to a spectrum
ONE_ORDER = 176  # lines that contain an order
RUN = 64  # pixels along the spectrum over which a bias is averaged
BLOCK = 64
#: Error of the fit over that of the network: target, and the paper's value with its spread.
FACTORS = {"pixel": (3.9, (3.85, 0.08)), "spectrum": (1.9, (1.855, 0.015)), "scatter": (1.95, (1.93, 0.0))}
WORSE = 1.02  # ratio of errors in a block that may be due to chance
FACTOR = "Error of the fit over that of ramp_denoise"


class Pair:
    """Errors of the network's image and of the fit's, with all reads.

    Parameters
    ----------
    source, scene_seed, noise_seed, quick, rows
        As of `nirps.simulate_band`.
    model : Model
        The network.
    """

    def __init__(self, source, scene_seed, noise_seed, quick, model, rows=nirps.ROWS):
        self.band = nirps.simulate_band(source, scene_seed, noise_seed, quick, rows)
        number = nirps.reads_of(quick)
        self.truth, self.good = self.band.flux(number), self.band.good
        self.images = {"network": self.band.denoised(number, model), "fit": self.band.fitted(number)}
        self.errors = {name: image - self.truth for name, image in self.images.items()}

    def pixel_rms(self):
        """Name -> rms error of the pixels in e-."""
        return {name: rms(error[self.good]) for name, error in self.errors.items()}

    def spectra(self):
        """Name -> (orders, nx) extracted flux in e-; ``truth`` too."""
        images = self.images | {"truth": self.truth}
        return dict(zip(images, extract_orders(self.band.scene, self.good, images.values()), strict=True))

    def spectrum_rms(self):
        """Name -> rms error of the extracted spectrum in e-."""
        spectra = self.spectra()
        return {name: rms(spectra[name] - spectra["truth"]) for name in self.images}

    def worst_run(self):
        """Name -> largest mean error of the spectrum over `RUN` pixels, e- a pixel of the spectrum."""
        spectra, worst = self.spectra(), {}
        for name in self.images:
            error = spectra[name] - spectra["truth"]
            means = error[:, : error.shape[1] // RUN * RUN].reshape(len(error), -1, RUN).mean(axis=2)
            worst[name] = float(means.flat[np.abs(means).argmax()])
        return worst

    def by_class(self):
        """Class of flux -> name -> mean and rms error of the pixels in e-."""
        classes = {}
        for name, (low, high) in CLASSES.items():
            where = self.good & (self.truth >= low) & (self.truth < high)
            classes[name] = {
                method: {"mean": float(error[where].mean(dtype=float)), "rms": rms(error[where])}
                for method, error in self.errors.items()
            }
        return classes


@lru_cache(maxsize=8)
def measure_pair(source, scene_seed, noise_seed, quick, directory=None):
    """`Pair` of the model in use, made once; ``directory`` is that of the model."""
    return Pair(source, scene_seed, noise_seed, quick, load_model(nirps.MODEL))


def extract_orders(scene, good, images):
    """Sum the pixels of every order across it.

    Parameters
    ----------
    scene : ndarray
        (ny, nx) noiseless flux: defines the orders.
    good : ndarray
        (ny, nx) bool, pixels that are summed.
    images : iterable of ndarray
        (ny, nx).

    Returns
    -------
    list of ndarray
        (orders, nx) of each image; orders that leave the image are omitted.
    """
    labels, number = ndimage.label(scene > 0)
    masks = []
    for order in range(1, number + 1):
        flux = np.where(labels == order, scene, 0)
        if (flux.max(axis=0) > 0)[good.any(axis=0)].all():
            masks.append((flux > PROFILE * flux.max(axis=0)) & good)
    return [np.array([np.where(mask, image, 0).sum(axis=0) for mask in masks]) for image in images]


def _factor_row(configuration, kind, errors, quick):
    target, paper = FACTORS[kind]
    ratio = errors["fit"] / errors["network"]
    return Row(
        FACTOR, configuration, {"ratio": ratio}, {"paper": paper}, form=".2f", target=f"≥ {target:g}",
        passed=None if quick else ratio >= target,
    )  # fmt: skip


def _error_row(quantity, configuration, errors, **options):
    """Row of errors in e- of the network and the fit."""
    form = options.pop("form", ".2f")
    values = {"ramp_denoise": errors["network"]}, {"fit": errors["fit"]}
    return Row(quantity, configuration, *values, "e-", form=form, **options)


def images(quick):
    """Rows: errors of pixels and of the spectrum of three test images, and errors by class of flux."""
    try:
        load_model(nirps.MODEL)
    except MissingInput as error:
        yield skipped(FACTOR, "test images", error)
        return
    classes = []
    for number in range(1, 2 if quick else 4):
        pair = measure_pair("star", number, number, quick, model_directory())
        yield from image_rows(number, pair.pixel_rms(), pair.spectrum_rms(), pair.worst_run(), quick)
        classes.append(pair.by_class())
    for name in CLASSES:
        methods = ("network", "fit")
        mean = {method: float(np.mean([one[name][method]["mean"] for one in classes])) for method in methods}
        width = {method: rms([one[name][method]["rms"] for one in classes]) for method in methods}
        yield from class_rows(name, width, mean, quick)


def image_rows(number, pixels, spectrum, worst, quick=False):
    """Rows of one test image: rms errors of pixels and spectrum, and the worst mean over a run; network and fit."""
    image = f"test image {number}"
    yield _error_row("rms error", f"{image}, pixel", pixels)
    yield _error_row("rms error", f"{image}, spectrum", spectrum)
    yield _factor_row(f"{image}, pixel", "pixel", pixels, quick)
    yield _factor_row(f"{image}, spectrum", "spectrum", spectrum, quick)
    yield _error_row(f"Worst mean error of the spectrum over {RUN} pixels", image, worst, form="+.2f")


def class_rows(name, width, mean, quick=False):
    """Rows of one class of flux: rms and mean error of network and fit."""
    low, high = CLASSES[name]
    configuration = f"below {high:g} e-" if low < 0 else f"{low:g} to {high:g} e-"
    yield _error_row(
        "rms error by the flux of the pixel (figure 11)", configuration, width, target="< reference",
        passed=None if quick else width["network"] < width["fit"],
    )  # fmt: skip
    yield _error_row("Mean error by the flux of the pixel", configuration, mean, form="+.3f")


def realizations(quick):
    """Rows: scatter of the spectrum over realizations of one scene."""
    number = 2 if quick else 10
    try:
        model = load_model(nirps.MODEL)
    except MissingInput as error:
        yield skipped(FACTOR, f"scatter of {number} realizations", error)
        return
    spectra = [Pair("star", 4, 10 + seed, quick, model, ONE_ORDER).spectra() for seed in range(number)]
    scatter = {
        method: float(np.std([one[method] for one in spectra], axis=0, ddof=1).mean()) for method in ("network", "fit")
    }
    yield from realization_rows(number, scatter, quick)


def realization_rows(number, scatter, quick=False):
    """Rows on the standard deviation of the spectrum, mean of its pixels, of network and fit."""
    yield _error_row("Standard deviation of the spectrum over realizations", f"{number} realizations", scatter)
    yield _factor_row(f"scatter of {number} realizations", "scatter", scatter, quick)


def fabry_perot(quick):
    """Rows: errors on a comb of lines, in blocks too, and the worst bias of its spectrum."""
    try:
        load_model(nirps.MODEL)
    except MissingInput as error:
        yield skipped("rms error on a Fabry–Perot comb", "pixel", error, unit="e-")
        return
    pair = measure_pair("fabry_perot", 5, 5, quick, model_directory())
    blocks = {name: block_rms(error, pair.good, BLOCK) for name, error in pair.errors.items()}
    worst = float(np.nanmax(blocks["network"] / blocks["fit"]))
    yield from comb_rows(pair.pixel_rms(), pair.spectrum_rms(), pair.worst_run(), worst, quick)


def comb_rows(pixels, spectrum, worst, worst_block, quick=False):
    """Rows on the comb: errors of network and fit, and the largest ratio of their errors in a block."""
    quantity = "rms error on a Fabry–Perot comb"
    for name, errors in (("pixel", pixels), ("spectrum", spectrum)):
        passed = None if quick else errors["network"] <= errors["fit"]
        yield _error_row(quantity, name, errors, target="≤ reference", passed=passed)
    yield Row(
        f"Error in the worst block of {BLOCK} × {BLOCK} pixels over that of the fit", "Fabry–Perot comb",
        {"ramp_denoise": worst_block}, form=".2f", target=f"≤ {WORSE:g}",
        passed=None if quick else worst_block <= WORSE,
    )  # fmt: skip
    yield _error_row(f"Worst mean error of the spectrum over {RUN} pixels", "Fabry–Perot comb", worst, form="+.2f")
