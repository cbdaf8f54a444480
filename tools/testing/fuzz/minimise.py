#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""minimise.py CASE -- COMMAND... CASE - cut CASE down while COMMAND still fails in the same way.

COMMAND is run with the path of a shorter case in the place of its word "CASE". The same way is the
same exit status. First whole programs are left out, then single operations, then their items. The
shortest case is written to CASE.min after each step, so that it can be interrupted.
"""

import os
import re
import subprocess
import sys
import tempfile

ITEM = re.compile(r' \[[^]]*\]')


class Minimiser:
    def __init__(self, path, command):
        self.path = path
        self.command = command
        self.runs = 0
        with tempfile.NamedTemporaryFile('w', suffix='.case', delete=False,
                                         dir=os.path.dirname(os.path.abspath(path))) as file:
            self.trial = file.name

    def status(self, programs):
        with open(self.trial, 'w', encoding='ascii') as file:
            file.write(render(programs))
        self.runs += 1
        command = [self.trial if word == 'CASE' else word for word in self.command]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def keep(self, programs):
        with open(self.path + '.min', 'w', encoding='ascii') as file:
            file.write('// SPDX-License-Identifier: LGPL-2.1-or-later\n' + render(programs))
        print(f'{self.runs} runs: {len(programs)} programs, {sum(map(len, programs))} operations',
              flush=True)

    def shorten(self, parts, make):
        """Leave out halves, quarters and so on of parts; make(parts) are the programs then."""
        step = max(len(parts) // 2, 1)
        while parts:
            # From the start: what led to a report stands last.
            at = 0
            while at < len(parts):
                fewer = parts[:at] + parts[at + step:]
                if fewer and self.status(make(fewer)) == self.wanted:
                    parts = fewer
                    self.keep(make(parts))
                else:
                    at += step
            if step == 1:
                return parts
            step = max(step // 2, 1)
        return parts

    def run(self, programs):
        self.wanted = self.status(programs)
        if self.wanted == 0:
            sys.exit('the case does not fail')
        print(f'it fails with status {self.wanted}', flush=True)
        programs = self.shorten(programs, lambda parts: parts)
        for i in range(len(programs)):
            def put(lines, i=i):
                return programs[:i] + [lines] + programs[i + 1:]
            programs[i] = self.shorten(programs[i], put)
            for j, line in enumerate(programs[i]):
                items = ITEM.findall(line)
                bare = ITEM.sub('', line)

                def with_items(items, i=i, j=j, bare=bare):
                    lines = programs[i][:j] + [bare + ''.join(items)] + programs[i][j + 1:]
                    return programs[:i] + [lines] + programs[i + 1:]
                if items:
                    programs = with_items(self.shorten(items, with_items))
        self.keep(programs)
        os.unlink(self.trial)


def render(programs):
    return ''.join(f'program {i}\n' + ''.join(line + '\n' for line in lines)
                   for i, lines in enumerate(programs))


def read(path):
    programs = []
    with open(path, encoding='ascii') as file:
        for line in file:
            if line.startswith('program'):
                programs.append([])
            elif line.strip() and line[0] not in '/#' and programs:
                programs[-1].append(line.rstrip('\n'))
    return [lines for lines in programs if lines]


def main(path, separator, *command):
    if separator != '--' or 'CASE' not in command:
        sys.exit(__doc__)
    Minimiser(path, command).run(read(path))


main(*sys.argv[1:])
