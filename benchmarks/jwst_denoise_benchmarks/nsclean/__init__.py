"""Benchmark of the step ``nsclean``: correlated noise, beside the methods of jwst."""
