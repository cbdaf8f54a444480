#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""profile.py COUNTS KALLSYMS RUNS [--stretch N] [--lines M] - instructions per run, by function.

COUNTS is what the emulator's plugin wrote (tools/testing/bench/profile-plugin.c), KALLSYMS the
guest's /proc/kallsyms of the same boot, RUNS the number of runs in each stretch.  Everything in user
space is one line.  The last stretch is shown unless another is asked for.
"""
import argparse
import bisect
import collections


def read_stretches(path):
    """Return a list of {address: times}, one for each stretch."""
    stretches = []
    with open(path, encoding='ascii') as lines:
        for line in lines:
            first, second = line.split()
            if first == 'stretch':
                stretches.append({})
            else:
                stretches[-1][int(first, 16)] = int(second)
    return stretches


def read_symbols(path):
    """Return sorted addresses of functions and their names, with the module's in brackets."""
    symbols = {}
    with open(path, encoding='ascii') as lines:
        for line in lines:
            address, kind, name, *module = line.split()
            if kind in 'tTwW':
                symbols.setdefault(int(address, 16), ' '.join([name] + module))
    addresses = sorted(symbols)
    return addresses, [symbols[address] for address in addresses]


def by_function(stretch, addresses, names):
    """Return a counter of executed instructions by function."""
    functions = collections.Counter()
    for address, times in stretch.items():
        if address < 1 << 63:
            functions['(user space)'] += times
            continue
        index = bisect.bisect_right(addresses, address) - 1
        functions[names[index] if index >= 0 else '(unknown)'] += times
    return functions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('counts')
    parser.add_argument('kallsyms')
    parser.add_argument('runs', type=int)
    parser.add_argument('--stretch', type=int, default=0)
    parser.add_argument('--lines', type=int, default=60)
    options = parser.parse_args()

    stretches = read_stretches(options.counts)
    stretch = stretches[options.stretch - 1]
    functions = by_function(stretch, *read_symbols(options.kallsyms))
    total = sum(functions.values()) / options.runs
    own = sum(times for name, times in functions.items() if '[kdbus]' in name) / options.runs
    print(f'{total:10.1f}  instructions per run, {own:.1f} of them in kdbus')
    for name, times in functions.most_common(options.lines):
        print(f'{times / options.runs:10.1f}  {times / options.runs / total:6.1%}  {name}')


if __name__ == '__main__':
    main()
