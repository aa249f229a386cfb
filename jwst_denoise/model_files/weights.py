"""Weights of a network as arrays, and the digest that identifies a model."""

import hashlib
import json

import numpy as np

__all__ = ["check", "digest", "of_network"]


def of_network(network):
    """Parameters and buffers of a network.

    Parameters
    ----------
    network : torch.nn.Module
        Is not changed.

    Returns
    -------
    dict of str to ndarray
        float32 for real numbers, int64 for counters.

    Raises
    ------
    ValueError
        If one is neither, or not finite.
    """
    tensors = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    return check({name: (t.float() if t.is_floating_point() else t).numpy() for name, t in tensors.items()})


def check(arrays):
    """The arrays as read-only copies, float32 or int64; what is neither, or not finite, is a ValueError."""
    return {name: _checked(name, array) for name, array in arrays.items()}


def digest(info, weights):
    """SHA-256 of all that a model's output follows from, whatever the layout of the file.

    Parameters
    ----------
    info : ModelInfo
        Of which architecture, thresholds and domain count.
    weights : mapping of str to ndarray
        By name.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    said = {"architecture": info.architecture, "thresholds": info.thresholds, "domain": info.domain.as_dict()}
    sha = hashlib.sha256(_canonical(said))
    for name in sorted(weights):
        array = np.asarray(weights[name])
        array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        sha.update(_canonical([name, array.dtype.str, list(array.shape)]))
        sha.update(array.tobytes())
    return sha.hexdigest()


def _checked(name, array):
    if array.dtype.kind not in "fi":
        raise ValueError(f"weight {name} is of type {array.dtype}; model files hold real numbers and integers")
    with np.errstate(over="ignore"):
        copy = np.array(array, dtype=np.float32 if array.dtype.kind == "f" else np.int64, order="C")
    if bad := np.count_nonzero(~np.isfinite(copy)):
        raise ValueError(f"weight {name} holds {bad} values that are not finite")
    copy.flags.writeable = False
    return copy


def _canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode() + b"\n"
