"""The command line ``jwst-denoise``; the top layer, which may import every other one."""
