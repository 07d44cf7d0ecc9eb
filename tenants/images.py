"""Pictures that people upload, made harmless: read by content, drawn anew, written as PNG without anything else.

What comes out holds pixels only: no names, places, profiles or appended bytes. SVG can carry scripts and is refused
with everything else that is not PNG, JPEG or WebP.
"""

from __future__ import annotations

import io
import warnings
from typing import IO

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

MAX_BYTES = 512 * 1024
MAX_SIDE = 2000
TOO_LARGE = f"The picture is larger than {MAX_SIDE} pixels on a side. Save it smaller and try again."
FORMATS = ("PNG", "JPEG", "WEBP")
# Three times what the head of a page shows, for dense screens and print.
LOGO_BOX = (480, 160)
ICON_SIZES = (32, 180, 192, 512)
ICON_LEAST = 180
# Apple's home screen paints what is transparent black.
ON_WHITE = {180}


class PictureRefused(ValueError):
    """Why an uploaded picture is not taken, in words for the person who uploaded it."""


def logo_from(file: IO[bytes], size: int) -> bytes:
    """The upload as a PNG that fits `LOGO_BOX`. `size` in bytes. Raises `PictureRefused`."""
    picture = _read(file, size)
    picture.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
    return _png(picture)


def icons_from(file: IO[bytes], size: int) -> dict[int, bytes]:
    """The upload as square PNGs by side length; what is not square gets transparent bars. Raises `PictureRefused`."""
    picture = _read(file, size)
    if max(picture.size) < ICON_LEAST:
        raise PictureRefused(f"The icon is smaller than {ICON_LEAST} pixels. Save it larger and try again.")
    side = max(picture.size)
    square = Image.new("RGBA", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return {each: _icon(square, each) for each in ICON_SIZES}


def drawn_icon(size: int, *, ground: str, ink: str) -> bytes:
    """The sign of the house in a business's colours, for those without an icon of their own."""
    scale = size * 4 / 32
    picture = Image.new("RGBA", (size * 4, size * 4))
    draw = ImageDraw.Draw(picture)
    radius = 0 if size in ON_WHITE else 9 * scale
    draw.rounded_rectangle((0, 0, size * 4 - 1, size * 4 - 1), radius, fill=ground)
    width = round(2.6 * scale)
    for points in (
        [(7, 13.5), (7, 18.5)],
        [(12, 10.5), (12, 21.5)],
        [(17, 13), (17, 19)],
        [(20.5, 16), (26, 16)],
        [(23.4, 13.2), (26.2, 16), (23.4, 18.8)],
    ):
        scaled = [(x * scale, y * scale) for x, y in points]
        draw.line(scaled, fill=ink, width=width, joint="curve")
        for x, y in scaled:  # round ends
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=ink)
    return _png(picture.resize((size, size), Image.Resampling.LANCZOS))


def _icon(square: Image.Image, size: int) -> bytes:
    picture = square.resize((size, size), Image.Resampling.LANCZOS)
    if size in ON_WHITE:
        ground = Image.new("RGBA", picture.size, "#ffffff")
        picture = Image.alpha_composite(ground, picture)
    return _png(picture)


def _read(file: IO[bytes], size: int) -> Image.Image:
    """All pixels, upright, as RGBA. Sizes are judged by the head of the file, before a pixel is unpacked."""
    if size > MAX_BYTES:
        raise PictureRefused("The picture is larger than 512 KB. Save it smaller and try again.")
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                _judge(image)
                upright = ImageOps.exif_transpose(image).convert("RGBA")
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(TOO_LARGE) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        raise PictureRefused("This is not a PNG, JPEG or WebP picture, or it is damaged.") from error
    finally:
        file.seek(0)
    # Pasted, not converted: nothing that the file said about itself comes along.
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    return clean


def _judge(image: Image.Image) -> None:
    if max(image.size) > MAX_SIDE:
        raise PictureRefused(TOO_LARGE)
    if getattr(image, "is_animated", False):
        raise PictureRefused("The picture moves. Save one still picture of it and try again.")


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
