"""The demonstration: the real pipeline on simulated exposures and on a flight exposure, without and with our steps."""

from jwst_denoise.demo.run import run_demo
from jwst_denoise.demo.scenarios import SCENARIOS, Scenario, choose_scenario

__all__ = ["SCENARIOS", "Scenario", "choose_scenario", "run_demo"]
