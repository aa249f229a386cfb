"""The benchmark of denoised ramps: simulated NIRPS ramps as in the paper, and JWST ramps beside ``ramp_fit``.

Scenes and exposures have seeds from 9000 on, which nothing was trained, calibrated or tuned on.
"""
