# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true, with a deadline that only a failure reaches."""
import select
import time

DEADLINE = 60


def until(condition, what, seconds=DEADLINE):
    """Asks until condition() is true and returns its value. what says in the failure what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what() if callable(what) else what}")
        select.select([], [], [], 0.01)
