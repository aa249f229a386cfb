"""The benchmark of images: which rows there are."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["GROUPS", "STUDIES"]

#: The groups, in the order of the table.
GROUPS = (
    Group("published", "images.published.published", "Astro U-net: the paper's measures, ratios 2 to 5"),
    Group("ratio-two", "images.published.ratio_two", "Astro U-net of ratio 2: the paper's measures"),
    Group("classical", "images.classical.classical", "classical filters: the paper's measures"),
    Group("truth", "images.truth.truth", "independent exposures against the noiseless truth"),
    Group("independent", "images.classical.independent", "classical filters against the noiseless truth"),
    Group("stacked", "images.classical.stacked", "real stacks against the noiseless truth"),
    Group("fluxes", "images.fluxes.fluxes", "bias of fluxes"),
    Group("false-sources", "images.false_sources.false_sources", "false sources"),
    Group("residuals", "images.residuals.residuals", "what is removed"),
    Group("coverage", "images.coverage.coverage", "errors that are told"),
    Group("foreign", "images.foreign.foreign", "scenes and noise unlike training"),
    Group("depth", "images.depth.depth", "stacks: limit against co-addition"),
    Group("single", "images.depth.single", "single images: limit"),
    Group("widths", "images.widths.widths", "stacks: width and flux of stars"),
    Group("targets", "images.noise2noise.targets", "Noise2Noise: noisy against clean targets"),
    Group("residual", "images.noise2noise.residual", "Noise2Noise: what is removed"),
    Group("spectra", "images.noise2noise.spectra", "Noise2Noise: power spectra"),
    Group("intervals", "images.noise2noise.coverage", "Noise2Noise: errors that are told"),
    Group("solar", "images.solar.solar", "Noise2Noise: real solar image"),
    Group("cubes", "images.cubes.cubes", "Noise2Noise: cubes"),
    Group("speed", "images.speed.speed", "2048² on the CPU"),
    Group("gpu", "images.speed.on_gpu", "2048² on a GPU"),
)
#: Tables that justify choices of the training.
STUDIES = (Group("training", "images.studies.training", "losses, activations, inputs"),)
