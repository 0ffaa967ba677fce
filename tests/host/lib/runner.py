# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of one file: a line each, and the summary line that tests/run adds up."""
import importlib.util
import sys
import time
import unittest
from pathlib import Path


class Report(unittest.TestResult):
    """Counts, and prints a line per test when it ends."""

    def __init__(self):
        super().__init__()
        self.passed = self.failed = self.skipped_count = 0

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    @staticmethod
    def name_of(test):
        return f"{type(test).__name__}.{test._testMethodName}" if isinstance(test, unittest.TestCase) else str(test)

    def addSuccess(self, test):
        self.passed += 1
        print(f"ok   {self.name_of(test)} ({time.monotonic() - self._started:.1f} s)", flush=True)

    def addFailure(self, test, err):
        self.failed += 1
        print(f"FAIL {self.name_of(test)}\n{self._exc_info_to_string(err, test)}", flush=True)

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err:
            print(f"in {subtest._subDescription()}:")
            self.addFailure(test, err)

    def addSkip(self, test, reason):
        self.skipped_count += 1
        print(f"SKIP {self.name_of(test)}: {reason}", flush=True)


def _load(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # unittest looks there for setUpModule
    spec.loader.exec_module(module)
    return module


def _only(suite, names):
    """The tests whose name contains one of names."""
    chosen = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            chosen.addTest(_only(test, names))
        elif any(name in Report.name_of(test) for name in names):
            chosen.addTest(test)
    return chosen


def main(path, names):
    suite = unittest.defaultTestLoader.loadTestsFromModule(_load(path))
    report = Report()
    (_only(suite, names) if names else suite).run(report)
    print(f"{report.passed} passed, {report.failed} failed, {report.skipped_count} skipped", flush=True)
    return 1 if report.failed or not report.passed + report.skipped_count else 0
