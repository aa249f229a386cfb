"""The recurrent network of Payeur et al. (2022) for ramps of H2RG and H4RG detectors.

A *ribbon* is the set of all pixels that are read at the same moment: one pixel of every amplifier output and, appended
to it, the reference pixels of its line. A line of the detector is the sequence of its ribbons in the order of reading.
`ribbons` arranges reads in ribbons, `preprocess` corrects the reads, and `network` predicts the flux of a line from its
ribbons and those of its neighbors.

References
----------
Payeur et al. 2022, AJ, "Correlated Read Noise Reduction in Infrared Arrays Using Deep Learning".
"""
