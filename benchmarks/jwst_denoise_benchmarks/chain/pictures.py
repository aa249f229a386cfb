"""Pictures of the benchmark of the whole chain."""

import numpy as np

from jwst_denoise_benchmarks.chain import imaging, spectra, ways
from jwst_denoise_benchmarks.ramps.figures import draw_all, new, save, show

__all__ = ["depth", "draw", "images", "spectral_depth"]

STAMP = 192  # pixels
SHOWN = (ways.DEFAULT, ways.FLICKER, ways.DENOISE1, ways.APERTURES)


def depth(path, quick):
    """Magnitudes by which every way is deeper than the default pipeline, in apertures and by detections."""
    some = imaging.cases(quick)
    figure, axes = new((8 * len(some), 6), 1, len(some), sharey=True, squeeze=False)
    for axis, case in zip(axes[0], some, strict=True):
        found = imaging.measured(case, quick)
        gains = {
            name: imaging.gain(values, found[ways.DEFAULT.name])
            for name, values in found.items()
            if name != ways.DEFAULT.name
        }
        keys = {2.0: "noise of apertures of 2 pixels", "segmentation": "90 % found, by segmentation"}
        keys["matched filter"] = "90 % found, by a matched filter"
        _bars(axis, gains, keys)
        axis.set(xlabel="deeper than the default pipeline / mag", title=str(case))
    axes[0][0].legend(fontsize=8, loc="upper right")
    save(figure, path)


def spectral_depth(path, quick):
    """The same for extracted spectra, by the error of faint columns."""
    found = spectra.measured(quick)
    gains = {name: spectra.gain(v, found[ways.DEFAULT.name]) for name, v in found.items() if name != ways.DEFAULT.name}
    figure, axis = new((9, 4), 1, 1)
    _bars(axis, gains, {"robust": "scatter", "rms": "rms"})
    axis.set(xlabel="fainter columns with the same error / mag", title="NIRSpec, a star in a slit")
    axis.legend(fontsize=8)
    save(figure, path)


def images(path, quick):
    """A part of the first field by several ways, and what is true."""
    case = imaging.cases(quick)[0]
    made, found = imaging.exposed(case, SHOWN)
    cut = np.s_[16 : 16 + STAMP, 16 : 16 + STAMP]
    sigma = np.sqrt(made.variance)
    shown = {name: image.data - np.nanmedian(image.data) for name, image in found.items()}
    shown["true light"] = made.truth - case.sky
    figure, axes = new((4 * len(shown), 5), 1, len(shown))
    for axis, (name, image) in zip(axes, shown.items(), strict=True):
        show(axis, image[cut], name.partition(":")[0].replace(", ", ",\n"), -2 * sigma, 8 * sigma, cmap="gray")
    save(figure, path)


def _bars(axis, gains, keys):
    height, place = 0.8 / len(keys), np.arange(len(gains))
    for number, (key, label) in enumerate(keys.items()):
        axis.barh(place + number * height, [gain[key] for gain in gains.values()], height, label=label)
    axis.axvline(0, color="0.3", lw=0.8)
    axis.set_yticks(place + height, list(gains))
    axis.set_ylim(len(gains) - 0.1, -0.4)
    axis.grid(axis="x", alpha=0.3)


#: Group -> file -> function that draws it, called with the path and ``quick``.
PICTURES = {
    "short": {"chain_images.png": images},
    "long": {"chain_depth.png": depth},
    "spectra": {"chain_spectra.png": spectral_depth},
}


def draw(directory, names, quick):
    """Draw the pictures of groups, see `jwst_denoise_benchmarks.ramps.figures.draw_all`."""
    return draw_all(PICTURES, directory, names, quick)
