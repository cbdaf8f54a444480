#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sharing.py COUNTS KALLSYMS WAYS EXPECTED - cache lines that two pairs of processes share.

COUNTS is what the emulator's plugin wrote (tools/testing/bench/sharing-plugin.c), KALLSYMS the
guest's /proc/kallsyms of the same boot, WAYS what kdbus-bench --sharing printed, EXPECTED the list
of what may be shared, with reasons.  A line is shared when one CPU writes it in every second call
at least, and the other one reads or writes it as often; by instructions of the module, in every
twentieth call.  The first way is sockets: functions of the kernel that write shared lines there,
like the tick of the clock, may do so with kdbus.  Status 1: a line is shared that is not in the list.
"""
import argparse
import bisect
import collections
import sys

OFTEN = 0.5
OFTEN_IN_MODULE = 0.05
SELDOM = 0.02

Access = collections.namedtuple('Access', 'address store cpu instruction times calls virtual')


def read_stretches(path):
    """Return a list of lists of accesses, one for each stretch."""
    stretches = []
    with open(path, encoding='ascii') as lines:
        for line in lines:
            words = line.split()
            if words[0] == 'stretch':
                stretches.append([])
                continue
            stretches[-1].append(Access(int(words[0], 16), words[1] == 'w', int(words[2]),
                                        int(words[3], 16), int(words[4]), int(words[5]),
                                        int(words[6], 16)))
    return stretches


class Symbols:
    """Names of functions and of variables."""

    def __init__(self, path):
        code, data = {}, {}
        with open(path, encoding='ascii') as lines:
            for line in lines:
                address, kind, name, *module = line.split()
                symbols = code if kind in 'tTwW' else data
                symbols.setdefault(int(address, 16), ' '.join([name] + module))
        self._code = sorted(code.items())
        self._data = sorted(data.items())

    @staticmethod
    def _find(symbols, address):
        index = bisect.bisect_right(symbols, (address, '\x7f')) - 1
        return symbols[index] if index >= 0 else (0, '?')

    def function(self, address):
        """Return the name of the function that an instruction is in."""
        return self._find(self._code, address)[1]

    def variable(self, address):
        """Return the name of the variable at an address, None for memory that was allocated."""
        start, name = self._find(self._data, address)
        # Variables lie in the kernel's image or in a module, at the end of the address space.
        if address < 0xffffffff80000000 or address - start > 1 << 20:
            return None
        return name


class Line:
    """Accesses to one cache line."""

    def __init__(self):
        self.times = collections.defaultdict(lambda: [0.0, 0.0])
        self.shares = collections.defaultdict(lambda: [0.0, 0.0])
        self.virtual = None

    def add(self, access, function, calls):
        """Count an access: how often it happens per call, and in what share of the calls."""
        key = (access.store, function)
        self.times[key][access.cpu] += access.times / calls[access.cpu]
        self.shares[key][access.cpu] = max(self.shares[key][access.cpu],
                                           access.calls / calls[access.cpu])
        self.virtual = access.virtual

    def _share(self, cpu, select):
        return max((share[cpu] for key, share in self.shares.items() if select(*key)), default=0)

    def _is_shared_at(self, often, is_ours):
        for cpu in (0, 1):
            if (self._share(cpu, lambda store, name: store and is_ours(name)) >= often and
                    self._share(1 - cpu, lambda store, name: is_ours(name)) >= often):
                return True
        return False

    def is_shared(self, often=OFTEN):
        """Whether this line moves between the CPUs for the sake of calls."""
        return (self._is_shared_at(often, lambda name: True) or
                self._is_shared_at(OFTEN_IN_MODULE, lambda name: '[kdbus]' in name))

    def writers(self, often=OFTEN_IN_MODULE):
        """Return the names of the functions that write it, as far as they do often enough."""
        return {name for (store, name), share in self.shares.items()
                if store and max(share) >= often}

    def writes(self):
        """Return how often it is written, per call of each pair."""
        return [sum(times[cpu] for (store, _), times in self.times.items() if store)
                for cpu in (0, 1)]


def all_lines(stretch, symbols, calls):
    """Return the lines that both CPUs have touched, most written first."""
    lines = collections.defaultdict(Line)
    for access in stretch:
        lines[access.address >> 6].add(access, symbols.function(access.instruction), calls)
    return sorted(lines.values(), key=lambda line: -max(line.writes()))


def read_expected(path):
    """Return a list of (way, writers, how many lines, reason)."""
    expected = []
    with open(path, encoding='ascii') as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                way, number, writers, reason = line.split(None, 3)
                expected.append([way, int(number), set(writers.split(',')), reason.strip()])
    return expected


def find_reason(expected, way, kernel, line):
    """Return why a line may be shared, and take it off the list; None: it may not."""
    if line.writers() <= kernel:
        return 'sockets do so, too'
    writers = {name.split()[0] for name in line.writers()}
    for entry in expected:
        if entry[0] in ('*', way) and entry[1] > 0 and writers <= entry[2]:
            entry[1] -= 1
            return entry[3]
    return None


def show(line, symbols, reason):
    """Print a line with who writes it, per call of each pair."""
    name = symbols.variable(line.virtual) or 'allocated memory'
    print(f'  {name}: {reason or "NOT IN THE LIST"}')
    for (store, function), times in sorted(line.times.items(), key=lambda item: -max(item[1])):
        if max(times) >= 0.05:
            print(f'      {"writes" if store else "reads":6} {times[0]:6.2f} {times[1]:6.2f}  '
                  f'{function}')


def main():
    """Print the lines of each way; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument('counts')
    parser.add_argument('kallsyms')
    parser.add_argument('ways')
    parser.add_argument('expected')
    options = parser.parse_args()

    with open(options.ways, encoding='ascii') as lines:
        ways = [line.split() for line in lines]
    stretches = read_stretches(options.counts)
    if len(stretches) != len(ways) or not ways:
        print(f'{len(ways)} ways of calling, but {len(stretches)} stretches', file=sys.stderr)
        return 2
    symbols = Symbols(options.kallsyms)
    kernel = set()
    unknown = 0
    for (way, *calls), stretch in zip(ways, stretches):
        calls = [int(number) for number in calls]
        expected = read_expected(options.expected)
        lines = all_lines(stretch, symbols, calls)
        if way == 'seqpacket':
            kernel = set().union(*(line.writers(SELDOM) for line in lines
                                   if line.is_shared(SELDOM)))
        lines = [line for line in lines if line.is_shared()]
        print(f'{way}: {len(lines)} lines shared; times per call of each pair '
              f'({calls[0]} and {calls[1]} calls)')
        for line in lines:
            reason = find_reason(expected, way, kernel, line)
            unknown += reason is None
            show(line, symbols, reason)
    if unknown:
        print(f'{unknown} lines are shared that are not in {options.expected}')
    return 1 if unknown else 0


if __name__ == '__main__':
    sys.exit(main())
