from __future__ import annotations

import json

import pytest


def ask(page, host, method="GET", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    status, _, body = page.request(method, "/api/page", headers={"Host": host, **names})
    return status, body


def test_only_names_of_this_machine_are_answered(served):
    port = served.port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert ask(served, host)[0] == 200, host
    for host in (f"evil.example:{port}", "evil.example", "", f"127.0.0.1.evil.example:{port}"):
        status, body = ask(served, host)
        assert status == 403, host
        assert "does not answer to the name" in json.loads(body)["error"]
    assert ask(served, f"192.168.0.7:{port}")[0] == 403


def test_a_page_for_others_answers_to_addresses_and_the_names_given(serve):
    page = serve(hosts=["studio.example"], any_address=True)
    assert ask(page, "192.168.0.7:80")[0] == 200
    assert ask(page, "[fe80::1]:80")[0] == 200
    assert ask(page, "studio.example")[0] == 200
    assert ask(page, "evil.example")[0] == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_sites_requests_are_refused(served, method):
    host = f"127.0.0.1:{served.port}"
    allowed = 200 if method == "GET" else 405  # this address takes no POST
    assert ask(served, host, method, Origin=f"http://{host}")[0] == allowed
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{served.port + 1}"):
        status, body = ask(served, host, method, Origin=origin)
        assert status == 403, origin
        assert "another site" in json.loads(body)["error"]


def test_a_post_of_another_site_without_an_origin_is_refused(served):
    host = f"127.0.0.1:{served.port}"
    assert ask(served, host, "POST", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(served, host, "POST", Sec_Fetch_Site="same-site")[0] == 403
    assert ask(served, host, "POST", Sec_Fetch_Site="same-origin")[0] == 405


def test_only_what_the_page_needs_is_spoken(served):
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert ask(served, f"127.0.0.1:{served.port}", method)[0] == 405
