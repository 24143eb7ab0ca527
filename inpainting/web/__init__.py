"""A page in the browser: load a photo, paint the hole, see the fill.

    python -m inpainting.web --model places

| file | what it does |
|---|---|
| `__main__` | flags and wiring |
| `app` | the addresses of the page and what each answers |
| `guard` | who may ask, and how much: hosts, origins, size of a request, headers of an answer |
| `envelope` | several binary parts in one request or answer |
| `photos` | files and patches from the browser to arrays and back, within limits |
| `models` | the models of the page: fill, frames, times |
| `coverage` | whether a hole is like those that the model was trained on |
| `samples` | the embedded photographs that the page offers |
| `static/` | the page itself: HTML, CSS and JavaScript modules, with nothing to build |

The server keeps nothing between two requests. The browser has the photo's file, the mask and
what was filled so far, and sends what a request needs; so two tabs cannot mix, a server that was
started again goes on where the other stopped, and nothing is ever written to the disk.
"""
