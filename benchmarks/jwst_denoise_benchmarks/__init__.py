"""Figures of accuracy and speed, beside other tools."""
