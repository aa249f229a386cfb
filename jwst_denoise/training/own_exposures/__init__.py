"""Training on a user's own exposures.

`stacks` holds exposures of one field and aligns them; `truth` finds their cosmic rays, for masks and inpainting;
`repeated` brings them onto the same pixels and holds some out, for Noise2Noise; `datasets` cuts training stamps; `gain`
measures a denoiser on held-out exposures.
"""
