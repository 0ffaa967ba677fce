# SPDX-License-Identifier: Apache-2.0
"""The test case that all host tests are: a folder, clients and pgmoat instances that end with the test."""
import itertools
import shutil
import unittest

from . import packets, sandbox
from .net import Client, hang_up
from .pgmoat import Pgmoat
from .wait import until

_folders = itertools.count()


class HostCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = sandbox.SCRATCH / f"t{next(_folders)}"
        self.folder.mkdir(mode=0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def client(self, number=1, **kwargs):
        client = Client(number, **kwargs)
        self.addCleanup(client.close)
        return client

    def pgmoat(self, sections=None, start=True):
        pgmoat = Pgmoat(self.folder, sections)
        self.addCleanup(pgmoat.close)
        if start:
            pgmoat.start()
        return pgmoat

    def assert_command(self, result, code, *parts):
        """The command ended with code and said all of parts, on whichever stream."""
        self.assertEqual(result.code, code, str(result))
        for part in parts:
            self.assertIn(part, result.out + result.err, str(result))

    def assert_lets_in(self, pgmoat, client, family=4, port=5432, verdict="allowed_list"):
        """The client connects, and its SYN was counted as verdict."""
        before = pgmoat.metrics()[verdict]
        hang_up(client.connect(family, port))
        self.assertGreater(pgmoat.metrics()[verdict], before)

    def assert_keeps_out(self, pgmoat, client, family=4, port=5432, verdict="refused_not_listed"):
        """The client's SYN is dropped and counted as verdict, and nothing comes back."""
        before = pgmoat.metrics()[verdict]
        with client.wire() as wire, client.start_connecting(family, port):
            until(lambda: pgmoat.metrics()[verdict] > before,
                  lambda: f"{verdict} did not grow over {before}: {pgmoat.metrics()}")
            # Answers to a SYN only: an earlier session of the same client may still be saying goodbye.
            answers = [s for s in wire.received() if s[1] == port and s[4] & (packets.SYN | packets.RST)]
            self.assertEqual(answers, [])
