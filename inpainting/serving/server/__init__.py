"""A server of exported models for those without TensorFlow Serving, whose protocols it speaks.

    python -m inpainting.serving.server --model exports/mine

| file | what it does |
|---|---|
| `__main__` | flags and wiring |
| `limits`, `refusal` | what is too much, and how a request is refused |
| `served_model`, `model_folder` | one loaded version; the newest one, watched and swapped |
| `inputs`, `photo_bytes`, `json_format` | from the wire to checked arrays, and back |
| `batcher` | joins waiting requests of one size |
| `service` | a request's way through all of these, whatever it came by |
| `rest_app`, `gate`, `replies`, `grpc_methods` | REST, gRPC and `POST /fill` |
| `access`, `metrics`, `running` | keys; Prometheus figures; start, SIGTERM, stop |

One process, one event loop. Files are decoded in threads, and batches computed in another, so that
health and status are answered while a photo is filled. A request takes hold of a model version
when it starts and keeps it; nothing else is shared between requests.

TensorFlow is imported by `served_model` and those who use it, not by the flags.
"""
