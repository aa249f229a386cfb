"""Jobs that are measured in separate processes, in a module without imports that they do not need."""

__all__ = ["ramp_fit_job", "step_job"]


def step_job(path, model, threads, output):
    """Job: the step ``ramp_denoise`` from file to file on the CPU.

    Parameters
    ----------
    path : str
        Ramp.
    model : str
        Name or path of the model.
    threads : int
        Of torch.
    output : str
        Directory of the products.
    """
    import torch

    from jwst_denoise import RampDenoiseStep

    torch.set_num_threads(threads)
    options = {"configure_log": False, "save_results": True, "output_dir": output}
    return lambda: RampDenoiseStep.call(path, model=model, device="cpu", **options)


def ramp_fit_job(path, output):
    """Job: jwst's ``ramp_fit`` from file to file; see `step_job`."""
    from jwst.ramp_fitting import RampFitStep

    return lambda: RampFitStep.call(path, configure_log=False, save_results=True, output_dir=output)
