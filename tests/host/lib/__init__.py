# SPDX-License-Identifier: Apache-2.0
"""What the host tests stand on: a private world, clients in it, a real PostgreSQL, and pgmoat as an operator uses it."""
