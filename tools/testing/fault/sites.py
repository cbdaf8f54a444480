#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which places of the module that can lack memory, or copy to and from user space, had a fault.

sites.py MODULE SOURCES SITES UNREACHED

MODULE is the .ko with lines, SOURCES its directory, SITES what fault-sweep wrote. UNREACHED names places
that need not be reached, one per line: file, called function, function that it is in, reason. Prints TAP:
a test for each file, which fails if a place in it was neither reached nor is in UNREACHED; places that
are in UNREACHED and were reached are told, too.
"""

import pathlib
import re
import subprocess
import sys

# What gives memory or needs some, and what copies. get_user() and its like are not asked whether they
# shall fail: they are the sweep of memory's.
CALLS = re.compile(
    r'\b(k[mzc]alloc(?:_array)?|kv[mzc]alloc(?:_array)?|kstrdup|kmemdup|krealloc|bitmap_zalloc|'
    r'kmem_cache_z?alloc|kmem_cache_create|alloc_pages?|alloc_workqueue|alloc_chrdev_region|'
    r'sysfs_create_mount_point|new_inode|d_alloc|d_alloc_name|d_make_root|ida_alloc(?:_\w+)?|'
    r'xa_store|xa_reserve|anon_inode_getfile|alloc_anon_inode|get_tree_nodev|receive_fd|'
    r'copy_from_user|copy_to_user)\(')
FUNCTION = re.compile(r'^(?![#/\s}])[^;=]*?(\w+)\([^;]*$')


def find_places(sources):
    """(file, first line, last line, called function, function that it is in)"""
    for path in sorted(pathlib.Path(sources).glob('*.[ch]')):
        inside, comment = '', False
        lines = path.read_text(encoding='utf-8').split('\n')
        for number, line in enumerate(lines, 1):
            if line.startswith('/*') and '*/' not in line:
                comment = True
            if comment:
                comment = '*/' not in line
                continue
            if match := FUNCTION.match(line):
                inside = match.group(1)
            if line.startswith('#') or not line[:1].isspace() or re.match(r'\s+(/?\*|//)', line):
                continue
            for match in CALLS.finditer(line):
                end = number
                while ';' not in lines[end - 1] and '{' not in lines[end - 1] and end < number + 4:
                    end += 1
                yield path.name, number, end, match.group(1), inside


def symbols_of(module):
    """(name, size) -> (section, address)"""
    sections, symbols = {}, {}
    text = subprocess.run(['readelf', '-SW', module], capture_output=True, text=True, check=True)
    for match in re.finditer(r'\[\s*(\d+)\] (\.\S+)', text.stdout):
        sections[match.group(1)] = match.group(2)
    text = subprocess.run(['readelf', '-sW', module], capture_output=True, text=True, check=True)
    for line in text.stdout.splitlines():
        field = line.split()
        if len(field) >= 8 and field[3] == 'FUNC' and field[6] in sections:
            symbols.setdefault(field[7], []).append(
                (int(field[2], 0), sections[field[6]], int(field[1], 16)))
    return symbols


def locate(symbols, frame):
    """The section and the address of a call that returns to @frame; or None."""
    name, offset, size = re.match(r'(.*)\+0x([0-9a-f]+)/0x([0-9a-f]+)', frame).groups()
    offset, size = int(offset, 16), int(size, 16)
    # The kernel rounds the size up to the next symbol.
    fitting = [place for place in symbols.get(name, [])
               if offset <= place[0] <= size < place[0] + 16] or symbols.get(name, [])
    return (fitting[0][1], fitting[0][2] + offset - 1) if len(fitting) == 1 else None


def lines_of(module, places):
    """(section, address) -> [(file, line)], inlined functions first"""
    found = {}
    for section in {place[0] for place in places}:
        addresses = sorted({place[1] for place in places if place[0] == section})
        text = subprocess.run(['addr2line', '-a', '-i', '-e', module, '-j', section] +
                              [hex(address) for address in addresses],
                              capture_output=True, text=True, check=True)
        for line in text.stdout.splitlines():
            if line.startswith('0x'):
                chain = found.setdefault((section, int(line, 16)), [])
            elif match := re.match(r'(?:.*/)?([^/:]+):(\d+)', line):
                chain.append((match.group(1), int(match.group(2))))
    return found


def hit_lines(module, sites):
    """Lines of the module in which a fault was injected, innermost call of the module only."""
    frames = set()
    with open(sites, encoding='utf-8') as file:
        for line in file:
            fields = line.split()
            if len(fields) > 3:
                frames.add(fields[3])
    symbols = symbols_of(module)
    places = {locate(symbols, frame) for frame in frames}
    unknown = [frame for frame in frames if locate(symbols, frame) is None]
    if unknown:
        print(f'# functions that cannot be told apart: {" ".join(sorted(unknown))}')
    places.discard(None)
    return {line for chain in lines_of(module, places).values() for line in chain}


def read_unreached(path):
    unreached = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                name, called, inside, reason = line.split(None, 3)
                unreached[name, called, inside] = reason.strip()
    return unreached


def main(arguments):
    if len(arguments) != 4:
        sys.exit(__doc__)
    module, sources, sites, unreached_path = arguments
    hit = hit_lines(module, sites)
    unreached = read_unreached(unreached_path)
    n_places = n_hit = n_tests = n_bad = 0
    by_file = {}
    for place in find_places(sources):
        by_file.setdefault(place[0], []).append(place)
    for name, places in by_file.items():
        bad = []
        if name.startswith('compat'):
            # Of several ways to do the same one is compiled in.
            places = list({place[3:]: (*place[:1], min(other[1] for other in places if
                                                       other[3:] == place[3:]), *place[2:])
                           for place in places}.values())
        for _, first, last, called, inside in places:
            reached = any((name, line) in hit for line in range(first, last + 1))
            reason = unreached.pop((name, called, inside), None)
            n_places += 1
            n_hit += reached
            if reached and reason:
                print(f'# {name}:{first}: {called}() in {inside}() was reached, and is said not to be')
            elif not reached and reason:
                print(f'# {name}:{first}: {called}() in {inside}() was not reached: {reason}')
            elif not reached:
                bad.append(f'{name}:{first}: {called}() in {inside}()')
        n_tests += 1
        n_bad += bool(bad)
        print(f'{"not ok" if bad else "ok"} {n_tests} - fault.sites.{name}_was_reached_or_says_why')
        for line in bad:
            print(f'# never had a fault: {line}')
    for name, called, inside in unreached:
        print(f'# {unreached_path}: there is no {called}() in {inside}() of {name}')
    n_tests += 1
    n_bad += bool(unreached)
    print(f'{"not ok" if unreached else "ok"} {n_tests} - fault.sites.what_is_not_reached_is_there')
    print(f'1..{n_tests}')
    print(f'# {n_hit} of {n_places} places had a fault')
    return 1 if n_bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
