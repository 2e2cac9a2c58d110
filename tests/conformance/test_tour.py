"""The tour, as `make tour` runs it: every step of it is an acceptance test."""

import subprocess
from pathlib import Path

import pytest
from kits.serving import BIN

TOUR = Path(__file__).parents[2] / "demo" / "tour.py"


@pytest.mark.timeout(300)
def test_every_step_of_the_tour_is_ok():
    finished = subprocess.run([BIN / "python", TOUR], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "differs" not in finished.stdout
