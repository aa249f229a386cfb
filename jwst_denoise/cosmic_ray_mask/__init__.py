"""Cosmic rays in images and ramps: masks, a veto for stars and lines, inpainting. Arrays in, arrays out.

Networks and model files load only when a function needs one.
"""
