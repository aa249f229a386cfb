"""Generators of training data: arrays in, arrays out, and every one takes a `numpy.random.Generator`.

They are simpler and faster than `jwst_denoise.simulate.simulate_exposure`, against which the tests check them:

- `scenes`: noiseless scenes from which stamps and blocks of lines are cut;
- `images`: noisy exposures of a scene, for the image denoisers;
- `cosmic_ray_images`: images with cosmic rays, for the masks and for inpainting;
- `ramps`: short integrations with cosmic rays, for the masks of group differences;
- `slopes`: slope images of blocks of detector lines, for the ramp denoiser;
- `h4rg_ramps`: whole ramps of an echelle spectrograph, for the network of Payeur et al.;
- `defects`: noisy, cut and missing pixels, for all of them.
"""
