"""A trained network that knows what it is."""

from dataclasses import dataclass

from jwst_denoise.model_files.card import render
from jwst_denoise.model_files.domain import Domain
from jwst_denoise.model_files.values import ReadOnly

__all__ = ["Model"]


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A trained network with its information.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, on `device`.
    info : ReadOnly
        ``name``, ``family``, ``architecture``, ``domain``, ``provenance``, ``scores``, ``thresholds``, ``licence``,
        ``sha256`` and ``card``, the author's text.
    device : torch.device
        Where the network is.
    """

    network: object
    info: ReadOnly
    device: object

    def __repr__(self):
        """Name, device and digest."""
        return f"<Model {self.info['name']} on {self.device}, SHA-256 {self.info['sha256'][:12]}>"

    @property
    def card(self):
        """Model card in Markdown: the author's text and everything in `info`."""
        return render(self.info)

    def predict(self, *args, **kwargs):
        """Call the ``predict`` of the network, which says what it takes and gives."""
        return self.network.predict(*args, **kwargs)

    def threshold(self, fpr=0.0005):
        """The model's own operating point.

        Parameters
        ----------
        fpr : float
            False-positive rate at which it was measured.

        Returns
        -------
        float
            Probability.

        Raises
        ------
        ValueError
            If none was measured at that rate; the message says at which.
        """
        points = {float(rate): value for rate, value in self.info["thresholds"].items()}
        if fpr not in points:
            known = ", ".join(self.info["thresholds"]) or "none"
            raise ValueError(f"{self.info['name']} has no operating point at fpr={fpr!r}; it has: {known}")
        return points[fpr]

    def check_domain(self, **facts):
        """Why an exposure is outside of what the model was made and measured for.

        Parameters
        ----------
        **facts
            What is known of it: ``instrument``, ``kind`` (``image``, ``spectrum``), ``level`` (``rate`` …), ``filter``,
            ``exposure_time`` (s), ``n_groups``, and the others of `Domain`; None if not known.

        Returns
        -------
        list of str
            Reasons; empty inside the domain.

        Raises
        ------
        ValueError
            If there is no such fact.
        """
        return Domain.from_mapping(self.info["domain"]).reasons(**facts)

    def require(self, **facts):
        """Refuse an exposure outside of the domain.

        Parameters
        ----------
        **facts
            As for `check_domain`.

        Raises
        ------
        ValueError
            With all reasons.
        """
        if reasons := self.check_domain(**facts):
            said = self.info["domain"]["description"]
            raise ValueError(f"{self.info['name']} is not made for this: {'; '.join(reasons)} (made for: {said})")
