# SPDX-License-Identifier: MIT
"""The former name of watchfloor.py."""
from watchfloor import *  # noqa: F401, F403
from watchfloor import wait_for as wait_until


def wait_for(look, what, deadline=60.0):
    return wait_until(look, what, deadline)
