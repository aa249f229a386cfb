"""Rows of the benchmark ``nsclean``."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["DEFAULTS", "GROUPS"]

#: The groups, in the order of the table.
GROUPS = (
    Group("definition", "nsclean.accuracy.definition", "dense definition"),
    Group("subarray", "nsclean.speed.subarray", "one BOTS integration, with NSCleanSubarray"),
    Group("allslits", "nsclean.speed.allslits", "ALLSLITS"),
    Group("series", "nsclean.series.long_series", "1512 integrations"),
    Group("full-frame", "nsclean.speed.full_frame", "full frames, with jwst's methods"),
    Group("ifu", "nsclean.residuals.ifu", "correlated noise under IFU masks"),
    Group("errors", "nsclean.science.blank_sky", "pull of blank sky"),
    Group("sources", "nsclean.science.sources", "sources and background"),
    Group("transit", "nsclean.transit.transit", "transit of 100 ppm"),
    Group("guider", "nsclean.reads.guider", "FGS flight exposure"),
    Group("wfc3", "nsclean.reads.wfc3", "HST WFC3/IR reads"),
)
#: Tables that justify the constants of this package.
DEFAULTS = (
    Group("gap-ridge", "nsclean.defaults.gap_ridge", "ridge of gappy fits"),
    Group("bins", "nsclean.defaults.bins", "pixels in a time bin"),
    Group("tolerance", "nsclean.defaults.tolerance", "tolerance of the solver"),
    Group("few-pixels", "nsclean.defaults.few_pixels", "few dark pixels"),
    Group("dilation", "nsclean.defaults.dilation", "growth of sources in the mask"),
)
