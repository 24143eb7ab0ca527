"""A server's figures, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """Counters and histograms in a registry of their own, so that two servers don't add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inpainting_requests",
            "Answered requests, by interface, method and status.",
            ("interface", "method", "code"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "inpainting_request_seconds",
            "From a request's arrival to its answer.",
            ("interface", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.samples = Histogram(
            "inpainting_batch_samples",
            "Samples in a computed batch.",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.pixels = Counter(
            "inpainting_pixels", "Pixels that the network saw.", registry=self.registry
        )
        self.in_flight = Gauge(
            "inpainting_requests_in_flight",
            "Requests being read, waiting or being computed.",
            registry=self.registry,
        )
        self.version = Gauge(
            "inpainting_model_version", "The version that is served.", registry=self.registry
        )
        self.failed_loads = Counter(
            "inpainting_model_load_failures",
            "Versions that could not be loaded.",
            registry=self.registry,
        )

    def page(self) -> bytes:
        """All of them, in Prometheus's text format."""
        return generate_latest(self.registry)
