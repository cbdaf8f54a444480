#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ring.py MEMORY WORKERS - print the programs that the fuzzer's workers ran last, oldest first.

MEMORY is what log.c wrote: for each worker a count of bytes and a ring. The first program of a full
ring is cut, and left out.
"""

import struct
import sys


def rings(data, workers):
    size = len(data) // workers & ~7
    for worker in range(workers):
        ring = data[worker * size:(worker + 1) * size]
        written, = struct.unpack('<Q', ring[:8])
        ring = ring[8:]
        if written <= len(ring):
            yield ring[:written]
        else:
            at = written % len(ring)
            whole = ring[at:] + ring[:at]
            yield whole[whole.find(b'\nprogram') + 1:]


def main(path, workers):
    with open(path, 'rb') as file:
        data = file.read()
    for ring in rings(data, int(workers)):
        sys.stdout.write(ring.decode('ascii', 'replace'))


main(*sys.argv[1:])
