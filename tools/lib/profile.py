#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""profile.py COUNTS KALLSYMS RUNS [--maps MAPS] [--stretch N] [--lines M]

Instructions per run, by function, and how often each function was entered at its top.

COUNTS is what the emulator's plugin wrote (tools/testing/bench/profile-plugin.c), KALLSYMS the
guest's /proc/kallsyms of the same boot, RUNS the number of runs in each stretch.  Everything in user
space is one line, unless MAPS tells what is mapped where: /proc/PID/maps of one process, and the others
have the same files at the same places.  Of files without a symbol table only what they export has a
name; the rest is one line per file.  The last stretch is shown unless another is asked for.
"""
import argparse
import bisect
import collections
import os
import re
import subprocess


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


def read_maps(path):
    """Return a list of (start, end, offset in the file, file) of code."""
    maps = []
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            place, rights, offset, _, _, *name = line.split(maxsplit=5)
            if 'x' in rights:
                start, end = (int(number, 16) for number in place.split('-'))
                maps.append((start, end, int(offset, 16), name[0].strip() if name else '(code)'))
    return maps


def read_elf(path):
    """Return the functions of a file: sorted starts in the file, and (start, end, name) for each."""
    def readelf(*arguments):
        return subprocess.run(['readelf', '-W', *arguments, path], check=False,
                              capture_output=True, text=True).stdout

    skew = 0
    for line in readelf('--program-headers').splitlines():
        fields = line.split()
        if fields and fields[0] == 'LOAD' and 'E' in fields[6:-1]:
            skew = int(fields[2], 16) - int(fields[1], 16)
    functions = {}
    for line in readelf('--symbols').splitlines():
        match = re.match(r' *\d+: ([0-9a-f]+) +(\d+) I?FUNC +\S+ +\S+ +\d+ ([^@ ]+)', line)
        if match and int(match[2]):
            start = int(match[1], 16) - skew
            functions[start] = (start, start + int(match[2]), match[3])
    return sorted(functions), functions


class UserSpace:
    """Names for addresses in user space."""

    def __init__(self, maps):
        self.maps = maps
        self.files = {}

    def find(self, address):
        """Return the name of what is at an address, and whether that begins there."""
        for start, end, offset, path in self.maps:
            if start <= address < end:
                break
        else:
            return '(user space)', False
        short = os.path.basename(path)
        if path not in self.files:
            self.files[path] = read_elf(path) if path.startswith('/') else ([], {})
        starts, functions = self.files[path]
        place = address - start + offset
        index = bisect.bisect_right(starts, place) - 1
        if index >= 0:
            first, after, name = functions[starts[index]]
            if place < after:
                return '%s [%s]' % (name, short), place == first
        return '(inside) [%s]' % short, False


def by_function(stretch, addresses, names, user):
    """Return two counters by function: executed instructions, and entries at the top."""
    functions, entries = collections.Counter(), collections.Counter()
    for address, times in stretch.items():
        if address < 1 << 63:
            name, at_top = user.find(address)
        else:
            index = bisect.bisect_right(addresses, address) - 1
            name = names[index] if index >= 0 else '(unknown)'
            at_top = index >= 0 and addresses[index] == address
        functions[name] += times
        if at_top:
            entries[name] += times
    return functions, entries


def by_file(functions):
    """Return a counter by what stands in brackets; the kernel's own code has none."""
    files = collections.Counter()
    for name, times in functions.items():
        match = re.search(r'\[(.*)\]$', name)
        files[match[1] if match else '(kernel)' if name[0] != '(' else name] += times
    return files


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('counts')
    parser.add_argument('kallsyms')
    parser.add_argument('runs', type=int)
    parser.add_argument('--maps')
    parser.add_argument('--stretch', type=int, default=0)
    parser.add_argument('--lines', type=int, default=60)
    options = parser.parse_args()

    stretches = read_stretches(options.counts)
    stretch = stretches[options.stretch - 1]
    user = UserSpace(read_maps(options.maps) if options.maps else [])
    functions, entries = by_function(stretch, *read_symbols(options.kallsyms), user)
    total = sum(functions.values()) / options.runs
    own = sum(times for name, times in functions.items() if '[kdbus]' in name) / options.runs
    print(f'{total:10.1f}  instructions per run, {own:.1f} of them in kdbus')
    if options.maps:
        for name, times in by_file(functions).most_common():
            print(f'{times / options.runs:10.1f}  {times / options.runs / total:6.1%}  {name}')
        print()
    for name, times in functions.most_common(options.lines):
        print(f'{times / options.runs:10.1f}  {times / options.runs / total:6.1%}'
              f'  {entries[name] / options.runs:7.2f} x  {name}')


if __name__ == '__main__':
    main()
