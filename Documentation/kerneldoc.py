#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns kernel-doc comments of C files into reStructuredText.

As an extension of Sphinx it provides that part of the kernel's own directive
which these pages use, so they build outside of a kernel tree as well:

    .. kernel-doc:: FILE              relative to kerneldoc_srctree
       :doc: TITLE                    the text of a DOC block
       :identifiers: NAME...          structures and enumerations

As a program it prints what the directive would insert.
"""
import argparse
import pathlib
import re
import sys

COMMENT = re.compile(r'^[ \t]*/\*\*[ \t]*\n(.*?)^[ \t]*\*/[ \t]*\n', re.M | re.S)
HEAD = re.compile(r'(?:(struct|enum|union)\s+)?(\w+)(\(\))?\s+-\s+(.*)', re.S)
MEMBER = re.compile(r'@([\w.]+):\s*(.*)')
FLEX_ARRAY = re.compile(r'__DECLARE_FLEX_ARRAY\((\w+),\s*(\w+)\);')
MARKUP = re.compile(r'''
    (?P<literal>``.+?``)
  | %(?P<constant>\w+)
  | &(?P<kind>struct|enum|union)\s+(?P<type>\w+)
  | &(?P<owner>\w+)\.(?P<member>\w+)
  | @(?P<parameter>\w+)
  | \b(?P<function>[a-z_]\w*)\(\)
''', re.X | re.S)


class Error(Exception):
    """Something asked for is not there, or cannot be read."""


class Block:
    """One comment: its title or name, its text, and the code behind it."""

    def __init__(self, comment, code):
        self.lines = [re.sub(r'^[ \t]*\*[ \t]?', '', line) for line in comment.splitlines()]
        while self.lines and not self.lines[0].strip():
            self.lines.pop(0)
        self.code = code
        self.kind, self.name, self.purpose = None, None, None
        self.members, self.text = {}, []
        if self.lines and self.lines[0].startswith('DOC:'):
            self.kind = 'doc'
            self.name = self.lines.pop(0)[len('DOC:'):].strip()
            self.text = self.lines
        else:
            self._read_declaration()

    def _read_declaration(self):
        lines = list(self.lines)
        head = []
        while lines and lines[0].strip() and not lines[0].startswith('@'):
            head.append(lines.pop(0).strip())
        match = HEAD.match(' '.join(head))
        if not match:
            return
        self.kind = match.group(1) or 'function'
        self.name, self.purpose = match.group(2), match.group(4)
        current = None
        for line in lines:
            member = MEMBER.match(line)
            if member:
                current = member.group(1)
                self.members[current] = [member.group(2)]
            elif current and line.strip():
                self.members[current].append(line.strip())
            elif current or not line.strip():
                current = None
                self.text.append('')
            else:
                self.text.append(line)

    def definition(self):
        """The C code of a structure or enumeration, without attributes."""
        match = re.match(r'.*?^\}[^;]*;', self.code, re.S | re.M)
        if not match:
            raise Error(f'{self.name}: no definition behind the comment')
        code = re.sub(r'\s*__\w*ALIGNED\w*', '', match.group(0))
        return FLEX_ARRAY.sub(r'\1 \2[];', code)

    def enumerators(self):
        """Names of an enumeration with their values, in order."""
        body = self.definition().partition('{')[2].rpartition('}')[0]
        body = re.sub(r'/\*.*?\*/', '', body, flags=re.S)
        values, following = {}, 0
        for entry in filter(None, (part.strip() for part in body.split(','))):
            name, _, expression = (part.strip() for part in entry.partition('='))
            if expression:
                plain = re.sub(r'\b(0x[0-9a-fA-F]+|\d+)U?L*\b', r'\1', expression)
                if not re.fullmatch(r'[\w\s<>()|~+-]+', plain):
                    raise Error(f'{name}: cannot evaluate {expression}')
                following = eval(plain, {'__builtins__': {}}, values)  # our own header
            values[name] = following
            following += 1
        return {name: value & (1 << 64) - 1 for name, value in values.items()}


class Source:
    """All kernel-doc comments of one file."""

    def __init__(self, path):
        text = pathlib.Path(path).read_text()
        self.path = path
        self.blocks = [Block(match.group(1), text[match.end():])
                       for match in COMMENT.finditer(text)]
        self.constants = {name for block in self.blocks if block.kind == 'enum'
                          for name in block.enumerators()}
        self.macros = set(re.findall(r'^#define[ \t]+(\w+_CMD_\w+)', text, re.M))

    def find(self, name, kinds):
        """The one block of that name."""
        found = [block for block in self.blocks if block.name == name and block.kind in kinds]
        if len(found) != 1:
            raise Error(f'{self.path}: {len(found)} comments about "{name}"')
        return found[0]

    def _replace(self, match):
        groups = match.groupdict()
        if groups['literal']:
            return groups['literal']
        if groups['constant']:
            name = groups['constant']
            if name in self.constants:
                return f':c:enumerator:`{name}`'
            return f':c:macro:`{name}`' if name in self.macros else f'``{name}``'
        if groups['type']:
            kind, name = groups['kind'], groups['type']
            return f':c:{kind}:`{kind} {name} <{name}>`'
        if groups['owner']:
            owner, member = groups['owner'], groups['member']
            return f':c:struct:`{owner}.{member} <{owner}>`'
        if groups['parameter']:
            return f'``{groups["parameter"]}``'
        return f'``{groups["function"]}()``'

    def markup(self, lines):
        """Replace kernel-doc's short forms, except in literal blocks."""
        result, chunk, literal = [], [], None

        def flush():
            if chunk:
                result.extend(MARKUP.sub(self._replace, '\n'.join(chunk)).split('\n'))
                chunk.clear()

        for line in lines:
            indent = len(line) - len(line.lstrip())
            if literal is not None and line.strip() and indent <= literal:
                literal = None
            if literal is not None:
                result.append(line)
                continue
            chunk.append(line)
            if line.rstrip().endswith('::'):
                flush()
                literal = indent
        flush()
        return result

    def doc(self, title):
        """A DOC block as reStructuredText."""
        return self.markup(self.find(title, {'doc'}).text)

    def declaration(self, name):
        """A structure or enumeration as reStructuredText."""
        block = self.find(name, {'struct', 'enum', 'union'})
        rest = self.markup([block.purpose[:1].upper() + block.purpose[1:] + '.', ''])
        if block.kind == 'enum':
            rest += self._enumeration(block)
        else:
            rest += self._structure(block)
        rest += self.markup(block.text)
        return [f'.. c:{block.kind}:: {name}', ''] + indented(rest) + ['']

    def _enumeration(self, block):
        lines, values = [], block.enumerators()
        if set(values) != set(block.members):
            raise Error(f'{block.name}: described and defined members differ')
        for name, value in values.items():
            shown = hex(value) if value > 9 else str(value)
            lines += [f'.. c:enumerator:: {name}', '']
            lines += indented(self.markup(block.members[name] + ['', f'Value ``{shown}``.']))
            lines += ['']
        return lines

    def _structure(self, block):
        lines = ['.. code-block:: c', ''] + indented(block.definition().splitlines()) + ['']
        for name, text in block.members.items():
            if not re.search(rf'\b{name}\b', block.definition()):
                raise Error(f'{block.name}: member {name} is described but not defined')
            lines += [f'``{name}``'] + indented(self.markup(text))
        return lines + ['']


def indented(lines):
    """Three blanks before each line."""
    return [f'   {line}'.rstrip() for line in lines]


def convert(source, title, identifiers):
    """What the directive inserts."""
    if (title is None) == (not identifiers):
        raise Error('either one DOC title or identifiers')
    if title is not None:
        return source.doc(title)
    lines = []
    for name in identifiers:
        lines += source.declaration(name)
    return lines


def setup(app):
    """Called by Sphinx."""
    from docutils import nodes
    from docutils.parsers.rst import Directive, directives
    from docutils.statemachine import StringList
    from sphinx.util.nodes import nested_parse_with_titles

    sources = {}

    class KernelDoc(Directive):
        """The directive."""
        required_arguments = 1
        option_spec = {'doc': directives.unchanged_required,
                       'identifiers': directives.unchanged_required}

        def run(self):
            """Parse what the comments say in the place of the directive."""
            env = self.state.document.settings.env
            path = str(pathlib.Path(env.config.kerneldoc_srctree, self.arguments[0]).resolve())
            env.note_dependency(path)
            try:
                if path not in sources:
                    sources[path] = Source(path)
                lines = convert(sources[path], self.options.get('doc'),
                                self.options.get('identifiers', '').split())
            except (Error, OSError) as error:
                raise self.error(str(error))
            parent = nodes.section()
            parent.document = self.state.document
            nested_parse_with_titles(self.state, StringList(lines, source=path), parent)
            return parent.children

    app.add_config_value('kerneldoc_srctree', '..', 'env')
    app.add_directive('kernel-doc', KernelDoc)
    return {'parallel_read_safe': True}


def main():
    """Print a comment as reStructuredText."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file')
    parser.add_argument('--doc', metavar='TITLE')
    parser.add_argument('--identifiers', nargs='+', default=[], metavar='NAME')
    args = parser.parse_args()
    try:
        print('\n'.join(convert(Source(args.file), args.doc, args.identifiers)))
    except (Error, OSError) as error:
        sys.exit(str(error))


if __name__ == '__main__':
    main()
