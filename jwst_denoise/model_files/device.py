"""Where a network runs."""

__all__ = ["available", "choose"]


def available():
    """Devices of this machine, the fastest first.

    Returns
    -------
    list of str
        ``cuda:0`` …, ``mps``, ``cpu``.
    """
    import torch

    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [*cuda, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def choose(device="auto"):
    """Device by name.

    Parameters
    ----------
    device : str or torch.device
        ``auto`` (the fastest there is), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If the machine has no such device; the message says which it has.
    """
    import torch

    there = available()
    name = {"auto": there[0], "cuda": "cuda:0"}.get(str(device), str(device))
    if name not in there:
        raise ValueError(f"device={str(device)!r} is not there; this machine has {', '.join(there)} (or say 'auto')")
    return torch.device(name)
