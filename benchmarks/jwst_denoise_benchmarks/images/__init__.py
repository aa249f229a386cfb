"""The benchmark of denoised images: the measures of the papers, against noiseless truth and beside classical filters.

Scenes and exposures have seeds from 9000 on, which nothing was trained, calibrated or tuned on.
"""
