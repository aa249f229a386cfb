"""The demonstration: real pipelines on simulated exposures and a flight exposure, without and with the steps."""

from jwst_denoise.demo.run import run_demo
from jwst_denoise.demo.scenarios import SCENARIOS, Scenario, choose_scenario

__all__ = ["SCENARIOS", "Scenario", "choose_scenario", "run_demo"]
