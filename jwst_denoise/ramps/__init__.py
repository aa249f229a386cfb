"""Ramps as arrays: slopes and their noise, co-addition."""
