"""Pictures of simulated images against their truth, drawn with the plotting functions of the report."""

from functools import partial

import numpy as np

from jwst_denoise.report.comparison import interquartile_profile, measure_noise
from jwst_denoise.report.plotting import (
    LOG,
    Map,
    arrange_maps,
    difference_style,
    draw_histogram,
    draw_lines,
    scene_style,
    write_figure,
)
from jwst_denoise.statistics import power_spectrum

__all__ = ["draw_against_truth"]

UNIT = "e⁻"
COLUMNS = 3  # maps in a row, for more than two images


def draw_against_truth(path, title, images, titles, truth, readout):
    """Draw images and their errors: maps, means of lines, spectrum in the order of readout, histogram, noise of areas.

    Parameters
    ----------
    path : path-like
        PNG file to write.
    title : str
        Heading.
    images : dict
        Name of a run -> jwst_denoise.demo.metrics.Image, the default pipeline first.
    titles : dict
        Name of a run -> title of its map.
    truth : jwst_denoise.demo.metrics.Truth
        The truth; errors are differences from its expected image.
    readout : jwst_denoise.readout.Readout
        Geometry.
    """
    known = truth.background | truth.sources
    errors = {name: truth.centered(image.data - truth.expected) for name, image in images.items()}
    centered = {name: truth.centered(image.data) for name, image in images.items()}
    first, *_ = images
    scene, style = scene_style(centered[first], known), difference_style(errors[first], truth.background)
    maps = [Map(titles[name], image, UNIT, scene) for name, image in centered.items()]
    wrong = [
        Map(f"{titles[name]}: error", np.where(known, error, np.nan), UNIT, style) for name, error in errors.items()
    ]
    if len(images) == 2:
        rows = arrange_maps([*maps, *wrong])
    else:
        groups = (slice(start, start + COLUMNS) for start in range(0, len(images), COLUMNS))
        rows = [row for group in groups for row in (maps[group], wrong[group])]
    graphs = [partial(draw, errors, truth) for draw in (_draw_histogram, _draw_noise)]
    lines = [partial(draw, errors, truth, readout) for draw in (_draw_lines, _draw_spectra)]
    write_figure(path, title, [*rows, [*lines, *graphs]])


def _draw_lines(errors, truth, readout, axis):
    along, lines, label = (1, "rows", "y / pixel") if abs(readout.fastaxis) == 1 else (0, "columns", "x / pixel")
    profiles = {name: interquartile_profile(error, truth.background, along) for name, error in errors.items()}
    curves = {name: (np.arange(1, len(values) + 1), values) for name, values in profiles.items()}
    draw_lines(axis, curves, label, "interquartile mean of errors / e⁻", f"background: {lines}, which are read in turn")


def _draw_histogram(errors, truth, axis):
    samples = {name: error[truth.background] for name, error in errors.items()}
    span = 5 * float(np.median(truth.err[truth.background]))
    draw_histogram(axis, samples, np.linspace(-span, span, 81), "error of a pixel / e⁻", "background: pixels")


def _draw_noise(errors, truth, axis):
    scales = {name: measure_noise(error, truth.background) for name, error in errors.items()}
    curves = {name: np.array(sorted((one.pixels, one.scatter) for one in each)).T for name, each in scales.items()}
    draw_lines(axis, curves, "area / pixels", "error of the mean / e⁻", "background: mean over an area", **LOG)


def _draw_spectra(errors, truth, readout, axis):
    good = readout.to_streams(truth.background).reshape(readout.outputs, -1)
    streams = {name: readout.to_streams(error).reshape(good.shape) for name, error in errors.items()}
    curves = {name: power_spectrum(stream, good, readout.pixel_time) for name, stream in streams.items()}
    draw_lines(axis, curves, "frequency / Hz", "power / (e⁻)² Hz⁻¹", "background: order of readout", **LOG)
