"""Cosmic rays in images and ramps: masks, protection of stars and lines, inpainting; arrays in, arrays out.

Networks and model files load only when a function needs one.
"""
