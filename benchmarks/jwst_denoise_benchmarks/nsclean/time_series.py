"""Time series of a star that covers most of its subarray: what the methods leave of the noise and keep of a transit."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from jwst_denoise import NSCleanStep, simulate
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.core.inputs import quiet, seeded
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.nsclean import reference_methods, scenes

__all__ = [
    "CASES", "Case", "Series", "compare", "draw_bots", "draw_grism", "draw_soss", "measure", "summary_rows",
    "time_series",
]  # fmt: skip

GROUPS = 5
DEPTHS = {"none": 0.0, "small": 1e-4, "white": 1e-2, "chromatic": 1e-2}
CHROMATIC = 0.1  # relative change of the depth with wavelength
DARK = 2e-3  # pixels with less than this fraction of the star's brightest pixel give the local background
ENOUGH_KEPT = 0.98  # of the depth, for a method to count
STEP = "nsclean, time series"
DRAWN = {"no correction": COLORS["fit"], "jwst, median": COLORS["reference"], STEP: COLORS["jwst_denoise"]}
RATIOS = {
    "left": ("Correlated noise left", 0.92),
    "channels": ("Scatter of the channels", 1.005),
    "white": ("Scatter of the white light curve", 1.005),
}
BINS = 64  # of the drawn spectrum


@dataclass(frozen=True)
class Case:
    """A star in a subarray.

    Parameters
    ----------
    scene, detector, subarray, pattern : str
        As for `jwst_denoise.simulate.time_series`.
    half_width : int
        Rows of the extraction box on either side of the trace.
    brightness : float
        Factor on the flux, so that the brightest pixel collects about 12 000 e- in an integration.
    outputs : int
        Outputs that read the subarray.
    local_background : bool
        Whether there are dark pixels for the background of a column.
    """

    scene: str
    detector: str
    subarray: str
    pattern: str
    half_width: int
    brightness: float
    outputs: int = 1
    local_background: bool = True


#: Name -> case.
CASES = {
    "SOSS SUBSTRIP256": Case("soss", "NIS", "SUBSTRIP256", "NISRAPID", 12, 1.0),
    "SOSS SUBSTRIP96": Case("soss", "NIS", "SUBSTRIP96", "NISRAPID", 12, 2.0, local_background=False),
    "BOTS SUB512": Case("bots", "NRS1", "SUB512", "NRSRAPID", 4, 5.0),
    "NIRCam grism, 4 outputs": Case("nircam_grism", "NRCALONG", "SUBGRISM64", "RAPID", 4, 5.0, 4),
    "NIRCam grism, 1 output": Case("nircam_grism", "NRCALONG", "SUBGRISM64", "RAPID", 4, 1.0),
}


class Series:
    """Simulated rates of a time series, whose noise does not depend on the transit.

    Parameters
    ----------
    case : Case
        Star and subarray.
    count, seed : int
        Integrations, and seed of scene and noise.
    """

    def __init__(self, case, count, seed):
        self.case = case
        detector = simulate.detector(case.detector)
        kinds = {"white": 0.0, "chromatic": CHROMATIC}
        drawn = {
            kind: simulate.time_series(
                case.scene, detector, count, seeded(70, seed), depth=DEPTHS[kind], chromatic=chromatic,
                subarray_name=case.subarray, outputs=case.outputs, brightness=case.brightness,
            )
            for kind, chromatic in kinds.items()
        }  # fmt: skip
        series, observation = drawn["white"]
        self.truth = drawn["chromatic"][0]
        self.out = series.occultation == 0
        self.inside = series.occultation > 0.5 * series.occultation.max()
        model = scenes.template(series.constant[0], detector, observation, case.pattern, GROUPS, cube=True)
        seconds = (GROUPS - 1) * model.meta.exposure.group_time
        self.model = model
        self.unit = detector.gain * seconds  # e- in an integration for 1 DN/s
        self.readout = Readout.from_model(model)
        rng = seeded(71, seed)
        self.correlated, white = scenes.rate_noise(model, detector, rng, count)
        photon = rng.standard_normal(white.shape, dtype=np.float32) * np.sqrt(model.var_poisson)
        good = ~self.readout.reference_pixels
        self.noise = (self.correlated + white + photon) * good
        self._star = series.constant / detector.gain
        self._loss = {kind: (s.constant - s.rate) / detector.gain for kind, (s, _) in drawn.items()}
        rows = np.arange(self.readout.shape[0])[:, None]
        self.box = (np.abs(rows - series.rows[0]) <= case.half_width) & good
        sky = (series.constant[0].sum(axis=0) - series.flux.sum(axis=0)) / np.maximum(good.sum(axis=0), 1)
        self.sky = np.maximum(sky, 0).astype(np.float32) / detector.gain
        star = self._star[0] - self.sky
        self.dark = (star < DARK * star.max()) & good if case.local_background else np.zeros_like(good)
        self.err = np.sqrt(model.var_rnoise[0] + model.var_poisson[0])

    def data(self, kind):
        """Rates (nints, ny, nx) with one of the transits in `DEPTHS`, DN/s."""
        loss = {"none": 0, "small": 0.01 * self._loss["white"]}.get(kind, self._loss.get(kind))
        return (self._star - loss + self.noise).astype(np.float32)

    def product(self, data):
        """Rateints product with these rates."""
        model = self.model.copy()
        scenes.repeat_integrations(model, len(data))
        model.data = data
        return model

    def extract(self, data):
        """Sums over the box of every column without the local background (nints, nx), DN/s."""
        dark = self.dark.sum(axis=0)
        background = np.divide(data.sum(axis=1, where=self.dark, dtype=float), dark, where=dark > 0, out=np.zeros(
            (len(data), data.shape[-1])
        ))  # fmt: skip
        return data.sum(axis=1, where=self.box, dtype=float) - background * self.box.sum(axis=0)

    @cached_property
    def expected(self):
        """Photon noise and read noise of `extract` (nx,)."""
        dark, box = self.dark.sum(axis=0), self.box.sum(axis=0)
        error = np.sum(self.err**2, axis=0, where=self.box)
        background = (
            np.sum(self.err**2, axis=0, where=self.dark) * np.divide(box, dark, where=dark > 0, out=0.0 * box) ** 2
        )
        return np.sqrt(error + background)

    @cached_property
    def flux(self):
        """Star in the box without transit (nx,)."""
        return np.sum(self._star[0] - self.sky, axis=0, where=self.box)

    def light_curve(self, data):
        """White light curve of the box, 1 out of transit."""
        curve = self.extract(data).sum(axis=1)
        return curve / np.median(curve[self.out])

    def depth(self, spectra):
        """Depth out of spectra (nints, nx), relative to the star without noise."""
        return spectra[self.out].mean(axis=0) - spectra[self.inside].mean(axis=0)


def _nsclean(series, data, scene):
    with quiet():
        return NSCleanStep.call(series.product(data), scene=scene, configure_log=False).data


def _jwst(series, data, **options):
    curve = series.light_curve(data)
    return reference_methods.time_series_step(series.product(data), curve, series.sky, **options).data


def _scaled_template(series, data, mask_core):
    """Scale-achromatic correction of exoTEDRF (Radica 2024, JOSS 9, 6898): medians of the residual in every line."""
    star = data - series.sky
    residual = star - np.median(star[series.out], axis=0) * series.light_curve(data)[:, None, None]
    residual = np.where(series.box & mask_core, np.nan, residual)
    detector = series.readout.to_detector(residual)
    noise = np.zeros_like(detector)
    width = detector.shape[-1] // series.readout.outputs
    for start in range(0, detector.shape[-1], width):
        for parity in (0, 1):
            part = np.s_[..., start + parity : start + width : 2]
            with quiet():
                noise[part] = np.nan_to_num(np.nanmedian(detector[part], axis=-1, keepdims=True))
    return data - series.readout.from_detector(noise)


#: Name -> function of the series and the rates that returns cleaned rates.
METHODS = {
    "no correction": lambda series, data: data,
    "nsclean, dark mask": partial(_nsclean, scene="mask"),
    "jwst, median": partial(_jwst, background_method="median"),
    "jwst, model": partial(_jwst, background_method="model"),
    "jwst, none": partial(_jwst, background_method=None),
    "jwst, median_image": partial(_jwst, background_method="median_image"),
    "jwst, median_image, all pixels": partial(_jwst, background_method="median_image", n_sigma=0),
    "exoTEDRF, core masked": partial(_scaled_template, mask_core=True),
    "exoTEDRF, all pixels": partial(_scaled_template, mask_core=False),
    STEP: partial(_nsclean, scene="time_series"),
}


def compare(series, methods=METHODS):
    """Clean a series with every transit by several methods.

    Parameters
    ----------
    series : Series
        Simulated time series.
    methods : dict
        Name -> function of the series and its rates; the first corrects nothing.

    Returns
    -------
    dict
        Method -> results of `measure`.
    """
    spectra, left = {}, {}
    for kind in DEPTHS:
        data = series.data(kind)
        for name, method in methods.items():
            cleaned = method(series, data.copy())
            spectra.setdefault(name, {})[kind] = series.extract(cleaned)
            if kind == "none":
                residual = series.correlated - (data - cleaned)
                residual -= residual.mean(axis=0)
                left[name] = float(residual[:, series.box].std(dtype=float) * series.unit)
    first = next(iter(spectra.values()))
    return {name: {"left": left[name], **measure(series, one, first)} for name, one in spectra.items()}


def measure(series, spectra, uncorrected):
    """Scatter, and what is kept of the transits.

    Parameters
    ----------
    series : Series
        Simulated time series.
    spectra, uncorrected : dict
        Key of `DEPTHS` -> extracted spectra (nints, nx), with and without correction.

    Returns
    -------
    dict
        ``channels``: median scatter over photon and read noise; ``white`` and ``curve``: scatter in ppm, and white
        light curve, without transit;
        ``kept``: fraction of the dependence of the depth on wavelength; ``bias`` and ``small_bias``: ppm.
    """
    total = series.flux.sum()
    bright = series.flux > 0
    channels = np.median(spectra["none"].std(axis=0, ddof=1)[bright] / series.expected[bright])
    curve = spectra["none"].sum(axis=1) / total
    signal, kept = (series.depth(s["chromatic"] - s["white"]) for s in (uncorrected, spectra))
    bias = {
        kind: series.depth(np.sum(difference[kind] - difference["none"], axis=1)) / total
        for kind in ("white", "small")
        for difference in [{key: spectra[key] - uncorrected[key] for key in (kind, "none")}]
    }
    return {
        "channels": float(channels), "white": float(1e6 * curve.std(ddof=1)), "curve": curve,
        "kept": float(kept @ signal / (signal @ signal)),
        "bias": float(1e6 * bias["white"]), "small_bias": float(1e6 * bias["small"]),
    }  # fmt: skip


def time_series(quick):
    """Rows: every method on every case, and the comparison with the best."""
    names = ("SOSS SUBSTRIP96", "BOTS SUB512") if quick else CASES
    for seed, name in enumerate(names):
        yield from summary_rows(name, compare(Series(CASES[name], 12 if quick else 40, seed)), quick)


def summary_rows(name, runs, quick=False):
    """Rows of one case; ``runs``: method -> results of `compare`."""
    for method, run in runs.items():
        yield Row(
            f"{name}: noise and transit", method,
            {
                "noise left (e-)": run["left"], "channels / photon noise": run["channels"],
                "white light curve (ppm)": run["white"], "chromatic depth kept": run["kept"],
            },
            form=".3f", metrics=run,
        )  # fmt: skip
    for method, run in runs.items():
        columns = {"1 %": run["bias"], "100 ppm": run["small_bias"]}
        yield Row(
            f"{name}: bias of the depth in the white light curve, paired", method, columns, unit="ppm", form="+.2f"
        )
    step = runs[STEP]
    fair = [run for method, run in runs.items() if run["kept"] >= ENOUGH_KEPT and method != STEP]
    for key, (title, limit) in RATIOS.items():
        best = min(fair, key=lambda run: run[key])
        ratio = step[key] / best[key]
        value = (ratio, _ratio_error(step["curve"], best["curve"])) if key == "white" else ratio
        yield _row(f"{title} over that of the best other method", name, value, f"≤ {limit}", ratio <= limit, quick)
    passed = abs(step["kept"] - 1) <= 0.01
    yield _row("Dependence of the depth on wavelength that is kept", name, step["kept"], "1 ± 0.01", passed, quick)
    bias = max(abs(step["bias"]), abs(step["small_bias"]))
    yield _row("Largest bias of the depth in the white light curve, ppm", name, bias, "< 10", bias < 10, quick)


def _ratio_error(curve, other):
    """Standard error (jackknife) of the ratio of the scatter of two light curves with common noise."""
    count = len(curve)
    one_less = [np.delete(curve, i).std() / np.delete(other, i).std() for i in range(count)]
    return float(np.sqrt(count - 1) * np.std(one_less))


def _row(quantity, name, value, target, passed, quick):
    return Row(quantity, name, {"nsclean": value}, form=".3f", target=target, passed=None if quick else bool(passed))


def draw_soss(path, quick):
    """Draw light curves and the depth spectrum of SOSS."""
    _draw("SOSS SUBSTRIP96" if quick else "SOSS SUBSTRIP256", path, 12 if quick else 60)


def draw_bots(path, quick):
    """Draw light curves and the depth spectrum of BOTS."""
    _draw("BOTS SUB512", path, 12 if quick else 120)


def draw_grism(path, quick):
    """Draw light curves and the depth spectrum of a NIRCam grism."""
    _draw("NIRCam grism, 4 outputs", path, 12 if quick else 60)


def _draw(name, path, count):
    """White light curve and depth by wavelength in transit, and scatter of binned white light without transit."""
    series = Series(CASES[name], count, 50)
    total, width = series.flux.sum(), series.readout.shape[1] // BINS
    figure, (curves, depths, scatter) = new_figure((11, 3.4), 1, 3)
    truth = _binned(series.truth.depth[0] * series.flux, width) / _binned(series.flux, width)
    bright = _binned(series.flux, width) > 0.02 * _binned(series.flux, width).max()
    wavelength = _binned(series.truth.wavelength[0], width)[bright] / width
    for offset, (label, color) in enumerate(DRAWN.items()):
        chromatic, none = (series.extract(METHODS[label](series, series.data(kind))) for kind in ("chromatic", "none"))
        white = chromatic.sum(axis=1)
        white = white / np.median(white[series.out]) - 0.004 * offset
        curves.plot(np.arange(count), white, ".", color=color, ms=4, label=label)
        bins = _binned(chromatic, width)
        depth = 1 - bins[series.inside].mean(axis=0) / bins[series.out].mean(axis=0)
        depths.plot(wavelength, 1e6 * depth[bright], ".", color=color, ms=4)
        curve = none.sum(axis=1) / total
        sizes = np.unique(np.geomspace(1, count // 6, 8).astype(int))
        scatter.loglog(
            sizes, [1e6 * _binned(curve[: count // n * n], n).std(ddof=1) / n for n in sizes], "o-", color=color
        )
    order = np.argsort(wavelength)
    depths.plot(wavelength[order], 1e6 * truth[bright][order], "-", color=COLORS["truth"], lw=1, label="truth")
    photon = 1e6 * np.sqrt(np.sum(series.expected**2)) / total
    scatter.loglog(sizes, photon / np.sqrt(sizes), "--", color=COLORS["theory"], label="photon and read noise")
    curves.set(
        ylim=(0.972, 1.003),
        title=f"{name}, {count} integrations",
        xlabel="integration",
        ylabel="relative flux, offset by 0.004",
    )
    depths.set(title=f"depth in bins of {width} columns", xlabel="wavelength (µm)", ylabel="ppm")
    scatter.set(
        title="white light curve without transit", xlabel="integrations in a bin", ylabel="standard deviation (ppm)"
    )
    for axis in (curves, depths, scatter):
        axis.legend(fontsize=7)
    save_figure(figure, path, dpi=90)


def _binned(values, size):
    """Sums over ``size`` neighbors along the last axis."""
    return values.reshape(*values.shape[:-1], -1, size).sum(axis=-1)
