"""Neural networks: building blocks and architectures.

This layer stands on torch, numpy, scipy and the array layer (`jwst_denoise.readout`, `jwst_denoise.nsclean`,
`jwst_denoise.masks`, `jwst_denoise.simulate`, `jwst_denoise.metrics`). It never imports jwst, stpipe, stdatamodels,
asdf or astropy, so that it works on training machines that have none of them.
"""
