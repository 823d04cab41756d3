#!/usr/bin/env python3
"""Draws the three pictures of docs/layout.md as SVG, beside this file: python3 docs/drawings/draw.py

Each picture is a list of boxes, texts and arrows; the standard library is enough.
"""
from pathlib import Path
from xml.sax.saxutils import escape

INK, MUTED = "#1f2430", "#667085"
FILL = {"value": "#dbeafe", "kept": "#bfdbfe", "recipe": "#fef3c7", "slot": "#dcfce7", "step": "#ede9fe", "gap": "#f3f4f6",
        "range": "#fdba74", "parameter": "#fee2e2"}


class Picture:
    def __init__(self, width, height, title):
        self.size, self.title, self.parts = (width, height), title, []

    def box(self, x, y, w, h, kind, *lines, dashed=False):
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="5" fill="{FILL[kind]}" stroke="{INK}"{dash}/>')
        for i, line in enumerate(lines):
            self.text(x + w / 2, y + h / 2 + 5 + 16 * (i - (len(lines) - 1) / 2), line, "middle")

    def text(self, x, y, line, anchor="start", muted=False, size=13):
        color = MUTED if muted else INK
        self.parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{escape(line)}</text>')

    def arrow(self, x1, y1, x2, y2, dashed=False, head=True):
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        tip = ' marker-end="url(#head)"' if head else ""
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}"{tip}{dash}/>')

    def save(self, name):
        width, height = self.size
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
                f'font-family="system-ui, sans-serif" role="img"><title>{escape(self.title)}</title>'
                '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
                f'<path d="M0,0 L8,4 L0,8 z" fill="{INK}"/></marker></defs>'
                f'<rect width="{width}" height="{height}" fill="#ffffff"/>')
        Path(__file__).with_name(name).write_text(head + "\n" + "\n".join(self.parts) + "\n</svg>\n")


def layout():
    p = Picture(760, 330, "An image in memory: pixels of C channels, rows with a pitch, and a range of channels as a view")
    p.text(20, 28, "(H, W, C) = (2, 3, 4), contiguous: pitch 4", size=15)
    for pixel in range(6):
        for c in range(4):
            p.box(20 + pixel * 118 + c * 27, 44, 26, 34, "value", f"c{c}")
        p.text(20 + pixel * 118 + 54, 96, f"pixel ({pixel // 3}, {pixel % 3})", "middle", muted=True)
    p.text(20, 150, "channel_range(4, 2) of a buffer of 6 channels: shape (2, 3, 2), pitch 6", size=15)
    for pixel in range(4):
        for c in range(6):
            p.box(20 + pixel * 178 + c * 27, 166, 26, 34, "range" if c >= 4 else "gap", f"c{c}")
    p.text(20 + 4 * 178 - 6, 188, "...")
    p.arrow(20 + 4 * 27, 222, 20 + 178 + 4 * 27, 222)
    p.text(20 + 4 * 27 + 89, 240, "pitch: 6 values to the next pixel of the range", "middle", muted=True)
    p.text(20, 280, "A kernel sees a pointer, the number of rows (pixels), the channels and the pitch. A layer of a dense block writes")
    p.text(20, 300, "its range of one buffer in place: nothing is ever concatenated. A convolution reads a pixel's channels as one run.")
    p.save("layout.svg")


def tape():
    p = Picture(860, 470, "A tape of three operations: what each step keeps, and the way back")
    p.text(20, 26, "forward: values", size=15)
    names = ["x", "z = conv2d(x, w)", "y = batch_norm(z), relu", "s = conv2d(y, v)"]
    kinds = ["value", "kept", "recipe", "value"]
    for i, (name, kind) in enumerate(zip(names, kinds)):
        p.box(20 + i * 212, 40, 180, 44, kind, name)
        if i:
            p.arrow(20 + i * 212 - 32, 62, 20 + i * 212, 62)
    p.text(546, 104, "a recipe over z: never kept", muted=True)
    p.text(20, 146, "the tape: one step an operation", size=15)
    steps = [("step 1: conv2d", "keeps x, w", "slots of x, w"), ("step 2: batch_norm", "keeps z, scale, shift", "slots of z, gamma, beta"),
             ("step 3: conv2d", "keeps the recipe of y, v", "slots of y, v")]
    for i, step in enumerate(steps):
        p.box(232 + i * 212, 160, 180, 72, "step", *step)
        p.arrow(322 + i * 212, 84, 322 + i * 212, 160, dashed=True)
    p.text(20, 276, "slots: where gradients gather", size=15)
    for i, name in enumerate(["dx", "dz", "dy", "ds, from the next step"]):
        p.box(20 + i * 212, 290, 180, 40, "slot", name)
        if i:
            p.arrow(20 + i * 212, 310, 20 + i * 212 - 32, 310)
            p.arrow(322 + (i - 1) * 212, 290, 322 + (i - 1) * 212, 232, dashed=True)
    p.box(20, 352, 180, 40, "parameter", "dw, dgamma, dbeta, dv")
    p.text(20, 424, "Backward takes the last step off the tape, hands it the gradient of its result, and the closure adds to the slots of its inputs.")
    p.text(20, 444, "The step is then dropped with all it kept. Step 3 computes y again from z for dv; step 2 writes dz over dy.")
    p.save("tape.svg")


def residual_block():
    p = Picture(860, 520, "Who keeps what in a residual block while it waits for its backward pass")
    p.text(20, 26, "y = relu(norm2(conv2(relu(norm1(conv1(x))))) + x)", size=15)
    column = 300
    rows = [("kept", "x", "kept: conv1's weights, and the sum"), ("kept", "z1 = conv1(x)", "kept by norm1"),
            ("recipe", "a = relu(norm1(z1))", "recipe over z1: conv2 captures it"), ("kept", "z2 = conv2(a)", "kept by norm2"),
            ("kept", "y = relu(norm2(z2) + x)", "kept: the next block's x")]
    for i, (kind, name, why) in enumerate(rows):
        y = 50 + i * 84
        p.box(column, y, 240, 44, kind, name, dashed=kind == "recipe")
        p.text(column + 260, y + 27, why, muted=True)
        if i:
            p.arrow(column + 120, y - 40, column + 120, y)
    p.arrow(column, 72, 120, 72, head=False)
    p.arrow(120, 72, 120, 50 + 4 * 84 + 22, head=False)
    p.arrow(120, 50 + 4 * 84 + 22, column, 50 + 4 * 84 + 22)
    p.text(132, 250, "the shortcut", muted=True)
    p.text(20, 470, "Solid boxes live from forward to backward: three maps a block. The dashed one lives for one convolution, twice: when conv2")
    p.text(20, 490, "runs, and when the gradient of conv2's weights is computed. A norm and its activation cost one pass to compute again.")
    p.save("residual_block.svg")


if __name__ == "__main__":
    layout()
    tape()
    residual_block()
