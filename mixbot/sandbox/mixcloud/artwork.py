"""Covers, faces and banners, drawn for their path: the same path is always the same picture.

Everything is measured in shares of the picture, so every size shows the same motif.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mixbot.sandbox.mixcloud.palettes import Palette, palette_of

Rgb = tuple[int, int, int]
Point = tuple[float, float]

SMALLEST_CANVAS = 480
FINEST_CANVAS = 1600
GRAIN = 128


@lru_cache(maxsize=160)
def draw(path: str, width: int, height: int) -> bytes:
    """The picture at `path` in the size asked for: PNG where the path says so, else JPEG."""
    finer = max(1.0, min(2.0, FINEST_CANVAS / max(width, height)))
    finer = max(finer, SMALLEST_CANVAS / max(width, height))
    canvas = Canvas(round(width * finer), round(height * finer), palette_of(path), chance(path))
    motif = _motif(path, canvas.random)
    motif(canvas)
    image = canvas.image.resize((width, height), Image.Resampling.LANCZOS)
    if motif is not nobody:
        image = _grained(image, chance(path))
    buffer = BytesIO()
    if path.endswith(".png"):
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def chance(path: str) -> Random:
    """What is left to chance in the picture at `path`: always the same."""
    return Random(path)  # noqa: S311 - a picture, not a secret


class Canvas:
    """A picture in the making, its colours, and the chance that shapes it."""

    def __init__(self, width: int, height: int, palette: Palette, random: Random) -> None:
        self.width = width
        self.height = height
        self.random = random
        self.night, self.deep, self.accent, self.warm, self.light = map(_rgb, palette)
        self.image = Image.new("RGB", (width, height), self.deep)
        self.pen = ImageDraw.Draw(self.image)

    @property
    def unit(self) -> int:
        """The shorter side."""
        return min(self.width, self.height)

    def gradient(self, *colours: Rgb, angle: float = 90) -> None:
        """Fill everything from one colour to the next; 90 degrees is downwards."""
        strip = Image.new("RGB", (1, 256))
        strip.putdata([_between(colours, place / 255) for place in range(256)])
        across = math.hypot(self.width, self.height)
        side = round(across) + 2
        field = strip.resize((side, side), Image.Resampling.BICUBIC).rotate(
            90 - angle, Image.Resampling.BICUBIC
        )
        left, top = (side - self.width) // 2, (side - self.height) // 2
        self.image.paste(field.crop((left, top, left + self.width, top + self.height)))

    def disc(self, centre: Point, radius: float, colour: Rgb) -> None:
        """A filled circle; `radius` is a share of the shorter side."""
        x, y = self.at(centre)
        r = radius * self.unit
        self.pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def ring(self, centre: Point, radius: float, width: float, colour: Rgb) -> None:
        x, y = self.at(centre)
        r = radius * self.unit
        self.pen.ellipse(
            (x - r, y - r, x + r, y + r), outline=colour, width=max(1, round(width * self.unit))
        )

    def shape(self, points: Sequence[Point], colour: Rgb) -> None:
        self.pen.polygon([self.at(point) for point in points], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Rgb) -> None:
        self.pen.rectangle((*self.at((left, top)), *self.at((right, bottom))), fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Rgb) -> None:
        pixels = max(1, round(width * self.unit))
        self.pen.line([self.at(point) for point in points], colour, pixels, joint="curve")

    def glow(self, centre: Point, radius: float, colour: Rgb, strength: float = 1.0) -> None:
        """Light without an edge."""
        small = Image.new("L", (self.width // 8 + 1, self.height // 8 + 1))
        x, y = (part / 8 for part in self.at(centre))
        r = radius * self.unit / 8
        ImageDraw.Draw(small).ellipse((x - r, y - r, x + r, y + r), fill=round(255 * strength))
        mask = small.filter(ImageFilter.GaussianBlur(r / 2)).resize(self.image.size)
        self.image.paste(Image.new("RGB", self.image.size, colour), mask=mask)

    def at(self, point: Point) -> Point:
        return point[0] * self.width, point[1] * self.height


# Motifs


def sunset(canvas: Canvas) -> None:
    """A striped sun going down behind hills."""
    random = canvas.random
    canvas.gradient(canvas.night, canvas.deep, canvas.accent, canvas.warm)
    sun, size = (random.uniform(0.3, 0.7), random.uniform(0.42, 0.52)), random.uniform(0.2, 0.27)
    canvas.glow(sun, size * 1.7, canvas.warm, 0.55)
    disc = Image.new("L", canvas.image.size)
    pen = ImageDraw.Draw(disc)
    (x, y), r = canvas.at(sun), size * canvas.unit
    pen.ellipse((x - r, y - r, x + r, y + r), fill=255)
    for stripe in range(6):
        top = y + r * (stripe * 0.17 - 0.05)
        pen.rectangle((0, top, canvas.width, top + r * (0.02 + 0.018 * stripe)), fill=0)
    canvas.image.paste(Image.new("RGB", canvas.image.size, canvas.light), mask=disc)
    for layer, height in enumerate((0.62, 0.71, 0.81, 0.91)):
        colour = _between((canvas.accent, canvas.deep, canvas.night), layer / 3)
        canvas.shape([(1, 1), (0, 1), *_swell(random, height, 0.05)], colour)


def record(canvas: Canvas) -> None:
    """Grooves around a label, most of it outside the picture."""
    random = canvas.random
    canvas.gradient(canvas.warm, canvas.accent, angle=random.choice((45, 90, 135)))
    centre = (random.choice((0.22, 0.5, 0.78)), random.choice((0.3, 0.5, 0.72)))
    canvas.disc(centre, 0.66, canvas.night)
    for groove in range(26):
        colour = _between((canvas.night, canvas.deep), 0.35 + 0.5 * random.random())
        canvas.ring(centre, 0.64 - groove * 0.0155, 0.003, colour)
    canvas.disc(centre, 0.23, canvas.light)
    canvas.disc(centre, 0.21, canvas.accent)
    start = random.randrange(360)
    (x, y), r = canvas.at(centre), 0.21 * canvas.unit
    canvas.pen.pieslice((x - r, y - r, x + r, y + r), start, start + 180, fill=canvas.warm)
    canvas.disc(centre, 0.03, canvas.night)


def tiles(canvas: Canvas) -> None:
    """Quarter circles, halves, dots and triangles on a grid."""
    random = canvas.random
    across = random.choice((3, 4, 5)) * canvas.width // canvas.unit
    down = max(1, round(across * canvas.height / canvas.width))
    side = canvas.width / across
    colours = [canvas.night, canvas.deep, canvas.accent, canvas.accent, canvas.warm, canvas.light]
    for column in range(across):
        for row in range(down + 1):
            ground, figure, spot = random.sample(colours, k=3)
            x, y = column * side, row * side
            canvas.pen.rectangle((x, y, x + side, y + side), fill=ground)
            _tile(canvas, random, (x, y, x + side, y + side), figure, spot)


def _tile(
    canvas: Canvas,
    random: Random,
    box: tuple[float, float, float, float],
    figure: Rgb,
    spot: Rgb,
) -> None:
    x, y, right, bottom = box
    side = right - x
    turn = random.randrange(4)
    match random.choice(("quarter", "quarter", "leaf", "half", "dot", "triangle", "steps")):
        case "quarter":
            cx, cy = x + side * (turn % 2), y + side * (turn // 2)
            for size, colour in ((1.0, figure), (0.5, spot)):
                r = side * size
                _clipped_disc(canvas, box, (cx, cy), r, colour)
        case "leaf":
            canvas.pen.pieslice((x, y, x + 2 * side, y + 2 * side), 180, 270, fill=figure)
            canvas.pen.pieslice((x - side, y - side, right, bottom), 0, 90, fill=spot)
        case "half":
            start = turn * 90
            canvas.pen.pieslice(box, start, start + 180, fill=figure)
        case "dot":
            inset = side * 0.18
            canvas.pen.ellipse((x + inset, y + inset, right - inset, bottom - inset), fill=figure)
            inset = side * 0.36
            canvas.pen.ellipse((x + inset, y + inset, right - inset, bottom - inset), fill=spot)
        case "triangle":
            corners = [(x, y), (right, y), (right, bottom), (x, bottom)]
            del corners[turn]
            canvas.pen.polygon(corners, fill=figure)
        case _:
            for step in range(4):
                top = y + side * step / 4
                canvas.pen.rectangle((x, top, right, top + side / 8), fill=figure)


def _clipped_disc(
    canvas: Canvas,
    box: tuple[float, float, float, float],
    centre: Point,
    radius: float,
    colour: Rgb,
) -> None:
    x, y = centre
    left, top, right, bottom = box
    start = {(True, True): 0, (False, True): 90, (False, False): 180, (True, False): 270}[
        x < (left + right) / 2, y < (top + bottom) / 2
    ]
    canvas.pen.pieslice(
        (x - radius, y - radius, x + radius, y + radius), start, start + 90, fill=colour
    )


def waves(canvas: Canvas) -> None:
    """Bands of water, from the light above to the night below."""
    random = canvas.random
    canvas.gradient(canvas.light, canvas.warm)
    canvas.disc((random.uniform(0.2, 0.8), 0.2), random.uniform(0.08, 0.13), canvas.accent)
    bands = random.randint(6, 9)
    for band in range(bands):
        share = band / (bands - 1)
        colour = _between(
            (canvas.warm, canvas.accent, canvas.deep, canvas.night), 0.12 + 0.88 * share
        )
        edge = _swell(random, 0.3 + 0.66 * share, 0.045)
        canvas.shape([(1, 1), (0, 1), *edge], colour)


def orbs(canvas: Canvas) -> None:
    """Soft lights running into each other, and one thin ring."""
    random = canvas.random
    canvas.gradient(canvas.night, canvas.deep, angle=random.uniform(0, 180))
    for colour in (canvas.accent, canvas.deep, canvas.warm, canvas.accent):
        spot = (random.uniform(0.1, 0.9), random.uniform(0.1, 0.9))
        canvas.glow(spot, random.uniform(0.24, 0.42), colour)
    centre = (random.uniform(0.4, 0.6), random.uniform(0.4, 0.6))
    for place in range(random.randint(1, 3)):
        canvas.ring(centre, 0.33 - place * 0.05, 0.006, canvas.light)


def rays(canvas: Canvas) -> None:
    """A sun with rays to every edge."""
    random = canvas.random
    centre = (random.choice((0.5, 0.28, 0.72)), random.choice((0.5, 0.86, 0.62)))
    count, turn = random.choice((18, 24, 32)), random.random()
    canvas.gradient(canvas.accent, canvas.accent)
    for ray in range(count):
        start, end = (math.tau * (ray + turn + part) / count for part in (0, 0.5))
        far = 2.2
        corners = [
            (centre[0] + far * math.cos(angle), centre[1] + far * math.sin(angle))
            for angle in (start, end)
        ]
        canvas.shape([centre, *corners], _between((canvas.warm, canvas.accent), 0.15))
    for radius, colour in (
        (0.34, canvas.light),
        (0.31, canvas.deep),
        (0.24, canvas.warm),
        (0.16, canvas.night),
        (0.05, canvas.light),
    ):
        canvas.disc(centre, radius, colour)


def skyline(canvas: Canvas) -> None:
    """Rounded bars between a level meter and a city, with their reflection."""
    random = canvas.random
    canvas.gradient(canvas.night, canvas.deep)
    canvas.glow((random.uniform(0.2, 0.8), 0.6), 0.45, canvas.accent, 0.5)
    canvas.box(0, 0.648, 1, 0.657, canvas.accent)
    count = round(random.choice((11, 15, 19)) * canvas.width / canvas.unit)
    wide, phase = 1 / count, random.random() * math.tau
    for bar in range(count):
        height = 0.1 + 0.42 * abs(math.sin(phase + bar * 0.5)) * random.uniform(0.55, 1)
        colour = _between((canvas.accent, canvas.warm, canvas.light), height / 0.52)
        left, right = (bar + 0.18) * wide, (bar + 0.82) * wide
        radius = (right - left) * canvas.width / 2
        for top, bottom, shade in (
            (0.64 - height, 0.64, colour),
            (0.665, 0.665 + height * 0.55, _between((canvas.night, colour), 0.32)),
        ):
            edges = (*canvas.at((left, top)), *canvas.at((right, bottom)))
            canvas.pen.rounded_rectangle(edges, radius, fill=shade)


def dots(canvas: Canvas) -> None:
    """A raster of dots that swell in waves."""
    random = canvas.random
    ground, ink = random.choice(
        ((canvas.light, canvas.accent), (canvas.night, canvas.accent), (canvas.warm, canvas.deep))
    )
    canvas.gradient(ground, ground)
    step = 1 / random.choice((13, 16, 20))
    focus, phase = (random.random(), random.random()), random.uniform(0, 6)
    across, down = canvas.width / canvas.unit, canvas.height / canvas.unit
    for column in range(round(across / step) + 2):
        for row in range(round(down / step) + 2):
            x, y = (column + row % 2 / 2) * step / across, row * step / down
            distance = math.hypot((x - focus[0]) * across, (y - focus[1]) * down)
            size = 0.5 + 0.5 * math.sin(distance * 9 - phase)
            colour = _between((ink, canvas.warm if ink != canvas.deep else canvas.accent), 1 - size)
            canvas.disc((x, y), step * (0.1 + 0.42 * size), colour)


def ribbons(canvas: Canvas) -> None:
    """A bundle of stripes that comes in and turns a corner."""
    random = canvas.random
    canvas.gradient(canvas.light, canvas.light)
    colours = [canvas.night, canvas.deep, canvas.accent, canvas.warm, canvas.accent]
    random.shuffle(colours)
    mirrored, upside_down = random.random() < 0.5, random.random() < 0.4
    width, corner = random.uniform(0.065, 0.09), random.uniform(0.2, 0.4)

    def turned(x: float, y: float) -> Point:
        return (1 - x if mirrored else x), (1 - y if upside_down else y)

    for place, colour in enumerate([*colours, canvas.light]):
        radius = 0.68 - place * width
        angles = [math.pi / 2 * part / 60 for part in range(61)]
        bend = [
            turned(corner + radius * math.sin(angle), 0.98 - radius * math.cos(angle))
            for angle in angles
        ]
        start, end = turned(-0.1, 0.98 - radius), turned(corner + radius, 1.1)
        canvas.shape([turned(-0.1, 1.1), start, *bend, end], colour)
    canvas.disc(turned(0.8, 0.2), 0.11, canvas.accent)


def contours(canvas: Canvas) -> None:
    """Ridge behind ridge, drawn as lines: a radio signal from far away."""
    random = canvas.random
    canvas.gradient(canvas.night, canvas.night)
    lines, peak = 26, random.uniform(0.35, 0.65)
    bumps = [(random.uniform(-0.2, 0.2), random.uniform(0.03, 0.1)) for _ in range(9)]
    for line in range(lines):
        base = 0.2 + 0.68 * line / lines
        colour = _between((canvas.light, canvas.warm, canvas.accent), line / lines)
        heights = [random.uniform(0.15, 1) for _ in bumps]
        points = []
        for place in range(121):
            x = 0.08 + 0.84 * place / 120
            rise = sum(
                height * math.exp(-(((x - peak - offset) / spread) ** 2))
                for height, (offset, spread) in zip(heights, bumps, strict=True)
            )
            points.append((x, base - 0.038 * rise - 0.002 * random.random()))
        canvas.shape([(0.92, base + 0.06), (0.08, base + 0.06), *points], canvas.night)
        canvas.line(points, 0.0055, colour)


def totem(canvas: Canvas) -> None:
    """Half circles piled up in the middle: a face, perhaps. For people's pictures."""
    random = canvas.random
    canvas.gradient(
        *random.choice(
            (
                (canvas.accent, canvas.warm),
                (canvas.deep, canvas.accent),
                (canvas.night, canvas.deep),
            )
        ),
        angle=random.choice((45, 90, 135)),
    )
    canvas.disc((0.5, 1.05), 0.42, canvas.night)
    canvas.disc((0.5, 0.46), 0.25, random.choice((canvas.light, canvas.warm)))
    (x, y), r = canvas.at((0.5, 0.46)), 0.25 * canvas.unit
    start = random.choice((180, 200, 160, 150))
    canvas.pen.pieslice(
        (x - r, y - r, x + r, y + r), start, start + random.choice((150, 180)), fill=canvas.night
    )
    if random.random() < 0.6:  # headphones
        band = 0.27 * canvas.unit
        canvas.pen.arc(
            (x - band, y - band, x + band, y + band),
            180,
            360,
            fill=canvas.accent if random.random() < 0.5 else canvas.warm,
            width=round(0.045 * canvas.unit),
        )
        for side in (-1, 1):
            canvas.disc((0.5 + side * 0.26, 0.48), 0.075, canvas.light)
            canvas.disc((0.5 + side * 0.26, 0.48), 0.045, canvas.accent)
    else:
        for radius in (0.33, 0.38):
            canvas.ring((0.5, 0.46), radius, 0.008, canvas.light)


def nobody(canvas: Canvas) -> None:
    """The picture everybody starts with."""
    canvas.gradient((214, 212, 224), (190, 187, 204))
    canvas.disc((0.5, 0.4), 0.18, (240, 239, 245))
    canvas.disc((0.5, 1.0), 0.36, (240, 239, 245))


Motif = Callable[[Canvas], None]

COVERS: tuple[Motif, ...] = (
    sunset,
    record,
    tiles,
    waves,
    orbs,
    rays,
    skyline,
    dots,
    ribbons,
    contours,
)
BANNERS: tuple[Motif, ...] = (waves, waves, skyline, dots, tiles)
FACES: tuple[Motif, ...] = (rays, totem, tiles, totem, totem, totem)


def _motif(path: str, random: Random) -> Motif:
    match path.partition("/")[0]:
        case "defaults":
            return nobody
        case "profile":
            return random.choice(FACES)
        case "profile_cover":
            return random.choice(BANNERS)
    return random.choice(COVERS)


# Colours and texture


def _rgb(colour: str) -> Rgb:
    red, green, blue = bytes.fromhex(colour)
    return red, green, blue


def _between(colours: Sequence[Rgb], share: float) -> Rgb:
    """The colour `share` of the way along `colours`."""
    if len(colours) == 1:
        return colours[0]
    place = min(max(share, 0.0), 1.0) * (len(colours) - 1)
    first = min(int(place), len(colours) - 2)
    part = place - first
    red, green, blue = (
        round(one + (other - one) * part)
        for one, other in zip(colours[first], colours[first + 1], strict=True)
    )
    return red, green, blue


def _swell(random: Random, height: float, strength: float) -> Iterator[Point]:
    """A wavy line across the picture, from left to right."""
    waves = [
        (random.uniform(0.6, 1.2) * strength / turns, turns * random.uniform(0.8, 1.3))
        for turns in (1, 2, 3)
    ]
    phases = [random.uniform(0, math.tau) for _ in waves]
    for place in range(81):
        x = place / 80
        rise = sum(
            size * math.sin(math.tau * turns * x + phase)
            for (size, turns), phase in zip(waves, phases, strict=True)
        )
        yield x, height + rise


def _grained(image: Image.Image, random: Random) -> Image.Image:
    """A breath of paper: large flat areas look printed rather than computed."""
    if min(image.size) < 100:
        return image
    noise = bytes(118 + byte % 21 for byte in random.randbytes(GRAIN * GRAIN))
    tile = Image.frombytes("L", (GRAIN, GRAIN), noise)
    grain = Image.new("L", image.size)
    for left in range(0, image.width, GRAIN):
        for top in range(0, image.height, GRAIN):
            grain.paste(tile, (left, top))
    return ImageChops.soft_light(image, Image.merge("RGB", (grain, grain, grain)))
