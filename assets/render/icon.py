"""Draws the app's icon: a person before a room that has melted into circles of light.

python assets/render/icon.py assets/humanseg_assets/icons/humanseg.svg
"""

import sys
from pathlib import Path

SIZE, MARGIN, CORNER = 256, 12, 54

# They end on the tile's own edge: not every program that draws SVG can clip.
SHOULDERS = "M50 241C54 196 90 168 128 168s74 28 78 73q-8 3-16 3H66q-8 0-16-3z"

LIGHTS = ((196, 70, 30, 0.16), (54, 92, 22, 0.12), (214, 150, 20, 0.10), (46, 164, 14, 0.14))
"""Centre, radius and opacity of each circle."""


def main() -> None:
    """Write the icon to the path that the command line names."""
    inner = SIZE - 2 * MARGIN
    lights = "".join(
        f'  <circle cx="{x}" cy="{y}" r="{radius}" fill="#fff" opacity="{opacity:g}"/>\n'
        for x, y, radius, opacity in LIGHTS
    )
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}">
  <defs>
    <linearGradient id="room" x1="0" y1="0" x2="1" y2="1">
      <stop offset="0" stop-color="#2aa897"/>
      <stop offset="1" stop-color="#0c4f52"/>
    </linearGradient>
  </defs>
  <rect x="{MARGIN}" y="{MARGIN}" width="{inner}" height="{inner}" rx="{CORNER}" fill="url(#room)"/>
{lights}  <circle cx="128" cy="104" r="44" fill="#fff"/>
  <path d="{SHOULDERS}" fill="#fff"/>
</svg>
"""
    Path(sys.argv[1]).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
