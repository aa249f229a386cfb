"""The demonstration: the real pipeline on a simulated and on a flight exposure, without and with our step."""

from jwst_denoise.demo.run import run
from jwst_denoise.demo.scenarios import SCENARIOS, Scenario, choose

__all__ = ["SCENARIOS", "Scenario", "choose", "run"]
