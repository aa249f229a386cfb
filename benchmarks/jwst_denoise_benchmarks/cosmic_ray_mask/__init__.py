"""The benchmark of cosmic-ray masks and inpainting.

Scenes and exposures have seeds from 9000 on, which nothing was trained, calibrated or tuned on.
"""
