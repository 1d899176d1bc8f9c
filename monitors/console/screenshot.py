#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A terminal's screen as SVG, for documents.

    tmux new-session -d -s shot -x 118 -y 34 'wf console'
    tmux capture-pane -t shot -e -p | monitors/console/screenshot.py > monitors/console/screen.svg

`screen.svg` and `trend.svg` (`wf console --display thermal/trend`, zoomed out) are of the demonstration, two and a half
minutes after its start: the transmitter's amplifier is hot then, the bus voltage a minute and a half later.
"""
import html
import re
import sys

CELL, LINE, MARGIN = 8.4, 18, 12
BACKGROUND, FOREGROUND = "#11151c", "#c8ccd4"
PALETTE = ["#1c1f26", "#e06c75", "#8fc27a", "#e5b567", "#6ca6e0", "#c58fdc", "#5fc0c0", "#d7dae0",
           "#7f848e", "#ff7b85", "#a5e08c", "#ffd37a", "#8cc2ff", "#e0a8f5", "#7fe0e0", "#ffffff"]
SGR = re.compile(r"\x1b\[([0-9;]*)m")


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fg, self.bg, self.bold, self.dim, self.reverse = None, None, False, False, False

    def apply(self, numbers):
        numbers = list(numbers)
        while numbers:
            number = numbers.pop(0)
            if number == 0:
                self.reset()
            elif number in (1, 2, 7):
                setattr(self, {1: "bold", 2: "dim", 7: "reverse"}[number], True)
            elif number == 22:
                self.bold = self.dim = False
            elif number == 27:
                self.reverse = False
            elif 30 <= number <= 37 or 90 <= number <= 97:
                self.fg = PALETTE[number - 30 if number < 40 else number - 82]
            elif 40 <= number <= 47 or 100 <= number <= 107:
                self.bg = PALETTE[number - 40 if number < 50 else number - 92]
            elif number in (38, 48) and len(numbers) >= 2 and numbers.pop(0) == 5:
                setattr(self, "fg" if number == 38 else "bg", indexed(numbers.pop(0)))
            elif number == 39:
                self.fg = None
            elif number == 49:
                self.bg = None

    def colours(self):
        fg, bg = self.fg or FOREGROUND, self.bg
        return (bg or BACKGROUND, fg) if self.reverse else (fg, bg)


def indexed(number):
    """Colour of xterm's palette of 256."""
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return "#" + "%02x" % (8 + 10 * (number - 232)) * 3
    number -= 16
    return "#" + "".join("%02x" % (55 + 40 * one if one else 0)
                         for one in (number // 36, number // 6 % 6, number % 6))


def draw(lines):
    style, shapes, width = Style(), [], 0
    for row, line in enumerate(lines):
        column, top = 0, MARGIN + row * LINE
        for index, part in enumerate(SGR.split(line)):
            if index % 2:
                style.apply(int(one or 0) for one in part.split(";"))
                continue
            if not part:
                continue
            x, length = MARGIN + column * CELL, len(part) * CELL
            fg, bg = style.colours()
            if bg:
                shapes.append(f'<rect x="{x:.1f}" y="{top}" width="{length:.1f}" height="{LINE}" '
                              f'fill="{bg}"/>')
            if part.strip():
                extra = ' font-weight="bold"' if style.bold else ""
                extra += ' opacity="0.6"' if style.dim else ""
                shapes.append(f'<text x="{x:.1f}" y="{top + 14}" textLength="{length:.1f}" '
                              f'fill="{fg}"{extra}>{html.escape(part)}</text>')
            column += len(part)
        width = max(width, column)
    size = (width * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]:.0f} {size[1]}" '
        f'width="{size[0]:.0f}" height="{size[1]}">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        "<g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" "
        'xml:space="preserve" style="white-space:pre">', *shapes, "</g></svg>"])


if __name__ == "__main__":
    screen = sys.stdin.read().rstrip("\n").split("\n")
    print(draw(screen))
