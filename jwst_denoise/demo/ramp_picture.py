"""Picture of a denoised rate image: before, after, the light that is known to be there, and what errors are left."""

import numpy as np

from jwst_denoise.demo.picture import AFTER, BEFORE, WIDE, canvas, graph, power_spectrum, strip

__all__ = ["draw", "errors_by_brightness"]

EDGES = np.geomspace(0.3, 300, 19)  # light of a pixel over its error
FEWEST = 30  # pixels of a bin


def draw(planes, readout, title, path):
    """Draw the picture and write it as PNG.

    Parameters
    ----------
    planes : jwst_denoise.demo.metrics.Planes
        From `jwst_denoise.demo.ramps.against_light`.
    readout : Readout
        Its geometry.
    title : str
        Heading.
    path : path-like
        File to write.
    """
    ny, nx = planes.before.shape
    wide = nx > WIDE * ny
    figure, images, graphs = canvas(4 * (15.0 * ny / nx + 0.45) if wide else 4.3, title)
    cells = images.subplots(4, 1, sharex=True) if wide else images.subplots(1, 4, sharex=True, sharey=True)
    _draw_images(images, cells, planes, readout, "auto" if wide else "equal")
    _draw_graphs(graphs.subplots(1, 3), planes, readout)
    figure.savefig(path, dpi=100, facecolor="white")


def errors_by_brightness(image, planes):
    """Rms error of pixels in bins of their light.

    Parameters
    ----------
    image : ndarray
        (ny, nx) e- over the exposure.
    planes : jwst_denoise.demo.metrics.Planes
        With the truth.

    Returns
    -------
    brightness, error : ndarray
        Light over the error without the steps, and rms error of the pixels, e-; from the middle 90 % of each bin, so
        that hits of cosmic rays do not count.
    """
    used = planes.lit | planes.dark
    level = np.median(planes.light[planes.dark])
    error = (image - planes.light - np.median((image - planes.light)[planes.dark]))[used]
    brightness = (planes.light - level)[used] / planes.error_before[used]
    found = []
    for low, high in zip(EDGES[:-1], EDGES[1:], strict=True):
        values = np.sort(np.abs(error[(brightness >= low) & (brightness < high)]))
        if len(values) >= FEWEST:
            found.append((np.sqrt(low * high), np.sqrt(np.mean(values[: int(0.9 * len(values))] ** 2))))
    return tuple(np.array(found, dtype=float).reshape(-1, 2).T)


def _draw_images(figure, axes, planes, readout, aspect):
    from astropy.visualization import AsinhStretch, ImageNormalize

    sigma = float(np.median(planes.error_before[planes.dark]))
    scene = {"norm": ImageNormalize(vmin=-2 * sigma, vmax=10 * sigma, stretch=AsinhStretch(0.15)), "cmap": "gray"}
    images = (planes.before, planes.after, planes.light)
    names = ("rate image of calwebb_detector1", "of calwebb_denoise1", "true light")
    panels = [(n, i - np.median(i[planes.dark]), scene) for n, i in zip(names, images, strict=True)]
    removed = planes.before - planes.after
    removed = removed - np.median(removed[planes.dark])
    panels.append(("removed (before − after)", removed, {"vmin": -3 * sigma, "vmax": 3 * sigma, "cmap": "RdBu_r"}))
    for axis, (name, image, style) in zip(axes, panels, strict=True):
        shown = strip(axis, np.where(readout.reference_pixels, np.nan, image), name, aspect, **style)
        shape = {"shrink": 0.5, "aspect": 30} if aspect == "equal" else {"aspect": 12}
        figure.colorbar(shown, ax=axis, pad=0.01, **shape).set_label("e⁻", fontsize=9)


def _draw_graphs(axes, planes, readout):
    for image, name, color in ((planes.before, "before", BEFORE), (planes.after, "after", AFTER)):
        style = {"color": color, "label": name, "lw": 1.6}
        sky = image - planes.light
        sky = sky - np.median(sky[planes.dark])
        span = 5 * float(np.median(planes.error_before[planes.dark]))
        axes[0].hist(sky[planes.dark], np.linspace(-span, span, 81), histtype="step", **style)
        axes[1].loglog(*errors_by_brightness(image, planes), **style, marker=".")
        axes[2].loglog(*power_spectrum(sky, planes.dark, readout), **style)
    graph(axes[0], "error of a dark pixel / e⁻", "pixels", "blank sky")
    graph(axes[1], "light over the error of ramp_fit", "rms error of a pixel / e⁻", "pixels by their brightness")
    graph(axes[2], "frequency / Hz", "power of the dark pixels / (e⁻)² Hz⁻¹", "power spectrum in read-out time")
