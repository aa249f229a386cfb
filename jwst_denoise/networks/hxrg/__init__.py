"""The recurrent network of Payeur et al. (2022) for H2RG and H4RG ramps."""
