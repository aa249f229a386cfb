"""All benchmarks and their groups of rows, and how the rows are kept: a JSON file and a page, group by group."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path

from jwst_denoise_benchmarks.core.measure import describe_machine
from jwst_denoise_benchmarks.core.pages import write_page
from jwst_denoise_benchmarks.core.rows import Row, write_json

__all__ = ["BENCHMARKS", "Benchmark", "Group", "measure_benchmark", "measure_groups", "select"]


@dataclass(frozen=True)
class Group:
    """Rows that are measured together.

    Parameters
    ----------
    name : str
        For ``--only``.
    function : str
        ``module.function`` of this package; called with ``quick`` it yields rows.
    description : str
        Heading on the page, and text of the progress bar.
    figures : dict, optional
        PNG file -> ``module.function`` of this package that draws it, called with the path and ``quick``.
    """

    name: str
    function: str
    description: str
    figures: dict = field(default_factory=dict)

    def rows(self, quick):
        """Measure."""
        module, _, function = self.function.rpartition(".")
        measure: Callable = getattr(import_module(f"jwst_denoise_benchmarks.{module}"), function)
        for row in measure(quick):
            yield replace(row, group=self.name)


@dataclass(frozen=True)
class Benchmark:
    """A benchmark.

    Parameters
    ----------
    name, title : str
        For the command line and for the page.
    help : str
        Help text of the command.
    main, studies : tuple of Group
        Groups of rows; studies compare settings of this package, such as constants or losses of the training.
    plotted : tuple of str
        Beginnings of the quantities in the plot on top of the page.
    packages : tuple of str
        Further packages whose versions matter.
    uses_models : bool
        Whether models can be loaded from another directory.
    """

    name: str
    title: str
    help: str
    main: tuple
    studies: tuple = ()
    plotted: tuple = ()
    packages: tuple = ("torch",)
    uses_models: bool = False

    @property
    def groups(self):
        """All groups, in the order of the page."""
        return (*self.main, *self.studies)


# fmt: off
CHAIN = Benchmark(
    "chain",
    "All steps together",
    """Measure all steps together: exposures through stages 1 and 2 in several configurations.

    The default pipeline, clean_flicker_noise, each step alone and all together, in several orders, on the same
    simulated exposures.
    """,
    (
        Group("short", "chain.imaging.short", "a short exposure of NIRCam, calibrated",
              {"chain_images.png": "chain.imaging.draw_images"}),
        Group("long", "chain.imaging.long", "a longer exposure of NIRCam, calibrated",
              {"chain_depth.png": "chain.imaging.draw_depth"}),
        Group("spectra", "chain.spectra.spectra", "a slit of NIRSpec, extracted",
              {"chain_spectra.png": "chain.spectra.draw_spectra"}),
    ),
    plotted=("Gain over the default pipeline, noise in apertures: NIRCam FULL, sky 0.02",
             "Gain over the default pipeline, error of columns"),
)
NSCLEAN = Benchmark(
    "nsclean",
    "Correlated noise",
    """Measure the step nsclean, beside clean_flicker_noise of jwst in the same run.

    The IFU masks and the HST exposure are read from the directory that JWST_DENOISE_DATA names; rows whose data are
    missing say so.
    """,
    (
        Group("definition", "nsclean.residuals.definition", "dense definition of the method"),
        Group("subarray", "nsclean.speed.subarray", "one BOTS integration, beside NSCleanSubarray"),
        Group("allslits", "nsclean.speed.allslits", "ALLSLITS"),
        Group("series", "nsclean.speed.long_series", "time series of 1512 integrations"),
        Group("full-frame", "nsclean.speed.full_frame", "full frames, beside jwst"),
        Group("ifu", "nsclean.residuals.ifu", "correlated noise under IFU masks",
              {"benchmark_nsclean.png": "nsclean.residuals.draw_residuals"}),
        Group("errors", "nsclean.science.background", "errors of the background"),
        Group("sources", "nsclean.science.sources", "sources and background"),
        Group("faint-stars", "nsclean.faint_stars.fields", "flux of faint stars, beside clean_flicker_noise"),
        Group("source-loss", "nsclean.faint_stars.losses", "predicted loss of faint stars"),
        Group("transit", "nsclean.science.transit", "transit of 100 ppm"),
        Group("time_series", "nsclean.time_series.time_series", "time series, beside other programs",
              {"time_series_soss.png": "nsclean.time_series.draw_soss",
               "time_series_bots.png": "nsclean.time_series.draw_bots",
               "time_series_grism.png": "nsclean.time_series.draw_grism"}),
        Group("guider", "nsclean.flight.guider", "FGS flight exposure"),
        Group("wfc3", "nsclean.flight.wfc3", "HST WFC3/IR reads"),
    ),
    (
        Group("gap-ridge", "nsclean.constants.gap_ridge", "ridge of fits with gaps"),
        Group("bins", "nsclean.constants.bins", "pixels in a time bin"),
        Group("tolerance", "nsclean.constants.tolerance", "tolerance of the solver"),
        Group("few-pixels", "nsclean.constants.few_pixels", "few dark pixels"),
        Group("dilation", "nsclean.constants.dilation", "dilation of sources in the mask"),
    ),
    plotted=("Residual of gp over that of the best jwst method", "Change by the step"),
    packages=(),
)
COSMIC_RAYS = Benchmark(
    "cosmic_rays",
    "Cosmic rays",
    """Measure masks of cosmic rays and inpainting, beside LACosmic and the jump step in the same run.

    Scenes and exposures are simulated with seeds that were not used for training or tuning. The reference methods need
    the extra "evaluate".
    """,
    (
        Group("detection", "cosmic_ray_mask.detection.detection", "cosmic rays detected, beside LACosmic",
              {"cosmic_rays_curves.png": "cosmic_ray_mask.figures.draw_curves",
               "cosmic_rays_stamps.png": "cosmic_ray_mask.figures.draw_stamps"}),
        Group("wide", "cosmic_ray_mask.detection.with_snowballs", "the same with snowballs and showers"),
        Group("ceiling", "cosmic_ray_mask.detection.ceilings", "theoretical limit of the detection"),
        Group("thresholds", "cosmic_ray_mask.detection.operating_points", "thresholds of the models"),
        Group("cores", "cosmic_ray_mask.cores.cores", "cores of stars"),
        Group("inpainting", "cosmic_ray_mask.filling.filling", "errors of filled pixels"),
        Group("photometry", "cosmic_ray_mask.filling.photometry", "flux of stars with filled pixels"),
        Group("speed", "cosmic_ray_mask.speed.masking_speed", "masks of full frames"),
        Group("gpu", "cosmic_ray_mask.speed.on_gpu", "masks on a GPU"),
        Group("inpainting-speed", "cosmic_ray_mask.speed.filling_speed", "inpainting of large images"),
        Group("tiles", "cosmic_ray_mask.speed.tiles", "tiles and the whole image"),
        Group("real", "cosmic_ray_mask.real.real", "a CCD frame and a NIRSpec slit"),
        Group("after-jump", "cosmic_ray_mask.after_jump.after_jump", "after calwebb_detector1"),
        Group("ramps", "cosmic_ray_mask.ramps.ramps", "ramps, beside the jump step"),
    ),
    plotted=("Pixels of cosmic rays detected, by the rate of false positives",),
    packages=("torch", "astroscrappy", "scikit-image"),
    uses_models=True,
)
RAMPS = Benchmark(
    "ramps",
    "Ramps",
    """Measure denoised ramps: NIRPS as in the paper, JWST beside ramp_fit and clean_flicker_noise in the same run.

    Ramps are simulated with scenes and seeds that were not used for training or tuning. Rows whose model is missing say
    so.
    """,
    (
        Group("noise", "papers.nirps.noise", "NIRPS: the simulated noise beside that of the paper",
              {"nirps_noise.png": "papers.nirps_figures.draw_noise"}),
        Group("images", "papers.nirps_images.images", "NIRPS: test images",
              {"ramps_nirps_images.png": "papers.nirps_figures.draw_images",
               "ramps_nirps_errors.png": "papers.nirps_figures.draw_histograms",
               "ramps_nirps_spectra.png": "papers.nirps_figures.draw_spectra"}),
        Group("realizations", "papers.nirps_images.realizations", "NIRPS: realizations of one scene"),
        Group("reads", "papers.nirps.reads", "NIRPS: error by the number of reads",
              {"ramps_nirps_reads.png": "papers.nirps_figures.draw_fall"}),
        Group("fabry-perot", "papers.nirps_images.fabry_perot", "NIRPS: a comb of lines",
              {"ramps_nirps_fabry_perot.png": "papers.nirps_figures.draw_comb"}),
        Group("faint", "ramps.faint.faint", "JWST: faint scenes, beside ramp_fit and clean_flicker_noise",
              {"ramps_jwst_images.png": "ramps.figures.draw_images",
               "ramps_jwst_errors.png": "ramps.figures.draw_errors"}),
        Group("sources", "ramps.sources.sources", "JWST: fluxes of sources",
              {"ramps_jwst_sources.png": "ramps.figures.draw_sources"}),
        Group("faint-flux", "images.faint_flux.ramps", "JWST: flux of faint stars, errors of sums"),
        Group("traces", "ramps.traces.traces", "JWST: extracted spectra",
              {"ramps_jwst_traces.png": "ramps.figures.draw_traces"}),
        Group("out-of-distribution", "ramps.out_of_distribution.out_of_distribution",
              "JWST: scenes unlike the training"),
        Group("speed", "ramps.speed.speed", "a full frame on the CPU"),
        Group("gpu", "ramps.speed.on_gpu", "a full frame on a GPU"),
    ),
    (Group("losses", "papers.studies.losses", "NIRPS: losses L2 to L6"),),
    plotted=("rms error over that of the best reference method",),
    uses_models=True,
)
IMAGES = Benchmark(
    "images",
    "Images",
    """Measure denoised images and stacks as in the papers, beside classical filters and co-addition in the same run.

    Scenes are simulated with seeds that were not used for training or tuning. The solar image is read from the
    directory that JWST_DENOISE_DATA names. Rows whose model is missing say so. Classical filters need the extra
    "evaluate".
    """,
    (
        Group("published", "papers.astro_unet.network_two", "Astro U-net: protocol of the paper, ratios 2 to 5",
              {"images_ratios.png": "papers.astro_unet.draw_ratios"}),
        Group("ratio-two", "papers.astro_unet.network_one", "Astro U-net of ratio 2: protocol of the paper"),
        Group("classical", "images.classical.filters_of_paper", "classical filters: protocol of the paper"),
        Group("truth", "images.truth.truth", "independent exposures and the noiseless truth",
              {"images_scenes.png": "images.truth.draw_scenes"}),
        Group("independent", "images.classical.filters_against_truth", "classical filters and the noiseless truth"),
        Group("stacked", "images.classical.stacks", "real stacks and the noiseless truth"),
        Group("fluxes", "images.sources.fluxes", "bias of fluxes"),
        Group("faint-flux", "images.faint_flux.images", "flux of faint stars, errors of sums"),
        Group("false-sources", "images.sources.false_sources", "false detections"),
        Group("residuals", "images.coverage.residuals", "removed noise"),
        Group("coverage", "images.coverage.coverage", "predicted errors",
              {"images_coverage.png": "images.coverage.draw_calibration"}),
        Group("out-of-distribution", "images.out_of_distribution.out_of_distribution",
              "scenes and noise unlike the training"),
        Group("depth", "images.stacks.depth", "stacks: magnitude limit beside co-addition",
              {"images_depth.png": "images.stacks.draw_completeness"}),
        Group("single", "images.stacks.single", "single images: magnitude limit"),
        Group("widths", "images.stacks.widths", "stacks: width and flux of stars"),
        Group("targets", "papers.noise2noise.targets", "Noise2Noise: noisy and clean targets",
              {"noise2noise_experiment.png": "papers.noise2noise.draw_experiment"}),
        Group("residual", "papers.noise2noise.residual", "Noise2Noise: removed noise"),
        Group("spectra", "papers.noise2noise.spectra", "Noise2Noise: power spectra",
              {"noise2noise_spectra.png": "papers.noise2noise.draw_spectra"}),
        Group("intervals", "papers.noise2noise.coverage", "Noise2Noise: predicted errors"),
        Group("solar", "papers.solar.solar", "Noise2Noise: solar image",
              {"noise2noise_solar.png": "papers.solar.draw_solar"}),
        Group("cubes", "papers.cubes.cubes", "Noise2Noise: cubes"),
        Group("speed", "images.speed.speed", "2048² on the CPU"),
        Group("gpu", "images.speed.on_gpu", "2048² on a GPU"),
    ),
    (Group("training", "papers.studies.experiments", "Astro U-net: losses, activations, inputs"),),
    plotted=("Stars recovered", "Gain of the magnitude limit over co-addition"),
    packages=("torch", "scikit-image"),
    uses_models=True,
)
BATCHES = Benchmark(
    "batches",
    "Batches and resources",
    """Measure batches (killed workers, interruptions, two workers beside a serial loop), memory and threads.

    Needs Dask, which is in the extra "batch".
    """,
    (
        Group("recovery", "batches.recovery.recovery", "a batch that is killed and interrupted"),
        Group("speed", "batches.speed.speed", "two workers beside a serial loop"),
        Group("memory", "batches.resources.memory", "memory from file to file"),
        Group("threads", "batches.resources.threads", "one and two threads"),
    ),
    plotted=("Peak memory from file to file", "Speed over that of a serial loop"),
    packages=("torch", "distributed"),
)
# fmt: on
#: In the order in which they are measured.
BENCHMARKS = (CHAIN, NSCLEAN, COSMIC_RAYS, RAMPS, IMAGES, BATCHES)


def select(names, items, kind="rows"):
    """Items with these names; all for no name.

    Parameters
    ----------
    names : iterable of str
        Names.
    items : iterable
        Groups or benchmarks.
    kind : str, optional
        What is selected, for the message.

    Raises
    ------
    ValueError
        If there is no such item.
    """
    known = {item.name: item for item in items}
    for name in names:
        if name not in known:
            raise ValueError(f"no {kind} {name!r}; known: {', '.join(known)}")
    return [known[name] for name in names] or list(items)


def measure_groups(groups, quick, report_progress=lambda group: None):
    """Measure groups one after another.

    Parameters
    ----------
    groups : iterable of Group
        Groups.
    quick : bool
        Small cases, which are not compared with the targets.
    report_progress : callable, optional
        Called with each group before it is measured.

    Returns
    -------
    list of Row
    """
    rows = []
    for group in groups:
        report_progress(group)
        rows += group.rows(quick)
    return rows


def measure_benchmark(benchmark, folder, quick, resume=False, report_progress=lambda group: None):
    """Measure a benchmark, and write its file and page after every group.

    Parameters
    ----------
    benchmark : Benchmark
        Benchmark.
    folder : path-like
        Directory of ``<name>.json``, ``<name>.rst`` and ``<name>.png``; made if it does not exist.
    quick : bool
        Small cases, which are not compared with the targets.
    resume : bool, optional
        Keep the groups in an existing file that were measured on this machine with the same versions.
    report_progress : callable, optional
        Called with each group before it is measured or kept.

    Returns
    -------
    list of Row
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{benchmark.name}.json"
    command = f"jwst-denoise benchmark all --only {benchmark.name}{' --quick' * quick}"
    content = {"machine": describe_machine(benchmark.packages), "command": command, "groups": {}}
    if resume:
        content["groups"] = _kept_groups(path, content)
    for group in benchmark.groups:
        report_progress(group)
        if group.name not in content["groups"]:
            content["groups"][group.name] = [asdict(row) for row in group.rows(quick)]
            write_json(path, content)
            write_page(path.with_suffix(".rst"), benchmark, content)
    return [Row(**row) for rows in content["groups"].values() for row in rows]


def _kept_groups(path, content):
    """Groups of an earlier run of the same command on the same machine."""
    if not path.exists():
        return {}
    earlier = json.loads(path.read_text(encoding="utf-8"))
    same = all(_without_load(earlier.get(key)) == _without_load(content[key]) for key in ("machine", "command"))
    return earlier["groups"] if same else {}


def _without_load(value):
    return {k: v for k, v in value.items() if k != "load"} if isinstance(value, dict) else value
