"""Training of the networks.

This layer stands on torch, numpy, scipy, `jwst_denoise.networks` and the array layer. It never imports jwst, stpipe,
stdatamodels, asdf or astropy, so that it works on training machines that have none of them.
"""
