"""Facts about the detectors: parameters, subarrays, read patterns and noise spectra."""
