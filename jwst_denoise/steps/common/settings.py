"""Parameters in force for one exposure, as one frozen object for each step."""

from dataclasses import dataclass, fields

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters that all steps share; each step adds those of its ``spec``, which also holds their defaults.

    Parameters
    ----------
    skip : bool
        Return the input unchanged.
    save_noise : bool
        Also write the noise that was removed.
    save_qa : bool
        Also write a picture and a page of the result.
    """

    skip: bool
    save_noise: bool
    save_qa: bool

    @classmethod
    def from_values(cls, values):
        """Build from a mapping that may also hold other parameters, such as those of stpipe.

        Parameters
        ----------
        values : mapping
            Name → value, valid by the step's ``spec``.

        Returns
        -------
        Settings

        Raises
        ------
        ValueError
            If a value is impossible; the message names the parameter.
        """
        chosen = {field.name: values[field.name] for field in fields(cls)}
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in chosen.items()})

    def describe(self):
        """Parameters that change the data as one line of text, ``method='gp', n_sigma=2.0, …``.

        Returns
        -------
        str

        Examples
        --------
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Example(Settings):
        ...     method: str
        ...     user_mask: str | None = None
        >>> Example(skip=False, save_noise=True, save_qa=False, method="gp").describe()
        "method='gp'"
        """
        relevant = {
            name: value for name, value in vars(self).items() if name != "skip" and not name.startswith("save_")
        }
        return ", ".join(f"{name}={value!r}" for name, value in relevant.items() if value is not None)
