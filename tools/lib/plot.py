#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plot.py RESULTS SVG - draw the results of tools/bench.

RESULTS has one JSON object per line.  What is not in them is not drawn; without anything to draw
SVG is not written.
"""
import json
import math
import sys
from html import escape

FONT = 'DejaVu Sans, sans-serif'
INK, FAINT, GRID = '#1f2933', '#7b8794', '#e4e7eb'
KDBUS = ('#c2410c', '#ea8a3e')
OTHERS = ('#1d4ed8', '#0f766e', '#7c3aed', '#64748b', '#0369a1', '#a16207', '#be185d', '#4d7c0f',
          '#475569', '#9333ea')
MET, NOT_MET = '#15803d', '#c2410c'
PANEL_WIDTH, PANEL_HEIGHT, GAP = 620, 420, 40


class Drawing:
    """Elements of an SVG, by absolute position."""

    def __init__(self):
        self.parts = []

    def text(self, x, y, text, size=12, colour=INK, anchor='start', weight='normal'):
        """A line of text; y is its base line."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>')

    def line(self, points, colour, width=1.0, dash=''):
        """A line through points."""
        path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ''
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                          f'stroke-width="{width}" stroke-linejoin="round"{dashes}/>')

    def dot(self, x, y, colour, radius=3.0):
        """A point of a line."""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>')

    def box(self, x, y, width, height, colour):
        """A filled rectangle."""
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
                          f'height="{height:.1f}" fill="{colour}" rx="1.5"/>')

    def write(self, path, width, height):
        """Put everything into a file."""
        with open(path, 'w', encoding='utf-8') as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
                       f'height="{height}" viewBox="0 0 {width} {height}" '
                       f'font-family="{FONT}">\n<rect width="100%" height="100%" '
                       f'fill="white"/>\n' + '\n'.join(self.parts) + '\n</svg>\n')


def short(value):
    """A number as people write it on an axis."""
    if value >= 1000:
        return f'{value / 1000:g} k' if value < 1e6 else f'{value / 1e6:g} M'
    return f'{value:g}'


def spread(wanted, distance, low, high):
    """Move positions apart until neighbours have a distance; return them in the given order."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [wanted[i] for i in order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + distance)
    if placed and placed[-1] > high:
        placed[-1] = high
        for i in range(len(placed) - 2, -1, -1):
            placed[i] = min(placed[i], placed[i + 1] - distance)
    result = [0.0] * len(wanted)
    for i, position in zip(order, placed):
        result[i] = max(position, low)
    return result


def nice_ticks(low, high, linear):
    """Values for the lines of a grid that lie in a range."""
    if linear:
        step = 10 ** math.floor(math.log10(high / 2))
        step = next(step * m for m in (1, 2, 5, 10) if high / (step * m) <= 6)
        return [step * i for i in range(int(high / step) + 1)]
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    return [m * 10 ** e for e in range(-3, 10) for m in steps if low <= m * 10 ** e <= high]


class Chart:
    """Lines over a few named places on the x axis; the y axis is logarithmic unless told."""

    def __init__(self, drawing, left, top, title, subtitle, room=150):
        self.drawing, self.left, self.top = drawing, left + 56, top + 56
        self.width, self.height = PANEL_WIDTH - 56 - room, PANEL_HEIGHT - 56 - 34
        drawing.text(left, top + 14, title, 16, weight='bold')
        drawing.text(left, top + 34, subtitle, 12, FAINT)

    def draw(self, places, series, linear=False):
        """series: a list of (name, colour, width, {place: value})."""
        values = [value for _, _, _, points in series for value in points.values()]
        low = 0 if linear else min(values) * 0.85
        high = max(values) * (1.08 if linear else 1.15)

        def x_of(place):
            return self.left + (places.index(place) + 0.25) * self.width / (len(places) - 0.5)

        def y_of(value):
            part = value / high if linear else math.log(value / low) / math.log(high / low)
            return self.top + self.height * (1 - part)

        for tick in nice_ticks(low, high, linear):
            self.drawing.line([(self.left, y_of(tick)), (self.left + self.width, y_of(tick))],
                              GRID)
            self.drawing.text(self.left - 8, y_of(tick) + 4, short(tick), 11, FAINT, 'end')
        for place in places:
            self.drawing.text(x_of(place), self.top + self.height + 18, place, 11, FAINT,
                              'middle')
        ends = []
        for _, colour, width, points in series:
            line = [(x_of(place), y_of(points[place])) for place in places if place in points]
            self.drawing.line(line, colour, width)
            for x, y in line:
                self.drawing.dot(x, y, colour, 1.4 + width * 0.7)
            ends.append(line[-1])
        label_x = self.left + self.width + 12
        heights = spread([y for _, y in ends], 15, self.top + 4, self.top + self.height)
        for (name, colour, width, _), (x, y), height in zip(series, ends, heights):
            self.drawing.line([(x + 4, y), (label_x - 3, height)], colour, 0.6, '2 2')
            self.drawing.text(label_x, height + 4, name, 11.5, colour,
                              weight='bold' if width > 2 else 'normal')


def peers(rows, cpus):
    """The sweep over all peers: sizes, and a series for each peer."""
    # Eight bytes, and binder's copies, are there for a comparison only.
    cells = [row for row in rows if row.get('peer') and row['cpus'] == cpus and 'p50' in row and
             row['size'] != 8 and 'copied' not in row['peer']]
    sizes = sorted({row['size'] for row in cells})
    names, series = {}, []
    for size in sizes:
        names[size] = (f'{size} B' if size < 1024 or size % 1024 else
                       f'{size >> 10} KiB' if size < 1 << 20 else f'{size >> 20} MiB')
    others = iter(OTHERS * 2)
    for peer in dict.fromkeys(row['peer'] for row in cells):
        own = peer.startswith('kdbus')
        colour = KDBUS['EXCHANGE' not in peer] if own else next(others)
        points = {names[row['size']]: row['p50'] / 1000 for row in cells if row['peer'] == peer}
        series.append((peer, colour, 3.0 if own else 1.3, points))
    return [names[size] for size in sizes], series


def draw_peers(drawing, left, top, rows, cpus):
    """A panel: what a call costs over each peer."""
    places, series = peers(rows, cpus)
    counted = any(row.get('unit') == 'instructions' for row in rows)
    where = 'both ends on one CPU' if cpus == 1 else 'a CPU for each end'
    Chart(drawing, left, top, 'Call and reply, by payload',
          f'{"thousands of instructions" if counted else "microseconds, median"}; {where}'
          ).draw(places, series)


def draw_marks(drawing, left, top, rows):
    """A panel: ratios and their marks."""
    drawing.text(left, top + 14, 'Ratios and marks', 16, weight='bold')
    drawing.text(left, top + 34, 'bar: share of what the ruler costs; line: the mark', 12, FAINT)
    judged = [row for row in rows if 'mark' in row and 'ratio' in row]
    highest = max(max(row['ratio'], row['mark']) for row in judged)
    height = (PANEL_HEIGHT - 60) / len(judged)
    start, width = left + 250, PANEL_WIDTH - 250 - 50
    for i, row in enumerate(judged):
        y = top + 52 + i * height
        met = row['ratio'] <= row['mark']
        scale = width / highest
        drawing.text(start - 10, y + height / 2 + 4, f'{row["row"]} : {row["ruler"]}', 11,
                     anchor='end')
        drawing.box(start, y + height * 0.18, row['ratio'] * scale, height * 0.64,
                    MET if met else NOT_MET)
        mark = start + row['mark'] * scale
        drawing.line([(mark, y + 1), (mark, y + height - 1)], INK, 2)
        drawing.text(start + max(row['ratio'], row['mark']) * scale + 6, y + height / 2 + 4,
                     f'{row["ratio"]:.2f}', 11, MET if met else NOT_MET, weight='bold')


def by_count(rows, prefix, value):
    """{count: value} of the rows of a family."""
    return {short(row['count']): value(row) for row in sorted(
        (row for row in rows if row['row'].startswith(prefix) and 'p50' in row and
         row['row'][len(prefix):].isdigit()), key=lambda row: row['count'])}


def draw_fan_out(drawing, left, top, rows):
    """A panel: what each receiver of a signal costs."""
    own = by_count(rows, 'broadcast-', lambda row: row['p50'] / row['count'])
    ruler = by_count(rows, 'broadcast-', lambda row: row['ruler_p50'] / row['count'])
    unit = 'instructions' if rows[0].get('unit') == 'instructions' else 'ns'
    Chart(drawing, left, top, 'Signal of 64 B, by number of receivers',
          f'{unit} for each receiver, sending only').draw(
              list(own), [('one broadcast', KDBUS[0], 3.0, own),
                          ('send() to each', OTHERS[0], 1.5, ruler)], linear=True)


def draw_crowd(drawing, left, top, rows):
    """A panel: what those cost whom a signal does not concern."""
    families = (('crowd-matches-', 'unrelated matches', KDBUS[0]),
                ('crowd-connections-', 'other connections', OTHERS[0]))
    series = [(name, colour, 3.0 if colour == KDBUS[0] else 1.5,
               by_count(rows, prefix, lambda row: row['ratio']))
              for prefix, name, colour in families]
    series = [entry for entry in series if entry[3]]
    places = max((list(entry[3]) for entry in series), key=len)
    Chart(drawing, left, top, 'Signal to one receiver among strangers',
          'ratio to the same signal without them').draw(places, series, linear=True)


def draw_libraries(drawing, left, top, rows):
    """A panel: stock programs over each bus, as shares of dbus-daemon's."""
    drawing.text(left, top + 14, 'Stock D-Bus libraries over each bus', 16, weight='bold')
    drawing.text(left, top + 34, 'as shares of what the same costs over dbus-daemon', 12, FAINT)
    judged = [row for row in rows if 'daemon_p50' in row and 'p50' in row]
    height = (PANEL_HEIGHT - 60) / len(judged)
    start, width = left + 200, PANEL_WIDTH - 200 - 60
    top_ratio = max(max(row['p50'], row.get('broker_p50', 0)) / row['daemon_p50']
                    for row in judged)
    scale = width / max(top_ratio, 1)
    for i, row in enumerate(judged):
        y = top + 52 + i * height
        drawing.text(start - 10, y + height / 2 + 4, row['title'], 11, anchor='end')
        bars = [('kdbus', row['p50'], KDBUS[0])]
        if 'broker_p50' in row:
            bars.append(('dbus-broker', row['broker_p50'], OTHERS[0]))
        for j, (name, value, colour) in enumerate(bars):
            share = value / row['daemon_p50']
            drawing.box(start, y + height * (0.12 + 0.4 * j), share * scale, height * 0.34,
                        colour)
            drawing.text(start + share * scale + 6, y + height * (0.12 + 0.4 * j + 0.28),
                         f'{share:.2f}' + (f'  {name}' if i == 0 else ''), 10, colour)
    drawing.line([(start + scale, top + 48), (start + scale, top + PANEL_HEIGHT - 8)], FAINT, 1,
                 '4 3')


def panels(rows):
    """Functions that draw what the rows have."""
    found = []
    for cpus in (1, 2):
        if len(peers(rows, cpus)[0]) > 1:
            found.append(lambda d, x, y, cpus=cpus: draw_peers(d, x, y, rows, cpus))
    if (any('mark' in row and 'ratio' in row for row in rows) and
            any(row.get('unit') == 'instructions' for row in rows)):
        found.append(lambda d, x, y: draw_marks(d, x, y, rows))
    if len(by_count(rows, 'broadcast-', lambda row: 1)) > 1:
        found.append(lambda d, x, y: draw_fan_out(d, x, y, rows))
    if any(len(by_count(rows, prefix, lambda row: 1)) > 1
           for prefix in ('crowd-matches-', 'crowd-connections-')):
        found.append(lambda d, x, y: draw_crowd(d, x, y, rows))
    if any('daemon_p50' in row for row in rows):
        found.append(lambda d, x, y: draw_libraries(d, x, y, rows))
    return found


def main():
    """Read, draw, write."""
    with open(sys.argv[1], encoding='utf-8') as lines:
        rows = [json.loads(line) for line in lines]
    found = panels(rows)
    if not found:
        return
    columns = min(len(found), 2)
    width = GAP + columns * (PANEL_WIDTH + GAP)
    drawing = Drawing()
    drawing.text(GAP, 44, 'kdbus beside its peers', 22, weight='bold')
    drawing.text(GAP, 66, f'Linux {rows[0].get("kernel", "")}, one boot', 13, FAINT)
    for i, panel in enumerate(found):
        panel(drawing, GAP + i % columns * (PANEL_WIDTH + GAP),
              92 + i // columns * (PANEL_HEIGHT + GAP))
    height = 92 + (len(found) + columns - 1) // columns * (PANEL_HEIGHT + GAP)
    drawing.write(sys.argv[2], width, height)


if __name__ == '__main__':
    main()
