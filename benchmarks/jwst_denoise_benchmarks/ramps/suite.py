"""The benchmark of ramps: which rows there are."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["GROUPS", "STUDIES"]

#: The groups, in the order of the table.
GROUPS = (
    Group("noise", "ramps.noise.noise", "NIRPS: the simulated noise beside the paper's"),
    Group("images", "ramps.images.images", "NIRPS: test images"),
    Group("realizations", "ramps.images.realizations", "NIRPS: realizations of one scene"),
    Group("reads", "ramps.noise.reads", "NIRPS: noise against number of reads"),
    Group("fabry-perot", "ramps.images.fabry_perot", "NIRPS: a comb of lines"),
    Group("faint", "ramps.faint.faint", "JWST: faint scenes, with ramp_fit and clean_flicker_noise"),
    Group("sources", "ramps.sources.sources", "JWST: fluxes of sources"),
    Group("traces", "ramps.traces.traces", "JWST: extracted spectra"),
    Group("foreign", "ramps.foreign.foreign", "JWST: scenes unlike training"),
    Group("speed", "ramps.speed.speed", "a full frame on the CPU"),
    Group("gpu", "ramps.speed.on_gpu", "a full frame on a GPU"),
)
#: Tables that justify choices of the training.
STUDIES = (Group("losses", "ramps.studies.losses", "losses L2 to L6"),)
