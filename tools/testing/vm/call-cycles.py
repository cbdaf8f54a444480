#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""call-cycles.py OBJECT... - print every group of object files whose functions call in a circle.

A file is meant to call downwards only; the linker's view of the objects shows who calls whom.
"""

import os
import subprocess
import sys


def symbols(path):
    """Return (functions that the object defines, symbols that it wants)."""
    defined, wanted = set(), set()
    for line in subprocess.run(['nm', path], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        kind, name = line.split()[-2:]
        if kind == 'T':
            defined.add(name)
        elif kind == 'U':
            wanted.add(name)
    return defined, wanted


def cycles(edges):
    """Yield the strongly connected components of more than one node (Tarjan)."""
    index, low, stack = {}, {}, []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges[node]):
            if other not in index:
                yield from visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            group = stack[at:]
            del stack[at:]
            if len(group) > 1:
                yield group

    for node in sorted(edges):
        if node not in index:
            yield from visit(node)


def main(paths):
    tables = {os.path.basename(path): symbols(path) for path in paths}
    home = {name: path for path, (defined, _) in tables.items() for name in defined}
    edges = {path: {home[name] for name in wanted if name in home and home[name] != path}
             for path, (_, wanted) in tables.items()}
    for group in cycles(edges):
        print('files that call in a circle: ' + ' '.join(sorted(group)))
        for path in sorted(group):
            for other in sorted(edges[path] & set(group)):
                names = sorted(n for n in tables[path][1] if home.get(n) == other)
                print(f'    {path} -> {other}: {" ".join(names)}')


main(sys.argv[1:])
