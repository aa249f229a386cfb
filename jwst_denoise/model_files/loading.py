"""Models from files: by name or path, checked, on a device."""

import difflib
import os
from pathlib import Path

from jwst_denoise.model_files.container import digest, read_content
from jwst_denoise.model_files.info import read_only
from jwst_denoise.model_files.model import Model

__all__ = ["load", "locate", "path_of", "read_info", "restore", "select_device", "shipped", "verify"]

_DATA = Path(__file__).parent / "data"
_FEW = 3


def load(name_or_path, device="auto"):
    """Load a model.

    Every call returns a new network; the file is read again only if it has changed.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or the path of a model file.
    device : str
        ``auto`` (the fastest available), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Returns
    -------
    Model

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If no such model is shipped, the file is not a valid model file, or the device is not available.
    """
    device = select_device(device)
    path = locate(name_or_path)
    content = read_content(path)
    _check_digest(path, content)
    network = restore(content.info.architecture, content.weights, path)
    return Model(network.to(device), _public(content), device)


def read_info(name_or_path):
    """Information of a model, without its network.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or the path of a model file.

    Returns
    -------
    ReadOnly
        As ``Model.info``.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load`.
    """
    path = locate(name_or_path)
    content = read_content(path)
    _check_digest(path, content)
    return _public(content)


def verify(name_or_path):
    """Check a model file.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or the path of a model file.

    Returns
    -------
    list of str
        Problems, each with the name of the file; empty if the model can be used.
    """
    try:
        path = locate(name_or_path)
        content = read_content(path)
    except (ValueError, OSError) as error:
        return [str(error)]
    problems = _message_of(_check_digest, path, content)
    return problems + _message_of(restore, content.info.architecture, content.weights, path)


def shipped():
    """Names of the shipped models, sorted.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted(file.stem for file in _DATA.glob("*.asdf")))


def path_of(name):
    """Path of a shipped model file.

    Parameters
    ----------
    name : str
        One of `shipped`, with or without ``.asdf``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If there is no such model; the message lists the closest name and all names.
    """
    stem = str(name).removesuffix(".asdf")
    if stem not in shipped():
        close = difflib.get_close_matches(stem, shipped(), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        names = f"shipped: {', '.join(shipped()) or 'none'}"
        raise ValueError(f"no shipped model {stem!r}{hint} ({names}; or give the path of an .asdf file)")
    return _DATA / f"{stem}.asdf"


def locate(name_or_path):
    """Path of a shipped model or of another model file; names of shipped models have priority.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or a path.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If it looks like a path and there is no such file.
    ValueError
        If it looks like a name and no such model is shipped, or if it is a directory.
    """
    text = os.fspath(name_or_path)
    path = Path(text)
    if text in shipped():
        return path_of(text)
    if path.is_dir():
        command = f"jwst-denoise models pack {path} NAME.asdf"
        raise ValueError(f"{path} is a directory; if it is that of a training, run {command}")
    if path.exists():
        return path
    if path.suffix == ".asdf" or len(path.parts) > 1 or not isinstance(name_or_path, str):
        raise FileNotFoundError(f"no model file {path}")
    return path_of(text)


def available_devices():
    """Devices of this machine, the fastest first.

    Returns
    -------
    list of str
        ``cuda:0`` …, ``mps``, ``cpu``.
    """
    import torch

    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [*cuda, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def select_device(device="auto"):
    """Device by name.

    Parameters
    ----------
    device : str or torch.device
        ``auto`` (the fastest available), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If the machine has no such device; the message lists those that it has.
    """
    import torch

    available = available_devices()
    name = {"auto": available[0], "cuda": "cuda:0"}.get(str(device), str(device))
    if name not in available:
        names = f"this machine has {', '.join(available)}; 'auto' selects the fastest"
        raise ValueError(f"device={str(device)!r} is not available; {names}")
    return torch.device(name)


def restore(architecture, arrays, source):
    """Network with its weights; the state of torch's random generator is unchanged.

    Parameters
    ----------
    architecture : mapping
        Description for `jwst_denoise.networks.build`.
    arrays : mapping of str to ndarray
        Weights by name.
    source : object
        Origin of the weights, for messages.

    Returns
    -------
    torch.nn.Module
        On the CPU, in evaluation mode.

    Raises
    ------
    ValueError
        If the architecture is unknown or impossible, or the weights do not match it.
    """
    import torch

    from jwst_denoise.networks import build

    with torch.random.fork_rng(devices=[]):
        try:
            network = build(dict(architecture))
        except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
            raise ValueError(f"{source}: architecture: {error}") from error
    if problems := _problems(network, arrays):
        raise ValueError(f"{source}: the weights do not match {dict(architecture)}: {'; '.join(problems)}")
    network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return network.eval()


def _check_digest(path, content):
    actual = digest(content.info, content.weights)
    if actual != content.sha256:
        digests = f"SHA-256 is {actual}, not {content.sha256}"
        raise ValueError(f"{path} was changed after it was written ({digests}); download it again")


def _message_of(check, *args):
    """Message of the error that a check raises, in a list; empty if it raises none."""
    try:
        check(*args)
    except ValueError as error:
        return [str(error)]
    return []


def _public(content):
    """Information as users see it."""
    return read_only({"family": content.info.family, **content.info.as_dict(), "sha256": content.sha256})


def _problems(network, weights):
    """Lists of missing, unknown and wrongly shaped weights, one line each."""
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    missing = [name for name in expected if name not in weights]
    unknown = [name for name in weights if name not in expected]
    shapes = [
        f"{name} {weights[name].shape} instead of {shape}"
        for name, shape in expected.items()
        if name in weights and weights[name].shape != shape
    ]
    kinds = {"missing": missing, "unknown": unknown, "wrong shape": shapes}
    return [f"{kind}: {_first(names)}" for kind, names in kinds.items() if names]


def _first(names):
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
