#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""coverage.py MODULE PLACES - how much of each source file the fuzzer has reached.

PLACES has a hexadecimal offset into the module's text on each line, as KCOV reports them: where a
call of the tracing function returns to. What there is to reach are all such calls in the module.
For each file the places that were reached, all places, and the lines of those that were not.
"""

import collections
import re
import subprocess
import sys

RELOCATION = re.compile(r'^([0-9a-f]+) R_X86_64_P\w+ +__sanitizer_cov_trace_pc-0x0*4$')


def run(*command, text=None):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          input=text).stdout.splitlines()


def sites(module):
    """Return the offsets behind each traced call."""
    found = set()
    for line in run('objdump', '-r', '-j', '.text', module):
        if match := RELOCATION.match(line):
            # The relocation is of the four bytes that the call ends with.
            found.add(int(match.group(1), 16) + 4)
    return found


def locate(module, offsets):
    """Yield (offset, file, line), of the first frame in a file of the module."""
    # One less: the return address may belong to the next line already.
    lines = run('addr2line', '-a', '-i', '-e', module, '-j', '.text',
                text=''.join(f'{offset - 1:#x}\n' for offset in offsets))
    frames = collections.defaultdict(list)
    at = None
    for line in lines:
        if line.startswith('0x'):
            at = int(line, 16) + 1
        else:
            frames[at].append(line)
    for offset in offsets:
        own = [f for f in frames[offset] if '/ipc/kdbus/' in f] or frames[offset]
        path, _, number = own[0].partition(':')
        yield offset, path.rpartition('/')[2], int(number.split()[0]) if number[:1].isdigit() else 0


def ranges(lines):
    """Yield the numbers as 1-3, 7, ..."""
    lines = sorted(lines)
    start = None
    for here, after in zip(lines, lines[1:] + [None]):
        if start is None:
            start = here
        if after is None or after > here + 2:
            yield f'{start}-{here}' if here > start else f'{here}'
            start = None


def main(module, path):
    with open(path, encoding='ascii') as file:
        reached = {int(line, 16) for line in file if line.strip()}
    every = sorted(sites(module))
    files = collections.defaultdict(lambda: [0, 0, set()])
    for offset, name, line in locate(module, every):
        entry = files[name]
        entry[1] += 1
        if offset in reached:
            entry[0] += 1
        else:
            entry[2].add(line)
    hits = 0
    for name, (hit, total, missing) in sorted(files.items()):
        hits += hit
        print(f'{name:16} {hit:5} of {total:5} {100 * hit / total:6.1f} %  {" ".join(ranges(missing))}')
    if not every:
        sys.exit('the module has no places: it was built without KCOV')
    print(f'{"all":16} {hits:5} of {len(every):5} {100 * hits / len(every):6.1f} %')


main(*sys.argv[1:])
