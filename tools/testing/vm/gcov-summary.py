#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sum up .gcov files: lines that can run, lines that did, the blocks that did not, the total.

A header's functions are in several .gcov files' counts only once: gcov merges by source file.
"""

import os
import re
import sys

LINE = re.compile(r'^\s*([^:]+):\s*(\d+):')


def read(path):
    """Return (number of lines that can run, [numbers of those that did not])."""
    total, missed = 0, []
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            match = LINE.match(line)
            if not match or match.group(2) == '0' or match.group(1) == '-':
                continue
            total += 1
            if match.group(1).strip('*') in ('#####', '====='):
                missed.append(int(match.group(2)))
    return total, missed


def ranges(numbers):
    """Join neighbours, so that 3, 4, 5, 9 reads as 3-5 9."""
    parts = []
    for number in numbers:
        if parts and number - parts[-1][1] <= 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ' '.join(f'{a}' if a == b else f'{a}-{b}' for a, b in parts)


def main(paths):
    all_lines = all_missed = 0
    for path in sorted(paths):
        name = os.path.basename(path).removesuffix('.gcov').split('#')[-1]
        total, missed = read(path)
        if not total:
            continue
        all_lines += total
        all_missed += len(missed)
        print(f'{100 * (total - len(missed)) / total:6.1f} %  {total:5} lines  {name}'
              + (f'  not: {ranges(missed)}' if missed else ''))
    if not all_lines:
        sys.exit('no lines at all')
    print(f'{100 * (all_lines - all_missed) / all_lines:6.1f} %  {all_lines:5} lines  in all')


main(sys.argv[1:])
