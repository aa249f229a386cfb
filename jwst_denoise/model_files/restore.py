"""A network out of its description and its weights."""

__all__ = ["restore"]

_FEW = 3


def restore(architecture, arrays, source):
    """Network with its weights; the state of torch's random generator is left alone.

    Parameters
    ----------
    architecture : mapping
        What `jwst_denoise.networks.build` makes it of.
    arrays : mapping of str to ndarray
        Weights by name.
    source : object
        Where they come from, for messages.

    Returns
    -------
    torch.nn.Module
        On the CPU, in evaluation mode.

    Raises
    ------
    ValueError
        If there is no such architecture or the weights are not of it.
    """
    import torch

    from jwst_denoise.networks import build

    with torch.random.fork_rng(devices=[]):
        try:
            network = build(dict(architecture))
        except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
            raise ValueError(f"{source}: architecture: {error}") from error
    if problems := _problems(network, arrays):
        raise ValueError(f"{source}: the weights are not those of {dict(architecture)}: {'; '.join(problems)}")
    network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return network.eval()


def _problems(network, weights):
    """What is missing, unknown or wrongly shaped among weights, one line each."""
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    missing = [name for name in wanted if name not in weights]
    unknown = [name for name in weights if name not in wanted]
    shapes = [
        f"{name} {weights[name].shape} instead of {shape}"
        for name, shape in wanted.items()
        if name in weights and weights[name].shape != shape
    ]
    kinds = {"missing": missing, "unknown": unknown, "wrong shape": shapes}
    return [f"{kind}: {_some(names)}" for kind, names in kinds.items() if names]


def _some(names):
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
