"""Rows, tables, pages, plots, time and memory, and the catalog of all benchmarks."""
