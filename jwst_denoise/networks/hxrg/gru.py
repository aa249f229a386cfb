"""Gated recurrent layers with any activation and with dropout inside the cell, which torch's own do not have."""

import torch
from torch import nn

__all__ = ["ACTIVATIONS", "GRU"]

#: Name -> what makes the candidate state.
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


class GRU(nn.Module):
    """One recurrent layer, (N, time, inputs) -> (N, time, units).

    Update gate z, reset gate r and candidate n of the state h, for an activation f:
    r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = f(W_n x + b + r ∘ (U_n h + c)), h ← (1 - z) ∘ n + z ∘ h, all with
    biases. That is `torch.nn.GRU`, and Keras' layer, for f = tanh.

    Parameters
    ----------
    inputs, units : int
        Sizes.
    activation : {"tanh", "relu"}
        f.
    backward : bool
        Run from the end to the beginning.
    dropout : float
        Rate at which inputs, and components of the state where it enters the gates, are dropped in training: for a
        whole sequence at a time, as Keras' ``dropout`` and ``recurrent_dropout`` do.

    References
    ----------
    Cho et al. 2014; Gal & Ghahramani 2016, for dropout.
    """

    def __init__(self, inputs, units, activation="tanh", backward=False, dropout=0.0):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation={activation!r} must be one of {', '.join(ACTIVATIONS)}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} must be at least 0 and less than 1")
        self.activation, self.backward_in_time, self.dropout = activation, backward, dropout
        self.cell = nn.GRU(inputs, units, batch_first=True)
        for name, values in self.cell.named_parameters():
            _initialize(name, values)

    def forward(self, x, state=None):
        """States after each step, in the order of the input; ``state`` (N, units) is that before the first."""
        x = x.flip(1) if self.backward_in_time else x
        if self.activation == "tanh" and not (self.training and self.dropout):
            result = self.cell(x, None if state is None else state[None])[0]
        else:
            result = self._run(x, state)
        return result.flip(1) if self.backward_in_time else result

    def _run(self, x, state):
        cell, activation = self.cell, ACTIVATIONS[self.activation]
        state = x.new_zeros(len(x), cell.hidden_size) if state is None else state
        entering = nn.functional.linear(x * self._kept(x[:, :1]), cell.weight_ih_l0, cell.bias_ih_l0)
        kept, weight, states = self._kept(state), cell.weight_hh_l0.t(), []
        for step in entering.unbind(1):
            of_input = step.chunk(3, dim=1)
            of_state = torch.addmm(cell.bias_hh_l0, state * kept, weight).chunk(3, dim=1)
            reset, update = (torch.sigmoid(a + b) for a, b in zip(of_input[:2], of_state[:2], strict=True))
            candidate = activation(torch.addcmul(of_input[2], reset, of_state[2]))
            state = torch.lerp(candidate, state, update)
            states.append(state)
        return torch.stack(states, dim=1)

    def _kept(self, like):
        """What dropout multiplies by; 1 outside training."""
        return nn.functional.dropout(torch.ones_like(like), self.dropout, self.training)


def _initialize(name, values):
    """As Keras does: uniform over (inputs + outputs), orthogonal for the states, no bias."""
    if name.startswith("bias"):
        nn.init.zeros_(values)
    elif name.startswith("weight_ih"):
        nn.init.xavier_uniform_(values)
    else:
        nn.init.orthogonal_(values)
