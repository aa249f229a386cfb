"""Reproductions of the papers: NIRPS ramps, Astro U-net, and Noise2Noise."""
