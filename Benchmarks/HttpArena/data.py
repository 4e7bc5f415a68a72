"""Data of the shape that HttpArena mounts at /data: 50 items, and 20 files of its sizes. A clone of HttpArena has the originals."""

from __future__ import annotations

import json
import random
from pathlib import Path

#: Sizes in KB, by name.
FILES = {
    "reset.css": 8, "layout.css": 25, "theme.css": 40, "components.css": 200, "utilities.css": 60,
    "analytics.js": 12, "helpers.js": 22, "app.js": 200, "vendor.js": 300, "router.js": 35,
    "header.html": 120, "footer.html": 55, "regular.woff2": 18, "bold.woff2": 22, "logo.svg": 15, "icon-sprite.svg": 70,
    "hero.webp": 45, "thumb1.webp": 6, "thumb2.webp": 8, "manifest.json": 3,
}
_WORDS = ("fast", "new", "popular", "sale", "wireless", "heavy-duty", "compact", "premium")


def make(folder: Path) -> None:
    """Writes dataset.json and static/, the same each time."""
    chance = random.Random(14)
    items = [
        {
            "id": number,
            "name": f"{chance.choice(('Alpha', 'Core', 'Pro', 'Ultra'))} {chance.choice(('Widget', 'Valve', 'Relay', 'Sensor'))}",
            "category": chance.choice(("electronics", "tools", "books", "sports")),
            "price": chance.randint(1, 500),
            "quantity": chance.randint(1, 100),
            "active": chance.random() < 0.7,
            "tags": chance.sample(_WORDS, chance.randint(2, 4)),
            "rating": {"score": chance.randint(1, 50), "count": chance.randint(1, 300)},
        }
        for number in range(1, 51)
    ]
    (folder / "static").mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps(items))
    for name, size in FILES.items():
        (folder / "static" / name).write_bytes(chance.randbytes(size * 512).hex().encode())
